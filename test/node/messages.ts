/**
 * Publishes numbered messages, or reads them, as a workload that uses a broker: run by node in a pod, with nothing but the variables
 * that the platform gives it. Prints a line of JSON every second with the numbers that were acknowledged since the last one.
 */
import { readFileSync } from "node:fs";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";

const STREAM = "notices";
const CONSUMER = "subscriber";

/** Milliseconds between two messages, and for each try. */
const [PAUSE_MS, PATIENCE_MS] = [100, 5000];

/** Messages that come without a pause after SIGUSR2, so many at once: more than readers keep up with. */
const BACKLOG = { messages: 10_000, atOnce: 200 } as const;

const { HOSTNAME, NATS_CA = "", NATS_URL = "" } = process.env;
const [role] = process.argv.slice(2);
const { hostname, port, username, password } = new URL(NATS_URL);

let numbers: string[] = [];
setInterval(() => {
  console.log(JSON.stringify(numbers));
  numbers = [];
}, 1000);
process.once("SIGTERM", () => process.exit(0));

const say = (error: unknown) => console.error(String(error));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Tries again until it succeeds: whatever is lost comes back. */
async function insisted<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      say(error);
      await pause(500);
    }
  }
}

async function main(): Promise<void> {
  const connection = await insisted(() =>
    connect({
      servers: `${hostname}:${port}`,
      user: username,
      pass: decodeURIComponent(password),
      tls: { ca: readFileSync(NATS_CA, "utf8") },
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
    }),
  );
  const manager = await insisted(() => jetstreamManager(connection, { timeout: PATIENCE_MS }));
  await insisted(() => manager.streams.add({ name: STREAM, subjects: [`${STREAM}.>`], num_replicas: 3 }));
  const stream = jetstream(connection, { timeout: PATIENCE_MS });
  if (role === "publish") {
    let ahead = 0;
    process.on("SIGUSR2", () => {
      ahead += BACKLOG.messages;
    });
    const publish = async (id: string) => {
      // The server knows a message that it has already by its id.
      await insisted(() => stream.publish(`${STREAM}.placed`, id, { msgID: id, timeout: PATIENCE_MS }));
      numbers.push(id);
    };
    for (let number = 0; ; ) {
      const count = ahead > 0 ? BACKLOG.atOnce : 1;
      await Promise.all(Array.from({ length: count }, () => publish(`${HOSTNAME}-${++number}`)));
      if (ahead > 0) ahead -= count;
      else await pause(PAUSE_MS);
    }
  }
  await insisted(() =>
    manager.consumers.add(STREAM, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(PATIENCE_MS),
      num_replicas: 3,
    }),
  );
  const handled = new Set<string>();
  for (;;) {
    await insisted(async () => {
      const consumer = await stream.consumers.get(STREAM, CONSUMER);
      for await (const message of await consumer.fetch({ max_messages: 50, expires: 1000 })) {
        const id = message.string();
        // Handled before it is acknowledged: when the answer to that is lost, the server does not deliver it again. What comes again is told
        // by its place in the stream, so that a message that is stored twice counts twice.
        const delivered = `${message.seq} ${id}`;
        if (!handled.has(delivered)) numbers.push(id);
        handled.add(delivered);
        await message.ackAck({ timeout: PATIENCE_MS });
      }
    });
  }
}

main();
