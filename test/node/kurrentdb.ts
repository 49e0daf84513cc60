/**
 * A stand-in for KurrentDB in a container: one node with the server's settings by their environment variables, its TLS, users
 * and rights, streams over HTTP, and what backups and restores ask over gRPC. What is acknowledged is on the volume before. It has no
 * replication and no projections of its own.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { StoredEvent } from "../../constructs/event-store/stream-backup/store";
import { Frames, frame, Message } from "../../constructs/event-store/stream-backup/wire";
import { StreamLog } from "../scripts/kurrentdb-protocol";
import { credentials, StreamsApi, type StubEvent } from "../scripts/kurrentdb-streams";

interface User {
  password: string;
  readonly groups: readonly string[];
  readonly fullName: string;
  disabled: boolean;
}

/** A line of the journal: an event with its bytes in base64 and its numbers as text, or a user. */
type Entry =
  | {
      readonly kind: "event";
      readonly event: Omit<StoredEvent, "revision" | "position" | "data" | "metadata"> & {
        readonly revision: string;
        readonly position: string;
        readonly data: string;
        readonly metadata: string;
      };
    }
  | { readonly kind: "user"; readonly name: string; readonly user: User };

const { env } = process;
const directory = env.KURRENTDB_DB ?? "/var/lib/kurrentdb";

/** Neither TLS nor users: everybody may do everything. */
const isInsecure = env.KURRENTDB_INSECURE === "true";
const users = new Map<string, User>([
  ["admin", { password: env.KURRENTDB_DEFAULT_ADMIN_PASSWORD ?? "", groups: ["$admins"], fullName: "admin", disabled: false }],
  ["ops", { password: env.KURRENTDB_DEFAULT_OPS_PASSWORD ?? "", groups: ["$ops"], fullName: "ops", disabled: false }],
]);
const log = new StreamLog();
const streams = new StreamsApi(access, (stream, events) => log.apply(stream, events.map(proposed)));
const journal = replayed(join(directory, "journal"));
let scavenges = 0;
log.stored = ({ revision, position, data, metadata, ...event }) =>
  write({
    kind: "event",
    event: {
      ...event,
      revision: String(revision),
      position: String(position.commit),
      data: data.toString("base64"),
      metadata: metadata.toString("base64"),
    },
  });

function write(entry: Entry): void {
  writeSync(journal, `${JSON.stringify(entry)}\n`);
  fsyncSync(journal);
}

/** Opens the journal, after everything in it has been taken in. A line that a crash cut off was never acknowledged. */
function replayed(path: string): number {
  mkdirSync(directory, { recursive: true });
  if (existsSync(path)) {
    const text = readFileSync(path, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    truncateSync(path, Buffer.byteLength(whole));
    for (const line of whole.split("\n").filter(Boolean)) take(JSON.parse(line));
  }
  return openSync(path, "a");
}

function take(entry: Entry): void {
  if (entry.kind === "user") {
    users.set(entry.name, entry.user);
    return;
  }
  const { revision, position, data, metadata, ...event } = entry.event;
  const [at, bytes] = [BigInt(position), (text: string) => Buffer.from(text, "base64")];
  const stored = {
    ...event,
    revision: BigInt(revision),
    position: { commit: at, prepare: at },
    data: bytes(data),
    metadata: bytes(metadata),
  };
  log.take(stored);
  show(stored);
}

/** An event that came over HTTP, as it is stored. */
const proposed = ({ id, type, data }: StubEvent) => ({
  id,
  type,
  json: true,
  data: Buffer.from(JSON.stringify(data)),
  metadata: Buffer.alloc(0),
});

/** An event that did not come over HTTP, for those who read over it. */
function show({ stream, id, type, json, data, created }: StoredEvent): void {
  const events = streams.streams.get(stream) ?? [];
  const updated = new Date(Number(BigInt(created) / 10_000n)).toISOString();
  events.push({ id, type, data: json ? JSON.parse(String(data)) : String(data), updated });
  streams.streams.set(stream, events);
}

function signedIn(name: string, password: string | undefined): User | undefined {
  const user = users.get(name);
  return user && user.password === password && !user.disabled ? user : undefined;
}

/** Until `$settings` says otherwise, only administrators read and append. */
function access(name: string, password: string | undefined): { readonly appends: boolean } | undefined {
  if (isInsecure) return { appends: true };
  const groups = signedIn(name, password)?.groups ?? [];
  if (groups.includes("$admins")) return { appends: true };
  const granted = streams.streams.has("$settings") && (groups.includes("commands") || groups.includes("subscriptions"));
  return granted ? { appends: groups.includes("commands") } : undefined;
}

const host = env.KURRENTDB_NODE_HOST_ADVERTISE_AS ?? "localhost";

/** What anybody may ask. */
const PUBLIC: Readonly<Record<string, () => object>> = {
  "/info": () => ({ dbVersion: "26.0.3", state: "leader", features: { projections: false, atomPub: true } }),
  "/gossip": () => ({ members: [{ state: "Leader", isAlive: true, httpEndPointIp: host, httpEndPointPort: 2113 }] }),
  "/health/live": () => ({}),
};

/** What a node that leads says of itself, as far as it has what is measured. */
const METRICS = `# TYPE kurrentdb_statuses gauge
kurrentdb_statuses{name="Node",status="Leader"} 1
`;

const CALLS = "/event_store.client.streams.Streams/";

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "" } = request;
  const reply = (status: number, body: object = {}) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body, null, 2));
  const open = PUBLIC[url];
  if (open) return void reply(200, open());
  if (url.startsWith("/streams/")) return streams.answer(request, response);
  const { user, password } = credentials(request.headers.authorization);
  if (url.startsWith(CALLS)) return call(url.slice(CALLS.length), user, access(user, password), await bodyOf(request), response);
  const known = signedIn(user, password);
  if (!known) return void reply(401);
  const body = await bodyOf(request);
  if (url === "/metrics") return void response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(METRICS);
  if (url === "/users/$current") return void reply(200, { data: { loginName: user } });
  if (url === "/admin/reloadconfig") return void reply(200);
  // None ever runs: it has ended when it is asked for.
  if (url === "/admin/scavenge/current") return void reply(200, { scavengeId: "", scavengeLink: "" });
  if (url.startsWith("/admin/scavenge")) {
    const scavengeId = `scavenge-${method === "POST" ? ++scavenges : scavenges}`;
    return void reply(200, {
      scavengeId,
      scavengeLink: `/admin/scavenge/${scavengeId}`,
      scavengeResult: scavenges ? "Success" : "Unknown",
    });
  }
  if (!url.startsWith("/users")) return void reply(404);
  if (!known.groups.includes("$admins")) return void reply(401);
  if (method === "GET") return void told(url.slice("/users/".length), reply);
  reply(ordered(url, body.toString()));
}

function told(name: string, reply: (status: number, body?: object) => unknown): unknown {
  const shown = (loginName: string, { fullName, groups, disabled }: User) => ({ loginName, fullName, groups, disabled });
  if (name === "") return reply(200, { data: [...users].map(([each, user]) => shown(each, user)), success: true });
  const user = users.get(name);
  return user ? reply(200, { data: shown(name, user) }) : reply(404);
}

function ordered(url: string, body: string): number {
  const [, , name = "", , command] = url.split("/");
  const said = body ? JSON.parse(body) : {};
  const user = users.get(name);
  if (!name) {
    keepUser(said.loginName, { password: said.password, groups: said.groups, fullName: said.fullName, disabled: false });
    return 201;
  }
  if (!user) return 404;
  keepUser(name, command === "reset-password" ? { ...user, password: said.newPassword } : { ...user, disabled: command === "disable" });
  return 200;
}

function keepUser(name: string, user: User): void {
  users.set(name, user);
  write({ kind: "user", name, user });
}

/** A call of gRPC: what is asked of the log, for those who may. */
function call(method: string, user: string, may: ReturnType<typeof access>, body: Buffer, response: ServerResponse): void {
  const request = new Frames().push(body).map((message) => new Message(message));
  const stream = method === "Read" ? "" : (request[0]?.message(1).message(1).text(3) ?? "");
  // Only administrators write what belongs to the system.
  const isAdministrator = isInsecure || users.get(user)?.groups.includes("$admins");
  const refused = !may ? "16" : method !== "Read" && (!may.appends || (stream.startsWith("$") && !isAdministrator)) ? "7" : undefined;
  const type = { "content-type": "application/grpc" };
  if (refused) {
    response.writeHead(200, { ...type, "grpc-status": refused }).end();
    return;
  }
  const known = log.log.length;
  const { messages, trailers } = log.answer(method, request);
  for (const event of log.log.slice(known)) show(event);
  streams.wake();
  response.writeHead(200, type);
  for (const message of messages) response.write(frame(message));
  response.addTrailers(trailers);
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Requests of both protocols are of the same shape. */
function handle(request: unknown, response: unknown): void {
  const [asked, answered] = [request as IncomingMessage, response as ServerResponse];
  answer(asked, answered).catch((error) => answered.writeHead(500).end(String(error)));
}

/** Both protocols on one port, without TLS: which it is, a client says first. */
function plainServer(): Server {
  const [one, two] = [createHttpServer(handle), createHttp2Server(handle)];
  return createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (!first) return;
      socket.unshift(first);
      (first.toString("latin1").startsWith("PRI ") ? two : one).emit("connection", socket);
    });
  });
}

function secureServer() {
  const [key, cert] = [env.KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE, env.KURRENTDB_CERTIFICATE_FILE].map((file) => readFileSync(file ?? ""));
  return createSecureServer({ allowHTTP1: true, key, cert }, handle);
}

const server = isInsecure ? plainServer() : secureServer();
server.listen(2113, env.KURRENTDB_NODE_IP ?? "0.0.0.0", () => console.log(JSON.stringify({ message: "a stand-in for KurrentDB listens" })));
process.once("SIGTERM", () => {
  streams.wake();
  closeSync(journal);
  process.exit(0);
});
