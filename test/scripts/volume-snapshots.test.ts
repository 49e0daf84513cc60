import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Snapshots } from "../../constructs/event-store/volume-snapshots/api";
import { Nodes } from "../../constructs/event-store/volume-snapshots/nodes";
import { snapshot } from "../../constructs/event-store/volume-snapshots/snapshot";
import { scripts } from "./server";

jest.setTimeout(60_000);

const PROGRAM = join(scripts, "event-store/volume-snapshots.mjs");
const SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/event-store/volumesnapshots";
const CLASS = "event-store-locked";
const DAY = 86_400_000;

interface Ran {
  readonly status: number;
  readonly [field: string]: unknown;
}

interface Made {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly source: { readonly persistentVolumeClaimName: string } };
  status?: { readyToUse: boolean; creationTime?: string; restoreSize?: string; error?: { message: string } };
}

/** Three nodes of KurrentDB, and what of the Kubernetes API and of its snapshot controller makes snapshots. */
class World {
  roles: (string | undefined)[] = ["follower", "leader", "follower"];
  positions = [4100, 4100, 4100];

  /** Name of the nodes, and name by which clients elsewhere know them. */
  host = "127.0.0.1";
  outside = "127.0.0.1";
  snapshots: Made[] = [];
  readonly calls: string[] = [];

  /** Status of each new snapshot, one at each look. */
  becoming: Made["status"][] = [
    { readyToUse: false, creationTime: "2026-11-29T02:00:01Z" },
    { readyToUse: true, creationTime: "2026-11-29T02:00:01Z", restoreSize: "100Gi" },
  ];
  onCall: (call: string) => number | undefined = () => undefined;
  private readonly servers: Server[] = [];

  has(age: number, ordinal = 2, readyToUse = true): string {
    const name = `event-store-${age}`;
    const creationTimestamp = new Date(Date.now() - age).toISOString();
    this.snapshots.push({ metadata: { name, creationTimestamp }, spec: source(ordinal), status: { readyToUse } });
    return name;
  }

  /** Runs the program, as the job does. */
  async program(changes: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return this.serve(async (nodes, api, token) => {
      const env = {
        PATH: process.env.PATH ?? "",
        NODES: nodes.join(),
        STORE: "event-store",
        NAMESPACE: "event-store",
        CLASS,
        KEEP: "604800",
      };
      const child = spawn(process.execPath, [PROGRAM], { env: { ...env, API: api, TOKEN: token, PAUSE: "20", ...changes } });
      let out = "";
      child.stdout.on("data", (part) => (out += part));
      child.stderr.on("data", (part) => (out += part));
      const status = await new Promise((resolve) => child.on("close", resolve));
      return { status, ...JSON.parse(out) };
    });
  }

  /** Does the same without a process. */
  async run({ timeout = 2 } = {}): Promise<Ran> {
    return this.serve(async (nodes, url, token) => {
      const snapshots = new Snapshots({
        api: { url, ca: undefined, token },
        namespace: "event-store",
        store: "event-store",
        className: CLASS,
      });
      const addresses = nodes.map((node) => new URL(`http://${node}`));
      const [size, store, keep] = [nodes.length, "event-store", 604_800];
      const waits = { patience: 1, timeout, pause: 20, now: Date.now };
      return snapshot({ nodes: new Nodes({ addresses, ca: undefined }), snapshots, size, store, keep, ...waits }).then(
        (result) => ({ status: 0, message: "made", ...result }),
        ({ message: error }: Error) => ({ status: 1, message: "failed", error }),
      );
    });
  }

  private async serve(act: (nodes: readonly string[], api: string, token: string) => Promise<Ran>): Promise<Ran> {
    const directory = mkdtempSync(join(tmpdir(), "volume-snapshots-"));
    const token = join(directory, "token");
    writeFileSync(token, "a-token\n");
    try {
      const ports: number[] = [];
      for (const [index] of this.roles.entries()) {
        ports.push(await this.listen((request, response) => this.node(index, ports, request, response)));
      }
      const api = await this.listen((request, response) => void this.api(request, response));
      return await act(
        ports.map((port) => `${this.host}:${port}`),
        `http://127.0.0.1:${api}`,
        token,
      );
    } finally {
      for (const server of this.servers.splice(0)) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(directory, { recursive: true });
    }
  }

  get created(): readonly Made[] {
    return this.snapshots.filter(({ metadata }) => metadata.annotations);
  }

  private async listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
    const server = createServer(handler);
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  private node(index: number, ports: readonly number[], { url, headers }: IncomingMessage, response: ServerResponse): void {
    const state = this.roles[index];
    if (state === undefined || headers.authorization) return void response.destroy();
    if (url === "/info") return void response.end(JSON.stringify({ dbVersion: "26.0.3", state }));
    const members = ports.map((port, ordinal) => ({
      state: this.roles[ordinal]?.replace(/^./, (first) => first.toUpperCase()),
      isAlive: this.roles[ordinal] !== undefined,
      httpEndPointIp: this.outside,
      httpEndPointPort: port,
      writerCheckpoint: this.positions[ordinal],
    }));
    response.end(JSON.stringify({ members }));
  }

  private async api(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    let body = "";
    for await (const part of request) body += part;
    const reply = (status: number, content: object) => response.writeHead(status).end(JSON.stringify(content));
    const [path = "", query = ""] = url.split("?");
    const name = path.slice(SNAPSHOTS.length + 1);
    const call = `${method} ${name || "all"}`;
    this.calls.push(call);
    if (headers.authorization !== "Bearer a-token" || !path.startsWith(SNAPSHOTS)) return void reply(403, { message: "forbidden" });
    const refused = this.onCall(call);
    if (refused) return void reply(refused, { message: "is refused" });
    const found = this.snapshots.find(({ metadata }) => metadata.name === name);
    if (method === "POST") {
      const made = JSON.parse(body);
      this.snapshots.push({ ...made, metadata: { ...made.metadata, creationTimestamp: new Date().toISOString() } });
      return void reply(201, made);
    }
    if (!name) {
      expect(decodeURIComponent(query)).toBe("labelSelector=app.kubernetes.io/name=event-store,app.kubernetes.io/component=snapshot");
      return void reply(200, { items: this.snapshots });
    }
    if (!found) return void reply(404, { message: `${name} not found` });
    if (method === "DELETE") this.snapshots = this.snapshots.filter((one) => one !== found);
    else if (found.metadata.annotations && this.becoming.length > 0) {
      const status = this.becoming.length > 1 ? this.becoming.shift() : this.becoming[0];
      if (status) found.status = status;
    }
    reply(200, found);
  }
}

const source = (ordinal: number) => ({ source: { persistentVolumeClaimName: `data-event-store-${ordinal}` } });

describe("a snapshot of the volume of a KurrentDB", () => {
  it("is of a follower that has every event of the leader, and is ready at the end", async () => {
    const world = new World();
    const { status, message, snapshot, position, made, restoreSize, deleted } = await world.program();
    expect({ status, message, position, made, restoreSize, deleted }).toEqual({
      status: 0,
      message: "made",
      position: 4100,
      made: "2026-11-29T02:00:01Z",
      restoreSize: "100Gi",
      deleted: [],
    });
    expect(snapshot).toMatch(/^event-store-\d{8}t\d{6}z$/);
    expect(world.created).toMatchObject([
      {
        metadata: { name: snapshot, annotations: { "cdktf-cqrs/position": "4100" } },
        spec: { volumeSnapshotClassName: CLASS, ...source(2) },
      },
    ]);
  });

  it("is of the same volume as the last one, of which storage then keeps only changes", async () => {
    const world = new World();
    world.has(DAY, 0);
    world.has(2 * DAY, 2);
    expect(await world.run()).toMatchObject({ status: 0, claim: "data-event-store-0" });
  });

  it.each<[string, (world: World) => void]>([
    ["is behind", ({ positions }) => positions.splice(2, 1, 4099)],
    ["is catching up", ({ roles }) => roles.splice(2, 1, "catchingup")],
    ["is down", ({ roles }) => roles.splice(2, 1, undefined)],
  ])("is of another follower where one %s", async (_, change) => {
    const world = new World();
    world.has(DAY, 2);
    change(world);
    expect(await world.run()).toMatchObject({ status: 0, claim: "data-event-store-0" });
  });

  it("is of the only node, where there is one", async () => {
    const world = new World();
    world.roles = ["leader"];
    expect(await world.run()).toMatchObject({ status: 0, claim: "data-event-store-0" });
  });

  it("finds the position of a node that clients elsewhere know by another name", async () => {
    const world = new World();
    Object.assign(world, { roles: ["leader"], host: "localhost", outside: "localhost.event-store.orders.internal" });
    expect(await world.run()).toMatchObject({ status: 0, position: 4100 });
    expect(await Object.assign(world, { outside: "other.event-store.orders.internal" }).run()).toMatchObject({ status: 1 });
  });

  it.each<[string, (world: World) => void]>([
    ["no node leads", (world) => (world.roles = ["follower", "unknown", "follower"])],
    ["all followers are behind", (world) => (world.positions = [4099, 4100, 4000])],
  ])("is not made where %s", async (_, change) => {
    const world = new World();
    const old = world.has(30 * DAY);
    change(world);
    expect(await world.run()).toEqual({ status: 1, message: "failed", error: "no follower has caught up with a leader after 1 s" });
    expect(world.snapshots.map(({ metadata: { name } }) => name)).toEqual([old]);
  });

  it("is deleted if its node lost its role meanwhile", async () => {
    const world = new World();
    world.onCall = (call) => {
      if (call.startsWith("POST")) world.roles[2] = "unknown";
      return undefined;
    };
    expect(await world.run()).toMatchObject({
      status: 1,
      error: expect.stringMatching(/^event-store-2 lost its role during the snapshot/),
    });
    expect(world.created).toEqual([]);
  });

  it("replaces those whose retention has ended, only once it is ready", async () => {
    const world = new World();
    const [kept, ended, broken] = [world.has(7 * DAY), world.has(7 * DAY + 2 * 3_600_000), world.has(3 * DAY, 2, false)];
    const { status, snapshot, deleted } = await world.run();
    expect({ status, deleted: (deleted as string[]).sort() }).toEqual({ status: 0, deleted: [broken, ended].sort() });
    expect(world.snapshots.map(({ metadata: { name } }) => name)).toEqual([kept, snapshot]);
    expect(world.calls.findIndex((call) => call.startsWith("DELETE"))).toBeGreaterThan(world.calls.lastIndexOf(`GET ${snapshot}`));
  });

  it("fails with the reason of the storage if it never gets ready, and deletes nothing", async () => {
    const world = new World();
    world.has(30 * DAY);
    world.becoming = [{ readyToUse: false, error: { message: "SnapshotLimitExceeded" } }];
    const { status, error } = await world.run({ timeout: 1 });
    expect({ status, error }).toEqual({
      status: 1,
      error: expect.stringMatching(/^event-store-\d+t\d+z has no data yet after 1 s: SnapshotLimitExceeded$/),
    });
    expect(world.calls.filter((call) => call.startsWith("DELETE"))).toEqual([]);
  });

  it("survives an API that is away for a moment, and not one that refuses", async () => {
    const away = new World();
    let failures = 3;
    away.onCall = (call) => (call.startsWith("GET event") && failures-- > 0 ? 503 : undefined);
    expect((await away.run({ timeout: 10 })).status).toBe(0);
    const refusing = new World();
    refusing.onCall = (call) => (call.startsWith("POST") ? 403 : undefined);
    expect(await refusing.run()).toEqual({ status: 1, message: "failed", error: "POST volumesnapshots: 403 is refused" });
  });

  it("needs its settings", async () => {
    expect(await new World().program({ CLASS: "" })).toEqual({ status: 1, message: "failed", error: "CLASS is not set" });
    expect(await new World().program({ KEEP: "7d" })).toEqual({ status: 1, message: "failed", error: "KEEP: 7d must be a whole number" });
  });
});
