/**
 * A stand-in for KurrentDB in a container: one node with the server's settings by their environment variables, its TLS, users
 * and rights, and streams over HTTP. What is acknowledged is on the volume before. It has no replication, no projections of
 * its own and no gRPC but the appends by which rights are given.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { join } from "node:path";
import { credentials, StreamsApi, type StubEvent } from "../scripts/kurrentdb-streams";

interface User {
  password: string;
  readonly groups: readonly string[];
  readonly fullName: string;
  disabled: boolean;
}

/** A line of the journal. */
type Entry =
  | { readonly kind: "events"; readonly stream: string; readonly events: readonly StubEvent[] }
  | { readonly kind: "user"; readonly name: string; readonly user: User }
  | { readonly kind: "grant"; readonly stream: string };

const { env } = process;
const directory = env.KURRENTDB_DB ?? "/var/lib/kurrentdb";
const users = new Map<string, User>([
  ["admin", { password: env.KURRENTDB_DEFAULT_ADMIN_PASSWORD ?? "", groups: ["$admins"], fullName: "admin", disabled: false }],
  ["ops", { password: env.KURRENTDB_DEFAULT_OPS_PASSWORD ?? "", groups: ["$ops"], fullName: "ops", disabled: false }],
]);
const grants = new Set<string>();
const streams = new StreamsApi(access, (stream, events) => write({ kind: "events", stream, events }));
const journal = replayed(join(directory, "journal"));
let scavenges = 0;

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
  if (entry.kind === "user") users.set(entry.name, entry.user);
  else if (entry.kind === "grant") grants.add(entry.stream);
  else {
    const events = streams.streams.get(entry.stream) ?? [];
    events.push(...entry.events);
    streams.streams.set(entry.stream, events);
  }
}

function signedIn(name: string, password: string | undefined): User | undefined {
  const user = users.get(name);
  return user && user.password === password && !user.disabled ? user : undefined;
}

/** Until `$settings` says otherwise, only administrators read and append. */
function access(name: string, password: string | undefined): { readonly appends: boolean } | undefined {
  const groups = signedIn(name, password)?.groups ?? [];
  if (groups.includes("$admins")) return { appends: true };
  const granted = grants.has("$settings") && (groups.includes("commands") || groups.includes("subscriptions"));
  return granted ? { appends: groups.includes("commands") } : undefined;
}

const host = env.KURRENTDB_NODE_HOST_ADVERTISE_AS ?? "localhost";

/** What anybody may ask. */
const PUBLIC: Readonly<Record<string, () => object>> = {
  "/info": () => ({ dbVersion: "26.0.3", state: "leader", features: { projections: false, atomPub: true } }),
  "/gossip": () => ({ members: [{ state: "Leader", isAlive: true, httpEndPointIp: host, httpEndPointPort: 2113 }] }),
  "/health/live": () => ({}),
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "" } = request;
  const reply = (status: number, body: object = {}) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body, null, 2));
  const open = PUBLIC[url];
  if (open) return void reply(200, open());
  if (url.startsWith("/streams/")) return streams.answer(request, response);
  const { user, password } = credentials(request.headers.authorization);
  const known = signedIn(user, password);
  if (!known) return void reply(401);
  const body = await bodyOf(request);
  if (url.startsWith("/event_store.client.streams.Streams/Append")) return grant(known, body, response);
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

/** Appends rights to a stream unless it has some: 0x0a says appended, 0x12 that the expectation was wrong. */
function grant(user: User, body: Buffer, response: ServerResponse): void {
  const stream = /\$\$\$[\w-]+|\$settings/.exec(body.toString("latin1"))?.[0] ?? "";
  const allowed = user.groups.includes("$admins");
  const taken = grants.has(stream);
  if (allowed && !taken) {
    grants.add(stream);
    write({ kind: "grant", stream });
  }
  response.writeHead(200, { "content-type": "application/grpc" });
  if (allowed) response.write(Buffer.from([0, 0, 0, 0, 2, taken ? 0x12 : 0x0a, 0]));
  response.addTrailers({ "grpc-status": allowed ? "0" : "7" });
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const server = createSecureServer(
  {
    allowHTTP1: true,
    key: readFileSync(env.KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE ?? ""),
    cert: readFileSync(env.KURRENTDB_CERTIFICATE_FILE ?? ""),
  },
  (request, response) => {
    // Both protocols' requests are of this shape.
    const [asked, answered] = [request as unknown as IncomingMessage, response as unknown as ServerResponse];
    answer(asked, answered).catch((error) => answered.writeHead(500).end(String(error)));
  },
);
server.listen(2113, env.KURRENTDB_NODE_IP ?? "0.0.0.0", () => console.log(JSON.stringify({ message: "a stand-in for KurrentDB listens" })));
process.once("SIGTERM", () => {
  streams.wake();
  closeSync(journal);
  process.exit(0);
});
