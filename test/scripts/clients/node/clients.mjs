// Connects with one client, by nothing but the variables of a pod, and prints its version.
import { createRequire } from "node:module";

const { DATABASE_URL, SQL_URL, REDIS_URL, NATS_SERVERS, NATS_USER, NATS_PASSWORD } = process.env;

// With "tls" it refuses a server that asks for none.
const nats = { servers: NATS_SERVERS, user: NATS_USER, pass: NATS_PASSWORD, tls: {}, reconnect: false };

const clients = {
  async pg() {
    const { Client } = (await import("pg")).default;
    const client = new Client(DATABASE_URL);
    await client.connect();
    await client.query("select 1");
    await client.end();
  },
  async "@prisma/adapter-pg"() {
    const { PrismaPg } = await import("@prisma/adapter-pg");
    const adapter = await new PrismaPg({ connectionString: DATABASE_URL }).connect();
    await adapter.queryRaw({ sql: "select 1", args: [], argTypes: [] });
    await adapter.dispose();
  },
  async postgres() {
    const sql = (await import("postgres")).default(SQL_URL);
    await sql`select 1`;
    await sql.end();
  },
  async ioredis() {
    const { Redis } = await import("ioredis");
    const client = new Redis(REDIS_URL, { retryStrategy: null });
    const failed = new Promise((_, reject) => client.on("error", reject));
    await Promise.race([client.ping(), failed]);
    client.disconnect();
  },
  async redis() {
    const { createClient } = await import("redis");
    const client = createClient({ url: REDIS_URL, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    await client.ping();
    await client.close();
  },
  async nats() {
    const { connect } = await import("nats");
    const connection = await connect(nats);
    await connection.flush();
    await connection.close();
  },
  async "@nats-io/transport-node"() {
    const { connect } = await import("@nats-io/transport-node");
    const connection = await connect(nats);
    await connection.flush();
    await connection.close();
  },
};

const [name] = process.argv.slice(2);
try {
  await clients[name]();
  const { version } = createRequire(import.meta.url)(`./node_modules/${name}/package.json`);
  console.log(`${version} on Node ${process.versions.node}`);
  process.exit(0);
} catch (error) {
  for (let cause = error; cause; cause = cause.cause) console.log(cause.message, cause.code ?? cause.reason ?? "");
  process.exit(1);
}
