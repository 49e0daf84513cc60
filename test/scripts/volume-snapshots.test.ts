import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ec2Client, ec2FromEnvironment } from "../../constructs/aws-client";
import { Snapshots } from "../../constructs/event-store/volume-snapshots/api";
import { DrillClaim } from "../../constructs/event-store/volume-snapshots/claim";
import { Copies } from "../../constructs/event-store/volume-snapshots/copies";
import { KubernetesApi } from "../../constructs/event-store/volume-snapshots/kubernetes";
import { Nodes } from "../../constructs/event-store/volume-snapshots/nodes";
import { snapshot } from "../../constructs/event-store/volume-snapshots/snapshot";
import { ClaimsApi, DRILL } from "./claims";
import { ACCESS_KEY, Ec2, type StoredSnapshot } from "./ec2";
import { scripts } from "./server";

jest.setTimeout(60_000);

const PROGRAM = join(scripts, "event-store/volume-snapshots.mjs");
const SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/event-store/volumesnapshots";
const CLASS = "event-store-locked";
const DAY = 86_400_000;
const HOUR = 3_600_000;
const MADE = "2026-11-29T02:00:01Z";
const TAGS = { system: "orders", environment: "production", "event-store": "event-store/event-store" };
const [HERE, THERE] = ["eu-west-1", "eu-central-1"];
const VOLUME = { storageClass: "scratch", storage: "100Gi" };
const KEY = `arn:aws:kms:${THERE}:111122223333:key/1`;

interface Ran {
  readonly status: number;
  readonly [field: string]: unknown;
}

interface Made {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly source: { readonly persistentVolumeClaimName: string } };
  status?: { readyToUse: boolean; creationTime?: string; restoreSize?: string; error?: { message: string } };
}

/** Three nodes of KurrentDB, what of the Kubernetes API and of its snapshot controller makes snapshots, and EBS in two regions. */
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
    { readyToUse: false, creationTime: MADE },
    { readyToUse: true, creationTime: MADE, restoreSize: "100Gi" },
  ];
  onCall: (call: string) => number | undefined = () => undefined;
  private readonly servers: Server[] = [];

  /** Claims of drills, if there are any. */
  claims: ClaimsApi | undefined;

  /** EBS, if snapshots are copied, and the lock of copies. */
  ebs: Ec2 | undefined;
  lock: "governance" | "compliance" | undefined = "governance";

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
  async run({ timeout = 2, patience = 1 } = {}): Promise<Ran> {
    return this.serve(async (nodes, url, token) => {
      const api = new KubernetesApi({ url, ca: undefined, token }, "event-store");
      const snapshots = new Snapshots({
        api,
        store: "event-store",
        className: CLASS,
      });
      const addresses = nodes.map((node) => new URL(`http://${node}`));
      const [size, store, keep] = [nodes.length, "event-store", 604_800];
      const waits = { patience, timeout, pause: 20, now: Date.now };
      const copies = this.ebs && copiesIn(this.ebs, this.lock);
      const drill = this.claims && { claim: new DrillClaim(api, DRILL), volume: VOLUME };
      return snapshot({ nodes: new Nodes({ addresses, ca: undefined }), snapshots, drill, copies, size, store, keep, ...waits }).then(
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
    if (await this.claims?.answer(request, response, body)) return;
    const call = `${method} ${name || "all"}`;
    this.calls.push(call);
    if (headers.authorization !== "Bearer a-token" || !path.startsWith(SNAPSHOTS)) return void reply(403, { message: "forbidden" });
    const refused = this.onCall(call);
    if (refused) return void reply(refused, { message: "is refused" });
    const found = this.snapshots.find(({ metadata }) => metadata.name === name);
    if (method === "POST") {
      const made = JSON.parse(body);
      this.snapshots.push({ ...made, metadata: { ...made.metadata, uid: "1", creationTimestamp: new Date().toISOString() } });
      this.ebs?.add({ region: HERE, state: "completed", started: Date.parse(MADE) + 120, tags: TAGS });
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

function copiesIn({ url }: Ec2, mode: World["lock"]): Copies {
  const env = { AWS_ENDPOINT_URL_EC2: url, AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: "s" };
  const [from, to] = [HERE, THERE].map((region) => new Ec2Client(ec2FromEnvironment(env, region))) as [Ec2Client, Ec2Client];
  const lock = mode && { mode, days: 7 };
  return new Copies({ from, fromRegion: HERE, to, toRegion: THERE, key: KEY, tags: TAGS, lock });
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
      made: MADE,
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

describe("the claim of the next drill", () => {
  let world: World;
  let claims: ClaimsApi;
  beforeEach(() => {
    world = new World();
    claims = new ClaimsApi();
    world.claims = claims;
  });
  const offer = (name: string) => {
    claims.claim = { metadata: { name: DRILL }, spec: { storageClassName: "scratch", resources: {}, dataSource: { name } } };
  };

  it("restores the newest snapshot that is ready, and belongs to it", async () => {
    const settings = { DRILL, DRILL_CLASS: VOLUME.storageClass, DRILL_STORAGE: VOLUME.storage };
    const { status, offered, snapshot } = await world.program(settings);
    expect([status, offered]).toEqual([0, true]);
    expect(claims.claim).toEqual({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: DRILL,
        annotations: { "cdktf-cqrs/position": "4100", "cdktf-cqrs/made": MADE },
        ownerReferences: [{ apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshot", name: snapshot, uid: "1" }],
      },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "scratch",
        resources: { requests: { storage: "100Gi" } },
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: snapshot },
      },
    });
  });

  it("is replaced once the former one is gone", async () => {
    offer("event-store-20261128t020000z");
    claims.lag = 3;
    const { offered, snapshot } = await world.run();
    expect([offered, claims.claim?.spec.dataSource.name]).toEqual([true, snapshot]);
  });

  it("is not of a snapshot that is not ready", async () => {
    offer("event-store-20261128t020000z");
    world.becoming = [{ readyToUse: false, creationTime: MADE }];
    expect(await world.run({ timeout: 1 })).toMatchObject({ status: 1 });
    expect(claims.calls).toEqual([]);
  });

  it("stays with a drill as long as its pod", async () => {
    offer("event-store-20261128t020000z");
    claims.pods = [{}];
    expect(await world.run()).toMatchObject({ status: 0, offered: false });
    expect(claims.calls.filter((call) => call.startsWith("DELETE"))).toEqual([]);
  });

  it("is created for a drill that waits for it", async () => {
    claims.pods = [{}];
    expect(await world.run()).toMatchObject({ status: 0, offered: true });
  });

  it("fails the run if it can't be created, after copies", async () => {
    const ebs = new Ec2();
    await ebs.begin();
    world.ebs = ebs;
    claims.onCall = (call) => (call.startsWith("POST") ? 403 : undefined);
    expect(await world.run({ timeout: 5 })).toEqual({ status: 1, message: "failed", error: "POST persistentvolumeclaims: 403 is refused" });
    expect(ebs.in(THERE).map(({ state }) => state)).toEqual(["completed"]);
    await ebs.end();
  });
});

describe("copies of snapshots in another region", () => {
  let world: World;
  let ebs: Ec2;
  beforeEach(async () => {
    world = new World();
    ebs = new Ec2();
    await ebs.begin();
    world.ebs = ebs;
  });
  afterEach(() => ebs.end());

  /** A snapshot of an earlier run, of this age in milliseconds before the one that is made. */
  const earlier = (age: number) => ebs.add({ region: HERE, state: "completed", started: Date.parse(MADE) - age, tags: TAGS });
  const copyOf = ({ id }: Pick<StoredSnapshot, "id">, started: number, changes: Partial<StoredSnapshot> = {}) =>
    ebs.add({ region: THERE, state: "completed", started, tags: { ...TAGS, "source-snapshot": id }, ...changes });
  const copied = () => ebs.in(THERE).map(({ tags }) => tags["source-snapshot"]);
  const madeNow = () => ebs.in(HERE).at(-1)?.id;

  it("are encrypted with the key there, tagged, and locked once they are complete", async () => {
    ebs.looks = 2;
    ebs.add({ region: HERE, state: "completed", started: Date.now(), tags: { ...TAGS, environment: "staging" } });
    const env = { AWS_REGION: HERE, COPY_REGION: THERE, COPY_KEY: KEY, COPY_TAGS: JSON.stringify(TAGS), COPY_LOCK: "compliance" };
    const access = { AWS_ENDPOINT_URL_EC2: ebs.url, AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: "s" };
    const { status, copy } = await world.program({ ...env, ...access });
    expect({ status, copy }).toEqual({ status: 0, copy: { region: THERE, snapshot: ebs.in(THERE)[0]?.id, deleted: [] } });
    expect(ebs.in(THERE)).toMatchObject([
      { state: "completed", key: KEY, tags: { ...TAGS, "source-snapshot": madeNow() }, lock: { mode: "compliance", days: 7 } },
    ]);
    const pending = ebs.calls.indexOf(`CopySnapshot ${THERE}`);
    expect(ebs.calls.indexOf(`LockSnapshot ${THERE}`)).toBeGreaterThan(pending + 3);
  });

  it("are not locked where snapshots are not", async () => {
    world.lock = undefined;
    expect(await world.run()).toMatchObject({ status: 0 });
    expect(ebs.in(THERE).map(({ state, lock }) => [state, lock])).toEqual([["completed", undefined]]);
    expect(ebs.calls.filter((call) => /Lock/.test(call))).toEqual([]);
  });

  it("begin with the newest snapshot, and leave out none after the first one", async () => {
    const [, first, missed] = [earlier(3 * DAY), earlier(2 * DAY), earlier(DAY)];
    copyOf(first, first.started + HOUR);
    expect(await world.run()).toMatchObject({ status: 0 });
    expect(copied()).toEqual([first.id, madeNow(), missed.id]);
    expect(ebs.in(THERE).every(({ lock }) => lock)).toBe(true);
    const other = new World();
    other.ebs = ebs;
    const before = ebs.calls.filter((call) => call.startsWith("CopySnapshot")).length;
    await other.run();
    expect(ebs.calls.filter((call) => call.startsWith("CopySnapshot"))).toHaveLength(before + 1);
  });

  it("are not begun again by the run after one that was killed, which locks them", async () => {
    const [complete, pending] = [earlier(2 * DAY), earlier(DAY)];
    const unlocked = copyOf(complete, Date.now() - 2 * DAY);
    const unfinished = copyOf(pending, Date.now() - DAY, { state: "pending" });
    ebs.onCall = (action) => {
      if (action === "CopySnapshot") unfinished.state = "completed";
      return undefined;
    };
    expect(await world.run()).toMatchObject({ status: 0 });
    expect(copied()).toEqual([complete.id, pending.id, madeNow()]);
    expect([unlocked, unfinished].map(({ lock }) => lock?.days)).toEqual([7, 7]);
  });

  it("are begun once where the answer of EC2 is lost", async () => {
    let lost = 1;
    ebs.onCall = (action) => (action === "CopySnapshot" && lost-- > 0 ? "lost" : undefined);
    expect(await world.run()).toMatchObject({ status: 0 });
    expect(copied()).toEqual([madeNow()]);
  });

  it("wait while EC2 makes too many, or is away", async () => {
    const answers = ["ResourceLimitExceeded", 503, "ResourceLimitExceeded"];
    ebs.onCall = (action) => (action === "CopySnapshot" ? answers.shift() : undefined);
    expect(await world.run({ timeout: 10 })).toMatchObject({ status: 0 });
    expect(copied()).toEqual([madeNow()]);
  });

  it.each<[string, (ebs: Ec2) => void, RegExp]>([
    [
      "is refused",
      (one) => (one.onCall = (action) => (action === "CopySnapshot" ? "UnauthorizedOperation" : undefined)),
      /^EC2 CopySnapshot in eu-central-1: UnauthorizedOperation: is "refused"$/,
    ],
    [
      "can't be locked",
      (one) => (one.onCall = (action) => (action === "LockSnapshot" ? "UnauthorizedOperation" : undefined)),
      /^EC2 LockSnapshot in eu-central-1: Unauth/,
    ],
    ["fails", (one) => (one.outcome = "error"), /^the copy of snap-\d+ failed: Given key ID is not accessible$/],
    ["fails and is deleted by EBS", (one) => (one.outcome = "gone"), /^the copy of snap-\d+ is gone: EBS deletes copies that fail$/],
    ["takes too long", (one) => (one.looks = 1000), /^the copy of snap-\d+ is not complete after \d s: pending$/],
  ])("fail the run where one %s, after snapshots were made and deleted", async (_, change, error) => {
    const ended = world.has(8 * DAY);
    const [old] = [earlier(8 * DAY)];
    const kept = copyOf(old, Date.now() - 8 * DAY, { lock: { mode: "governance", days: 7, until: Date.now() - DAY } });
    change(ebs);
    const ran = await world.run({ timeout: 3 });
    expect(ran).toEqual({ status: 1, message: "failed", error: expect.stringMatching(error) });
    expect(world.snapshots.map(({ metadata }) => metadata.name)).not.toContain(ended);
    expect(ebs.in(THERE)).toContain(kept);
  });

  it("replace those that failed", async () => {
    const failed = copyOf(earlier(DAY), Date.now() - DAY, { state: "error" });
    expect(await world.run()).toMatchObject({ status: 0 });
    expect(ebs.in(THERE)).not.toContain(failed);
    expect(copied()).toEqual([madeNow()]);
  });

  it("are deleted when retention and lock have ended, once a newer one is complete", async () => {
    const lock = (until: number) => ({ mode: "governance", days: 7, until: Date.now() + until });
    const ages = [8 * DAY, 8 * DAY, 7 * DAY, 6 * DAY].map((age) => [age, earlier(age)] as const);
    const [ended, locked, recent, young] = ages.map(([age, snapshot], index) =>
      copyOf(snapshot, Date.now() - age, { lock: lock([-HOUR, HOUR, -HOUR, DAY][index] ?? 0) }),
    );
    const { status, copy } = await world.run();
    expect({ status, copy }).toMatchObject({ status: 0, copy: { deleted: [ended?.id] } });
    expect(ebs.in(THERE).map(({ id }) => id)).toEqual([locked, recent, young, ebs.in(THERE).at(-1)].map((one) => one?.id));
    expect(ebs.calls.lastIndexOf(`DeleteSnapshot ${THERE}`)).toBeGreaterThan(ebs.calls.lastIndexOf(`LockSnapshot ${THERE}`));
  });

  it("fail where EBS has no snapshot with the tags of the store", async () => {
    world.onCall = () => {
      for (const one of ebs.in(HERE)) one.tags = {};
      return undefined;
    };
    expect(await world.run()).toEqual({
      status: 1,
      message: "failed",
      error: "EBS has no complete snapshot with the tags of the store after 1 s",
    });
  });
});
