import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";

const SCRIPTS = join(process.cwd(), "constructs/event-store/kurrentdb-scripts");

/** A user as the stub keeps it. */
export interface StubUser {
  password: string;
  groups: readonly string[];
  fullName?: string;
  disabled?: boolean;
}

/** Persistent subscriptions by `stream::group`, with their settings as the server tells them (SubscriptionConfigData). */
export type StubSubscriptions = Record<string, Record<string, string | number | boolean>>;

/** A node as the stub keeps it. */
export interface StubNode {
  /** What it says of itself; undefined: it does not answer. */
  state: string | undefined;
  revision: string;

  /** What Kubernetes says, where that differs from what the node says. */
  ready: boolean | undefined;

  /** Whether it takes part as soon as there is a majority. */
  able: boolean;

  /** States that it passes through, one at each look. */
  coming: string[];

  /** Another one for each pod of the name. */
  uid: number;
  scavenge?: { id: string; looks: number };
}

/** What a stub does differently. */
export interface StubCluster {
  readonly states?: readonly (string | undefined)[];
  readonly revisions?: readonly string[];
  readonly ready?: readonly boolean[];

  /** Pods that never serve again once they were replaced. */
  readonly lost?: readonly number[];

  /** States that a replaced node passes through before it follows. */
  readonly coming?: readonly string[];

  /** Looks at the gossip at which the last node is still behind. */
  readonly behind?: number;

  /** Evictions that the disruption budget refuses first, as a drain uses it up. */
  readonly drained?: number;

  /** Orders after each of which the script is killed, and begun again. */
  readonly kills?: readonly number[];

  /** Scavenges that a restart of their node ends, each after its first look. */
  readonly restarts?: number;

  /** The node that the script is told as its argument. */
  readonly argument?: number;

  /** Milliseconds in which nodes refuse connections, as where network policies begin late. */
  readonly late?: number;

  /** What a scavenge of a node ends with. */
  readonly results?: Readonly<Record<number, string>>;

  /** Whether a leader that resigns goes on leading. */
  readonly stubborn?: boolean;
  readonly users?: Readonly<Record<string, StubUser>>;

  /** Streams that have something already. */
  readonly streams?: readonly string[];

  /** Persistent subscriptions that are there, by stream and group, with what the server says of them. */
  readonly subscriptions?: StubSubscriptions;

  /** Looks at subscriptions at which the server is not ready yet. */
  readonly unready?: number;

  /** The node that is asked for the others; otherwise all are told. */
  readonly seed?: number;

  /** The file into which somebody writes the password of admin, once so many have been turned away. */
  readonly filling?: { readonly file: string; readonly after: number };

  /** Whether the controller has seen the newest StatefulSet. */
  readonly unobserved?: boolean;
}

export interface Ran {
  readonly status: number | null;
  readonly out: readonly string[];
  readonly err: string;

  /** What was ordered of nodes and of Kubernetes, in order, looks left out. */
  readonly orders: readonly string[];

  /** The nodes that were asked for or told anything but gossip. */
  readonly asked: readonly string[];

  /** The fewest nodes that served at any time after an order. */
  readonly fewest: number;
  readonly users: Readonly<Record<string, StubUser>>;
  readonly subscriptions: StubSubscriptions;
}

/** Runs a script with `sh` against a cluster of three nodes, and a Kubernetes API, that only pretend. */
export async function run(script: string, stub: StubCluster = {}, variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const orders: string[] = [];
  const subscriptions: StubSubscriptions = { ...stub.subscriptions };
  let unready = stub.unready ?? 0;
  const asked = new Set<string>();
  const users: Record<string, StubUser> = {
    admin: { password: "admin-1", groups: ["$admins"] },
    ops: { password: "ops-1", groups: ["$ops"] },
    ...stub.users,
  };
  const states = stub.states ?? ["follower", "leader", "follower"];
  const nodes: StubNode[] = states.map((state, index) => ({
    state,
    revision: stub.revisions?.[index] ?? "old",
    ready: stub.ready?.[index],
    able: serves(state),
    coming: [],
    uid: index,
  }));
  const kills = [...(stub.kills ?? [])];
  let [behind, drained, restarts, fewest] = [stub.behind ?? 0, stub.drained ?? 0, stub.restarts ?? 0, nodes.length];
  let child: ChildProcess | undefined;
  const ordered = (order: string) => {
    orders.push(order);
    fewest = Math.min(fewest, nodes.filter(isReady).length);
    if (orders.length === kills[0]) {
      kills.shift();
      child?.kill("SIGKILL");
    }
  };
  const servers: Server[] = [];
  const ports: number[] = [];
  let turnedAway = 0;
  try {
    for (const [index] of nodes.entries())
      ports.push(
        await listen(
          bothProtocols(
            (request, response) => answer(index, request, response),
            (path, authorization, body) => grpc(index, path, authorization, body),
          ),
          servers,
        ),
      );
    const api = await listen(createServer(kubernetes), servers);
    const known =
      stub.seed === undefined
        ? { NODES: ports.map((port) => `http://127.0.0.1:${port}`).join(" ") }
        : { SEED: `http://127.0.0.1:${ports[stub.seed]}` };
    const env = {
      PATH: process.env.PATH,
      ...known,
      POLL: "0",
      CONNECT: "0",
      OPS_PASSWORD: "ops-1",
      ADMIN_PASSWORD: "admin-1",
      SET: "event-store",
      NAMESPACE: "event-store",
      API: `http://127.0.0.1:${api}`,
      TOKEN: "/dev/null",
      RECOVERY: "3",
      PATIENCE: "3",
      LONGEST: "5",
      ...variables,
    };
    if (stub.late) await beginLate(servers.slice(0, nodes.length), ports, stub.late);
    let [status, out, err]: readonly [number | null, string, string] = [null, "", ""];
    while (status === null) {
      const one = stub.argument === undefined ? [] : [`http://127.0.0.1:${ports[stub.argument]}`];
      child = spawn("sh", [join(SCRIPTS, `${script}.sh`), ...one], { env });
      [status, out, err] = await ended(child);
    }
    return {
      status,
      out: out
        .split("\n")
        .filter(Boolean)
        .map((line) => ports.reduce((text, port, index) => text.replace(`http://127.0.0.1:${port}`, `node-${index}`), line)),
      err: ports.reduce((text, port, index) => text.replaceAll(`http://127.0.0.1:${port}`, `node-${index}`), err).trim(),
      orders,
      asked: [...asked].sort(),
      fewest,
      users,
      subscriptions,
    };
  } finally {
    for (const server of servers) server.close();
  }

  function signedIn({ headers }: IncomingMessage): string | undefined {
    const [name = "", password] = Buffer.from((headers.authorization ?? "").replace("Basic ", ""), "base64")
      .toString()
      .split(":");
    return users[name]?.password === password && !users[name]?.disabled ? name : undefined;
  }

  async function answer(index: number, request: IncomingMessage, response: ServerResponse) {
    const node = nodes[index] as StubNode;
    const { method, url = "" } = request;
    const reply = (status: number, body: object | string = "") => {
      response.writeHead(status, { "content-type": "application/json" });
      // As the server writes it: indented.
      response.end(typeof body === "string" ? body : JSON.stringify(body, null, 2));
    };
    if (node.state === undefined) return request.socket.destroy();
    if (url === "/info") {
      return reply(200, {
        dbVersion: "26.0.3",
        state: node.coming.shift() ?? node.state,
        features: { projections: false, atomPub: false },
        authentication: { type: "internal", properties: {} },
      });
    }
    if (url === "/gossip") return reply(200, gossip());
    asked.add(`node-${index}`);
    const user = signedIn(request);
    if (!user) return reply(401, refusal());
    const body = await text(request);
    if (url === "/users/$current") return reply(200, { data: { loginName: user } });
    if (url.startsWith("/subscriptions/")) {
      if (unready-- > 0) return reply(503);
      const [, , stream = "", group = ""] = url.split("/").map(decodeURIComponent);
      const config = subscriptions[`${stream}::${group}`];
      return config ? reply(200, { eventStreamId: stream, groupName: group, config, liveBufferCount: 0 }) : reply(404);
    }
    if (`${method} ${url}` === "GET /users/") {
      const data = Object.entries(users).map(([loginName, { fullName = "", groups, disabled = false }]) => {
        return { loginName, fullName, groups, dateLastUpdated: "2026-11-01T02:00:00Z", disabled, links: [{ href: url, rel: "edit" }] };
      });
      return reply(200, { data, success: true, error: "Success" });
    }
    if (url.startsWith("/users")) {
      const status = usersAnswer(user, `${method} ${url}`, body);
      const found = users[url.slice("/users/".length)];
      return reply(status, found ? { data: { loginName: url.slice(7), disabled: found.disabled ?? false } } : "");
    }
    if (url === "/admin/scavenge/current") return reply(200, current(node));
    if (url === "/admin/scavenge/last") return reply(200, last(index, node));
    // As the server does where it expects no content: any type of it is unknown.
    if (request.headers["content-type"]) return reply(415);
    if (url === "/admin/node/resign" && !stub.stubborn) {
      node.state = "follower";
      (nodes[(index + 1) % nodes.length] as StubNode).state = "leader";
    }
    ordered(`node-${index} ${method} ${url} as ${user}`);
    if (url.startsWith("/admin/scavenge?")) {
      node.scavenge = { id: `scavenge-of-${index}`, looks: 2 };
      return reply(200, { scavengeId: node.scavenge.id, scavengeLink: `/admin/scavenge/${node.scavenge.id}` });
    }
    reply(200);
  }

  /** Members as clients are told of them, of which one is remembered as it was before it was lost. */
  function gossip() {
    behind -= 1;
    const members = nodes.map(({ state }, index) => ({
      instanceId: `00000000-0000-0000-0000-00000000000${index}`,
      state: state === undefined ? "Leader" : state.replace(/^./, (first) => first.toUpperCase()),
      isAlive: state !== undefined,
      internalTcpIp: "10.128.0.1",
      httpEndPointIp: "127.0.0.1",
      httpEndPointPort: ports[index],
      lastCommitPosition: 4000,
      writerCheckpoint: behind >= 0 && index === nodes.length - 1 ? 3999 : 4100,
      esVersion: "26.0.3",
    }));
    return { members, serverIp: "127.0.0.1", serverPort: ports[0] };
  }

  /** Counts who is turned away, and lets somebody act in between. */
  function refusal(): string {
    turnedAway += 1;
    if (stub.filling && turnedAway === stub.filling.after) writeFileSync(stub.filling.file, users.admin?.password ?? "");
    return "";
  }

  function current({ scavenge }: StubNode) {
    return scavenge && scavenge.looks > 0 ? { scavengeId: scavenge.id, scavengeLink: `/admin/scavenge/${scavenge.id}` } : NO_SCAVENGE;
  }

  /** After a restart a node knows of no scavenge, though it goes on with it when it is told to (StorageScavenger). */
  function last(index: number, node: StubNode) {
    const { scavenge } = node;
    if (scavenge && restarts > 0) {
      restarts -= 1;
      delete node.scavenge;
    }
    if (!scavenge || !node.scavenge) return { ...NO_SCAVENGE, scavengeResult: "Unknown" };
    scavenge.looks -= 1;
    const scavengeResult = scavenge.looks > 0 ? "InProgress" : (stub.results?.[index] ?? "Success");
    return { scavengeId: scavenge.id, scavengeLink: `/admin/scavenge/${scavenge.id}`, scavengeResult };
  }

  function usersAnswer(by: string, order: string, body: string): number {
    if (by !== "admin") return 401;
    const login = /\/users\/([^/]+)/.exec(order)?.[1] ?? "";
    if (order.startsWith("GET")) return login in users ? 200 : 404;
    ordered(order);
    const command = /command\/(enable|disable)$/.exec(order)?.[1];
    if (command) {
      (users[login] as StubUser).disabled = command === "disable";
      return 200;
    }
    const said = JSON.parse(body);
    if (order === "POST /users") {
      users[said.loginName] = { password: said.password, groups: said.groups, fullName: said.fullName };
      return 201;
    }
    (users[login] as StubUser).password = said.newPassword;
    return 200;
  }

  function grpc(index: number, path: string, authorization: string | undefined, body: Buffer): { status: string; body: Buffer } {
    asked.add(`node-${index}`);
    const [name, password] = Buffer.from((authorization ?? "").replace("Basic ", ""), "base64")
      .toString()
      .split(":");
    if (users[name ?? ""]?.password !== password) return { status: "7", body: Buffer.alloc(0) };
    if (path.includes("persistent_subscriptions")) return { status: subscribe(path, body), body: Buffer.alloc(0) };
    const stream = /\$\$\$[\w-]+|\$settings/.exec(body.toString("latin1"))?.[0] ?? "";
    const taken = stub.streams?.includes(stream);
    if (!taken) ordered(`append to ${stream}`);
    return { status: "0", body: Buffer.from([0, 0, 0, 0, 2, taken ? 0x12 : 0x0a, 0]) };
  }

  /** As PersistentSubscriptionService has it: 6 where it is there, 5 where it is not. */
  function subscribe(path: string, body: Buffer): string {
    const options = fieldsOf(fieldsOf(body.subarray(5))[1] as Buffer);
    const ofStream = options[4] as Buffer | undefined;
    const stream = ofStream ? String(fieldsOf(fieldsOf(ofStream)[1] as Buffer)[3]) : "$all";
    const key = `${stream}::${options[2]}`;
    const creates = path.endsWith("/Create");
    if (creates === key in subscriptions) return creates ? "6" : "5";
    const settings = fieldsOf(options[3] as Buffer);
    const number = (field: number) => Number(settings[field] ?? 0);
    subscriptions[key] = {
      resolveLinktos: number(1) === 1,
      messageTimeoutMilliseconds: number(14),
      maxRetryCount: number(5),
      liveBufferSize: number(10),
      bufferSize: number(12),
      readBatchSize: number(11),
      checkPointAfterMilliseconds: number(15),
      minCheckPointCount: number(7),
      maxCheckPointCount: number(8),
      maxSubscriberCount: number(9),
      namedConsumerStrategy: creates ? String(settings[16]) : (["DispatchToSingle", "RoundRobin", "Pinned"][number(13)] ?? ""),
    };
    ordered(`${creates ? "create" : "update"} ${key}`);
    return "0";
  }

  async function kubernetes(request: IncomingMessage, response: ServerResponse) {
    const { method, url = "" } = request;
    const [path = ""] = url.split("?");
    const reply = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body, null, 2));
    };
    if (path === "/apis/apps/v1/namespaces/event-store/statefulsets/event-store") {
      return reply(200, {
        metadata: { name: "event-store", generation: 2, managedFields: [{ fieldsV1: { "f:status": { "f:updateRevision": {} } } }] },
        status: { observedGeneration: stub.unobserved ? 1 : 2, currentRevision: "old", updateRevision: "new" },
      });
    }
    const [, ordinal, eviction] = /\/pods\/event-store-(\d)(\/eviction)?$/.exec(path) ?? [];
    const index = Number(ordinal);
    const node = nodes[index];
    if (!node || node.revision === "gone") return reply(404, { kind: "Status" });
    if (eviction) {
      const { kind, metadata, deleteOptions } = JSON.parse(await text(request));
      if (kind !== "Eviction" || metadata.name !== `event-store-${index}`) return reply(400, { kind: "Status" });
      if (deleteOptions.preconditions.uid !== `uid-${node.uid}`) return reply(409, { kind: "Status" });
      drained -= 1;
      // As the budget of one has it: what is not ready may go where all others are, and nothing where two are not.
      const others = nodes.filter((other) => other !== node && !isReady(other));
      if (drained >= 0 || others.length > 0) return reply(429, { kind: "Status", reason: "TooManyRequests" });
      replace(index, node);
      ordered(`evict event-store-${index}`);
      return reply(201, { kind: "Status" });
    }
    if (method === "DELETE") {
      replace(index, node);
      ordered(`delete event-store-${index}`);
      return reply(200, {});
    }
    reply(200, {
      metadata: {
        name: `event-store-${index}`,
        uid: `uid-${node.uid}`,
        labels: { "controller-revision-hash": node.revision },
        managedFields: [{ fieldsV1: { "f:controller-revision-hash": {} } }],
      },
      status: {
        conditions: [{ type: "Ready", status: isReady(node) ? "True" : "False" }],
        containerStatuses: [{ name: "kurrentdb", ready: isReady(node) }],
      },
    });
  }

  function replace(index: number, node: StubNode): void {
    const able = !stub.lost?.includes(index);
    const coming = able ? [...(stub.coming ?? [])] : [];
    Object.assign(node, { revision: "new", ready: undefined, able, coming, state: able ? "unknown" : undefined, uid: node.uid + 10 });
    elect();
  }

  /** A majority of those that can take part has a leader; fewer know of none. */
  function elect(): void {
    const able = nodes.filter((node) => node.able);
    const elected = able.length > nodes.length / 2 ? (able.find(({ state }) => state === "leader") ?? able[0]) : undefined;
    for (const node of able) node.state = elected ? (node === elected ? "leader" : "follower") : "unknown";
  }
}

function serves(state: string | undefined): boolean {
  return state === "leader" || state === "follower";
}

function isReady({ ready, state, coming }: StubNode): boolean {
  return ready ?? (serves(state) && coming.length === 0);
}

/** The fields of a message, the last of each number: numbers, and bytes of what has a length (Protocol Buffers, encoding). */
function fieldsOf(bytes: Buffer): Record<number, number | Buffer> {
  const fields: Record<number, number | Buffer> = {};
  let at = 0;
  const varint = (): number => {
    let [value, shift, byte] = [0, 1, 0x80];
    while (byte & 0x80) {
      byte = bytes[at++] as number;
      value += (byte & 0x7f) * shift;
      shift *= 128;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    const long = tag % 8 === 2;
    fields[Math.floor(tag / 8)] = long ? bytes.subarray(at, at + value) : value;
    if (long) at += value;
  }
  return fields;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** HTTP/1 for what is ordered, HTTP/2 for what is appended, on one port as at the server. */
function bothProtocols(
  handler: Handler,
  grpc: (path: string, authorization: string | undefined, body: Buffer) => { status: string; body: Buffer },
): Server {
  const first = createServer((request, response) => void handler(request, response));
  const second = createHttp2Server();
  second.on("stream", (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      const { status, body } = grpc(String(headers[":path"]), headers.authorization, Buffer.concat(parts));
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end(body);
    });
  });
  return createTcpServer((socket) => {
    socket.once("data", (begin) => {
      socket.pause();
      socket.unshift(begin);
      (begin.toString("latin1").startsWith("PRI ") ? second : first).emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
    socket.on("error", () => {});
  });
}

function listen(server: Server, servers: Server[]): Promise<number> {
  servers.push(server);
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

/** Has servers refuse connections at first, on the ports that they have. */
async function beginLate(servers: readonly Server[], ports: readonly number[], late: number): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  setTimeout(() => {
    for (const [index, server] of servers.entries()) server.listen(ports[index], "127.0.0.1");
  }, late);
}

const NO_SCAVENGE = { scavengeId: "00000000-0000-0000-0000-000000000000", scavengeLink: "" };

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function ended(child: ChildProcess): Promise<readonly [number | null, string, string]> {
  const said = { out: "", err: "" };
  child.stdout?.on("data", (part) => (said.out += part));
  child.stderr?.on("data", (part) => (said.err += part));
  return new Promise((resolve) => child.on("close", (status) => resolve([status, said.out, said.err])));
}
