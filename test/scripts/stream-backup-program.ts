import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { StoredEvent } from "../../constructs/event-store/stream-backup/store";
import type { LogStub } from "./kurrentdb-log";
import type { S3 } from "./s3";

/** The file that the ConfigMap holds, for a store of KurrentDB or PostgreSQL. */
const programFor = (url: string) =>
  join(__dirname, `../../constructs/event-store/${url.startsWith("postgres") ? "postgres-" : ""}stream-backup.mjs`);
const BUN = join(process.cwd(), "node_modules/.bin/bun");

export interface Ran {
  /** Null if it was killed. */
  readonly code: number | null;
  readonly lines: readonly Record<string, unknown>[];
  readonly text: string;
}

/** A store of events, with which a test may be able to interfere. */
type Source = Pick<LogStub, "url"> & Partial<Pick<LogStub, "interfere">>;

/** The program with a store and a bucket, as its container runs it. */
export class Program {
  private child: ChildProcess | undefined;

  constructor(
    private readonly store: Source,
    private readonly s3: S3,
    private readonly bucket: string,
    private readonly more: Readonly<Record<string, string>> = {},
  ) {}

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const all = { EVENT_STORE_URL: this.store.url("restorer"), ...this.s3.env(this.bucket), OBJECT_SIZE: "5000", ...this.more, ...env };
    const child = spawn(BUN, ["--smol", programFor(all.EVENT_STORE_URL), ...args], { env: all, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += data));
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    const lines = text.split("\n").filter((line) => line.startsWith("{"));
    return { code, text, lines: lines.map((line) => JSON.parse(line)) };
  }

  kill(): void {
    this.child?.kill("SIGKILL");
  }

  /** Runs a command, and kills it at a moment: after so many requests to the store and to the bucket have arrived or were applied. */
  async killed(args: readonly string[], after: number): Promise<Ran> {
    let count = 0;
    const interfere = async () => {
      if (++count !== after) return;
      const ended = new Promise((resolve) => this.child?.on("exit", resolve));
      this.child?.kill("SIGKILL");
      await ended;
    };
    [this.store.interfere, this.s3.interfere] = [interfere, interfere];
    try {
      return await this.run(args);
    } finally {
      [this.store.interfere, this.s3.interfere] = [() => {}, () => {}];
    }
  }
}

/** Users of the store: one that only reads, and one that may do anything. */
export const USERS = {
  reader: { password: "reads:only?", appends: false },
  restorer: { password: "may/append", appends: true },
};

/** Events that must be the same after a restore, by stream and in order. A deletion gets a new ID from the server. */
export function contents(events: readonly StoredEvent[]): Readonly<Record<string, readonly unknown[]>> {
  const streams: Record<string, unknown[]> = {};
  for (const { stream, revision, id, type, json, data, metadata } of events) {
    if (/^\$(?!\$[^$])/.test(stream) || type === "$stream-backup-gap") continue;
    const identity = type === "$streamDeleted" ? [] : [revision, id];
    streams[stream] = [...(streams[stream] ?? []), [...identity, type, json, data.toString("hex"), metadata.toString("hex")]];
  }
  return streams;
}

/** IDs of events of user streams in the order of `$all`. */
export function order(events: readonly StoredEvent[]): readonly string[] {
  return events.filter(({ stream, type }) => !stream.startsWith("$") && !type.startsWith("$")).map(({ id }) => id);
}

/** Repeatable random whole numbers below a bound. */
export function randomly(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Appends events like a system of orders: several streams, text and bytes, metadata, and system events between them. */
export function load(store: LogStub, events: number, random: (bound: number) => number): void {
  for (let index = 0; index < events; index++) {
    const stream = ["order-1", "order-2", "客户-ü", "account 7/8"][random(4)] as string;
    const data = Buffer.from(Array.from({ length: random(60) }, () => random(256)));
    if (random(8) === 0) store.write("$ce-order", { type: "$>", json: false, data: Buffer.from(`${index}@${stream}`) });
    store.write(stream, { type: `Type${random(5)}`, json: random(2) === 0, data, metadata: Buffer.from(random(3) ? "" : '{"user":1}') });
  }
}
