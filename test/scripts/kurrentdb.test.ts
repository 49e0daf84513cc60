import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRANTS, systemStreamGrants } from "../../constructs/event-store/kurrentdb-rights";
import { type PersistentSubscription, subscriptionFiles } from "../../constructs/event-store/kurrentdb-subscriptions";
import { run, type StubCluster } from "./kurrentdb-cluster";

const means = ["sh", "curl"].filter((tool) => spawnSync(tool, tool === "sh" ? ["-c", "true"] : ["--version"]).status !== 0);
const withShell = means.length > 0 ? describe.skip : describe;
const where = means.length > 0 ? ` (skipped: no ${means.join(", ")} here)` : "";

withShell(`a rolling upgrade${where}`, () => {
  const RESIGNS = "node-1 POST /admin/node/resign as ops";
  const ALL = ["evict event-store-0", "evict event-store-2", RESIGNS, "evict event-store-1"];

  it("evicts followers one by one, and the leader last, after it has resigned", async () => {
    const { status, orders, out, fewest } = await run("upgrade");
    expect(orders).toEqual(ALL);
    expect(out.at(-1)).toBe("all nodes are as they should be");
    expect({ status, fewest }).toEqual({ status: 0, fewest: 3 });
  });

  it("evicts the next one only when that before has a role again, whatever it passes through", async () => {
    const { status, orders, fewest } = await run(
      "upgrade",
      { coming: ["initializing", "unknown", "prereplica", "catchingup", "clone"] },
      { RECOVERY: "9" },
    );
    expect(orders).toEqual(ALL);
    expect({ status, fewest }).toEqual({ status: 0, fewest: 2 });
  });

  it("keeps two of five nodes serving beyond a majority, which is all but one", async () => {
    const states = ["follower", "leader", "follower", "follower", "follower"];
    const { status, orders, fewest } = await run("upgrade", { states, coming: ["unknown", "catchingup"] });
    expect(orders.filter((order) => order.startsWith("evict"))).toEqual([0, 2, 3, 4, 1].map((node) => `evict event-store-${node}`));
    expect({ status, fewest }).toEqual({ status: 0, fewest: 4 });
  });

  it("waits for followers that are behind their leader", async () => {
    expect((await run("upgrade", { behind: 2 })).status).toBe(0);
    const { status, orders, err } = await run("upgrade", { behind: 99 });
    expect(orders).toEqual([]);
    expect(err).toBe(
      "the followers have not caught up, or the disruption budget is used up\nnothing further is replaced: 0 of 3 pods are of the newest version",
    );
    expect(status).toBe(1);
  });

  it("keeps the disruption budget: it asks again while a drain uses it up", async () => {
    const { status, orders } = await run("upgrade", { drained: 2 });
    expect({ status, orders }).toEqual({ status: 0, orders: ALL });
    expect((await run("upgrade", { drained: 99 })).orders).toEqual([]);
  });

  it("replaces nothing where every pod is as it should be", async () => {
    const { status, orders } = await run("upgrade", { revisions: ["new", "new", "new"] });
    expect({ status, orders }).toEqual({ status: 0, orders: [] });
  });

  it("goes on where it stopped", async () => {
    const { orders } = await run("upgrade", { revisions: ["new", "new", "old"], states: ["follower", "leader", "follower"] });
    expect(orders).toEqual(["evict event-store-2"]);
  });

  it("replaces each pod once though it is killed after every order", async () => {
    const { status, orders } = await run("upgrade", { kills: [1, 2, 3, 4], coming: ["unknown"] });
    expect({ status, orders }).toEqual({ status: 0, orders: ALL });
  });

  it("stops in time for the session of a pipeline, and says how far it has come", async () => {
    const { status, orders, err } = await run("upgrade", {}, { TIME: "0" });
    expect({ status, orders }).toEqual({ status: 1, orders: [] });
    expect(err).toBe("the time is over: 0 of 3 pods are of the newest version, and the next run goes on");
  });

  it("stops at a follower that does not come back, touches nothing else, and says what it sees of it", async () => {
    const { status, orders, err } = await run("upgrade", { lost: [0] });
    expect(orders).toEqual(["evict event-store-0"]);
    expect(err).toMatch(
      /^event-store-0 can't be reached from here \(.+\)\nnothing further is replaced: 1 of 3 pods are of the newest version$/,
    );
    expect(status).toBe(1);
  });

  it("waits for a new pod that does not serve yet, rather than take away another", async () => {
    const { status, orders, err } = await run("upgrade", { revisions: ["new", "old", "old"], states: ["unknown", "leader", "follower"] });
    expect(orders).toEqual([]);
    expect(err).toBe("event-store-0 says that it is unknown\nnothing further is replaced: 1 of 3 pods are of the newest version");
    expect(status).toBe(1);
  });

  it("begins with what does not serve anyway, which may need the change to serve at all", async () => {
    const { status, orders } = await run("upgrade", { states: ["follower", "leader", undefined] });
    expect(orders).toEqual(["evict event-store-2", "evict event-store-0", RESIGNS, "evict event-store-1"]);
    expect(status).toBe(0);
  });

  it("lets a node that is about to follow get there first", async () => {
    const { status, orders } = await run("upgrade", { states: ["catchingup", "leader", "follower"] }, { RECOVERY: "2" });
    // It never does, and may need the change for it.
    expect(orders[0]).toBe("evict event-store-0");
    expect(status).toBe(0);
  });

  it.each([["crash"], ["unknown"]])(
    "brings a repair to a cluster without a leader, which the budget would keep away (%s)",
    async (state) => {
      const broken = state === "crash" ? undefined : state;
      const { status, orders, out } = await run("upgrade", { states: [broken, broken, broken] });
      expect(orders).toEqual(["delete event-store-0", "delete event-store-1", "evict event-store-2"]);
      expect(out[0]).toBe("event-store-0 is deleted: it does not serve, so the disruption budget protects nothing");
      expect(status).toBe(0);
    },
  );

  it("brings a repair to all of five nodes of which none serves", async () => {
    const states = [undefined, "unknown", undefined, "unknown", undefined];
    const { status, orders } = await run("upgrade", { states });
    expect(orders).toEqual([...[0, 1, 2, 3].map((node) => `delete event-store-${node}`), "evict event-store-4"]);
    expect(status).toBe(0);
  });

  it("tells that a node can't be reached, which Kubernetes calls ready, from one that says unknown", async () => {
    const { status, orders, err } = await run("upgrade", { states: [undefined, "leader", "follower"], ready: [true, true, true] });
    expect(orders).toEqual([]);
    expect(err).toMatch(
      /^event-store-0 can't be reached from here \(.+\) and is ready for Kubernetes\nnothing further is replaced: 0 of 3 pods/,
    );
    expect(status).toBe(1);
  });

  it("believes a node that says that it has no role, though an older readiness probe goes on calling it ready", async () => {
    const { status, orders } = await run("upgrade", { states: ["follower", "leader", "unknown"], ready: [true, true, true] });
    expect(orders[0]).toBe("evict event-store-2");
    expect(status).toBe(0);
  });

  it("stops before the leader when that does not resign", async () => {
    const { status, orders, err } = await run("upgrade", { stubborn: true });
    expect(orders).toEqual(["evict event-store-0", "evict event-store-2", RESIGNS]);
    expect(err).toBe("node-1 does not follow another leader");
    expect(status).toBe(1);
  });

  it("replaces a node that is alone without asking it to resign", async () => {
    const { status, orders } = await run("upgrade", { states: ["leader"] });
    expect({ status, orders }).toEqual({ status: 0, orders: ["evict event-store-0"] });
  });

  it("waits for a controller that has not seen the newest version", async () => {
    const { status, orders, err } = await run("upgrade", { unobserved: true });
    expect({ status, orders }).toEqual({ status: 1, orders: [] });
    expect(err).toBe("the StatefulSet event-store can't be read, or its controller has not seen its newest version (200)");
  });
});

withShell("readiness", () => {
  const ready = async (states: readonly (string | undefined)[]) => {
    const { status, out } = await run("ready", { states, argument: 0 });
    return status === 0 ? "ready" : out[0];
  };

  it.each(["leader", "follower", "readonlyreplica"])("is the role %s", async (state) => {
    expect(await ready([state])).toBe("ready");
  });

  it.each([
    ...["unknown", "initializing", "discoverleader", "prereplica", "catchingup", "clone", "preleader"],
    ...["resigningleader", "readonlyleaderless", "shuttingdown"],
  ])("is not the state %s", async (state) => {
    expect(await ready([state])).toBe(`its state is ${state}`);
  });

  it("is not the silence of a server that does not listen", async () => {
    expect(await ready([undefined])).toBe("its state is not known");
  });
});

withShell("a scavenge", () => {
  const SCAVENGE = "POST /admin/scavenge?threads=1&throttlePercent=100 as ops";

  it("that a restart of its node ended is begun again, and goes on where it was", async () => {
    const { status, orders, out } = await run("scavenge", { states: ["leader"], restarts: 2 });
    expect(orders).toEqual([0, 1, 2].map(() => `node-0 ${SCAVENGE}`));
    expect(out.filter((line) => line.startsWith("node-0 has lost"))).toHaveLength(2);
    expect(status).toBe(0);
  });

  it("that is ended again and again is given up", async () => {
    const { status, err } = await run("scavenge", { states: ["leader"], restarts: 99 });
    expect({ status, err }).toEqual({ status: 1, err: "node-0 has not ended its scavenge in time" });
  });

  it("asks again where network policies let its pod through late", async () => {
    expect((await run("scavenge", { states: ["leader"], late: 700 }, { CONNECT: "3", POLL: "1" })).status).toBe(0);
  });

  it("goes from follower to follower, and to the leader when it leads no more", async () => {
    const { status, orders } = await run("scavenge");
    expect(orders).toEqual([`node-0 ${SCAVENGE}`, `node-2 ${SCAVENGE}`, "node-1 POST /admin/node/resign as ops", `node-1 ${SCAVENGE}`]);
    expect(status).toBe(0);
  });

  it("begins nothing while a node is away", async () => {
    const { status, orders, err } = await run("scavenge", { states: ["follower", "leader", undefined] });
    expect({ status, orders }).toEqual({ status: 1, orders: [] });
    expect(err).toMatch(/^node-2 can't be reached from here \(.+\): nothing is scavenged$/);
  });

  it("stops at a node whose scavenge fails", async () => {
    const { status, orders, err } = await run("scavenge", { results: { 0: "Errored" } });
    expect({ status, orders, err }).toEqual({ status: 1, orders: [`node-0 ${SCAVENGE}`], err: "node-0 ended its scavenge: Errored" });
  });
});

const openssl = spawnSync("openssl", ["version"]).status === 0;
const withCertificates = openssl && means.length === 0 ? describe : describe.skip;

withCertificates("certificates", () => {
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "certificates-"));
    for (const name of ["old", "new"]) {
      const { status, stderr } = spawnSync("openssl", [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
          "-subj",
          "/CN=kurrentdb-node",
        ],
        ...["-addext", "subjectAltName=DNS:localhost", "-keyout", join(root, `${name}.key`), "-out", join(root, `${name}.crt`)],
      ]);
      if (status !== 0) throw new Error(`openssl: ${stderr}`);
    }
    writeFileSync(join(root, "ca.crt"), ["old", "new"].map((name) => readFileSync(join(root, `${name}.crt`))).join(""));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const pair = (name: string) => ({ key: readFileSync(join(root, `${name}.key`)), cert: readFileSync(join(root, `${name}.crt`)) });

  /** Has a node reload that shows its new certificate after so many orders. */
  async function reload(after: number, status = 200) {
    let orders = 0;
    const server = createServer(pair("old"), ({ method, headers, url }, response) => {
      if (method === "POST" && url === "/admin/reloadconfig" && headers.authorization) {
        orders += 1;
        response.statusCode = status;
        if (orders === after) server.setSecureContext(pair("new"));
      }
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = `https://localhost:${(server.address() as AddressInfo).port}`;
    const files = { CA: join(root, "ca.crt"), CERTIFICATE: join(root, "new.crt") };
    const told = { NODES: node, OPS_PASSWORD: "ops-1", POLL: "0", CONNECT: "0", ARRIVAL: "3", ...files };
    const ended = await new Promise<{ status: number | null; err: string }>((resolve) => {
      const child = spawn("sh", ["constructs/event-store/kurrentdb-scripts/reload.sh"], { env: { PATH: process.env.PATH, ...told } });
      let err = "";
      child.stderr.on("data", (part) => (err += part));
      child.on("close", (code) => resolve({ status: code, err: err.trim().replace(node, "the node") }));
    });
    server.closeAllConnections();
    server.close();
    return { ...ended, orders };
  }

  it("are read again, and believed when the node shows the new one", async () => {
    expect(await reload(1)).toEqual({ status: 0, err: "", orders: 1 });
  });

  it("are read again until the volume of the node has the new one", async () => {
    expect(await reload(3)).toEqual({ status: 0, err: "", orders: 3 });
  });

  it("are not believed where the order is taken and the old one is shown on", async () => {
    expect(await reload(99)).toMatchObject({ status: 1, err: "not reloaded: the node (shows another certificate)" });
  });

  it("are asked for again where a node can't take the order, which is named", async () => {
    expect(await reload(99, 503)).toMatchObject({ status: 1, err: "not reloaded: the node (503)" });
  });
});

withShell("users of workloads", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "users-"));
    for (const [name, content] of Object.entries(GRANTS)) write("grants", name, content);
    write("users/commands", "user", "commands");
    write("users/commands", "password", 'pass"word\\1');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (folder: string, file: string, content: string | Buffer) => {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, file), content);
  };
  const users = (stub: StubCluster = {}) => run("users", stub, { USERS: join(root, "users"), GRANTS: join(root, "grants") });
  const GIVEN = { streams: ["$settings", "$$$all"] };

  it("are made with the password of their secret, in the group of their role, and rights are given", async () => {
    const { status, orders, users: made } = await users();
    expect(orders).toEqual(["POST /users", "append to $$$all", "append to $settings"]);
    expect(made.commands).toEqual({ password: 'pass"word\\1', groups: ["commands"], fullName: "commands" });
    expect(status).toBe(0);
  });

  it("are left alone when they can sign in, and rights that somebody has written stay", async () => {
    const { status, orders } = await users({ ...GIVEN, users: { commands: { password: 'pass"word\\1', groups: [] } } });
    expect({ status, orders }).toEqual({ status: 0, orders: [] });
  });

  it("get the password that their secret has by now", async () => {
    const { orders, users: made } = await users({ ...GIVEN, users: { commands: { password: "of last year", groups: [] } } });
    expect(orders).toEqual(["POST /users/commands/command/reset-password"]);
    expect(made.commands?.password).toBe('pass"word\\1');
  });

  it("have a successor that can sign in before anybody is told of it", async () => {
    write("users/commands", "next-user", "commands-b");
    write("users/commands", "next-password", "second");
    const { users: made } = await users(GIVEN);
    expect(made).toMatchObject({ commands: { password: 'pass"word\\1' }, "commands-b": { password: "second", groups: ["commands"] } });
  });

  it("lose their password when a rotation is over: when their secret names them no more", async () => {
    const of = (password: string) => ({ password, groups: ["commands"], fullName: "commands" });
    const there = {
      ...GIVEN,
      users: { commands: of('pass"word\\1'), "commands-b": of("second"), reports: { password: "r", groups: ["commands"] } },
    };
    write("users/commands", "next-user", "commands-b");
    write("users/commands", "next-password", "second");
    // Both are good until then, in whichever order they are named.
    expect((await users(there)).orders).toEqual([]);
    write("users/commands", "user", "commands-b");
    write("users/commands", "password", "second");
    write("users/commands", "next-user", "commands");
    write("users/commands", "next-password", 'pass"word\\1');
    expect((await users(there)).orders).toEqual([]);
    rmSync(join(root, "users/commands/next-user"));
    const { orders, users: left } = await users(there);
    // A user that somebody else has made in the group of the role stays.
    expect(orders).toEqual(["POST /users/commands/command/disable"]);
    expect(left.commands?.disabled).toBe(true);
    write("users/commands", "next-user", "commands");
    write("users/commands", "next-password", "third");
    const again = await users({ ...GIVEN, users: left });
    expect(again.orders).toEqual(["POST /users/commands/command/enable", "POST /users/commands/command/reset-password"]);
    expect(again.users.commands).toMatchObject({ password: "third", disabled: false });
  });

  it("are never those of the server itself", async () => {
    write("users/commands", "user", "admin");
    const { status, orders, err } = await users();
    expect({ status, orders, err }).toEqual({ status: 1, orders: [], err: 'commands: "admin" is no user of a workload' });
  });

  it("are made by nobody whose own password is wrong", async () => {
    const { status, orders, err } = await users({ users: { admin: { password: "another", groups: ["$admins"] } } });
    expect({ status, orders, err }).toEqual({
      status: 1,
      orders: [],
      err: "admin can't sign in: its password is another than that of the secret",
    });
  });
});

withShell("persistent subscriptions", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "subscriptions-"));
    for (const folder of ["users/commands", "grants", "subscriptions"]) mkdirSync(join(root, folder), { recursive: true });
    for (const file of ["user", "password"]) writeFileSync(join(root, "users/commands", file), "commands");
    for (const [name, content] of Object.entries(systemStreamGrants(["$ce-order"]))) writeFileSync(join(root, "grants", name), content);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const SIGNED_IN = { commands: { password: "commands", groups: ["commands"] } };
  const ORDERS = { stream: "$ce-order", group: "billing" };
  const ALL: PersistentSubscription = { stream: "$all", group: "audit", filter: { eventTypePrefix: ["Order"] }, from: "end" };
  const subscribe = (declared: readonly PersistentSubscription[], stub: StubCluster = {}, variables = {}) => {
    const { data, binaryData } = subscriptionFiles(declared);
    for (const [name, content] of Object.entries(data)) writeFileSync(join(root, "subscriptions", name), content);
    for (const [name, content] of Object.entries(binaryData))
      writeFileSync(join(root, "subscriptions", name), Buffer.from(content, "base64"));
    const folders = { USERS: join(root, "users"), GRANTS: join(root, "grants"), SUBSCRIPTIONS: join(root, "subscriptions") };
    return run("users", { users: SIGNED_IN, ...stub }, { ...folders, UPDATES: "yes", ...variables });
  };

  it("are created with what they read granted, and left alone from then on", async () => {
    const { status, orders, subscriptions } = await subscribe([ORDERS, ALL]);
    expect(orders).toEqual(["append to $$$ce-order", "create $ce-order::billing", "create $all::audit"]);
    expect(subscriptions["$ce-order::billing"]).toMatchObject({
      resolveLinktos: true,
      maxRetryCount: 10,
      messageTimeoutMilliseconds: 30_000,
    });
    expect(status).toBe(0);
    const again = await subscribe([ORDERS, ALL], { subscriptions, streams: ["$$$ce-order"] });
    expect({ status: again.status, orders: again.orders }).toEqual({ status: 0, orders: [] });
  });

  it("get the settings that an apply has changed, and never by the clock, as consumers have to connect again", async () => {
    const { subscriptions } = await subscribe([ORDERS]);
    const changed = [{ ...ORDERS, strategy: "Pinned", maxRetries: 3 } as const];
    const there = { subscriptions, streams: ["$$$ce-order"] };
    const clock = await subscribe(changed, there, { UPDATES: "" });
    expect({ status: clock.status, orders: clock.orders }).toEqual({ status: 0, orders: [] });
    const applied = await subscribe(changed, there);
    expect(applied.orders).toEqual(["update $ce-order::billing"]);
    expect(applied.subscriptions["$ce-order::billing"]).toMatchObject({ namedConsumerStrategy: "Pinned", maxRetryCount: 3 });
  });

  it("are not deleted when they are no longer declared", async () => {
    const { subscriptions } = await subscribe([ALL]);
    const without = await run("users", { users: SIGNED_IN, subscriptions }, { USERS: join(root, "users"), GRANTS: join(root, "grants") });
    expect(Object.keys(without.subscriptions)).toEqual(["$all::audit"]);
  });

  it("wait for a server that is not ready for them", async () => {
    expect((await subscribe([ORDERS], { unready: 2 })).status).toBe(0);
    expect(await subscribe([ORDERS], { unready: 99 })).toMatchObject({
      status: 1,
      err: "billing on $ce-order can't be made or looked at (503 )",
    });
  });
});

withShell("users of a cluster that is known by one name", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "users-"));
    for (const [name, content] of Object.entries(GRANTS)) write("grants", name, content);
    write("users/commands", "user", "commands");
    write("users/commands", "password", "first");
    write("admin", "password", "drawn, and not yet the vendor's");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (folder: string, file: string, content: string | Buffer) => {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, file), content);
  };
  const users = (stub: StubCluster, variables: Readonly<Record<string, string>> = {}) => {
    const folders = { USERS: join(root, "users"), GRANTS: join(root, "grants"), ADMIN: join(root, "admin") };
    return run("users", { seed: 0, ...stub }, { ...folders, ADMIN_PASSWORD: "", FILLED: "put it there", ...variables });
  };

  it("are made at the leader of whom any node tells, and not at one that is remembered as such", async () => {
    write("admin", "password", "admin-1");
    const { status, asked, users: made } = await users({ states: ["follower", undefined, "leader"] });
    expect(asked).toEqual(["node-2"]);
    expect(made.commands).toMatchObject({ password: "first", groups: ["commands"] });
    expect(status).toBe(0);
  });

  it("wait for whoever fills in the password of admin", async () => {
    const filling = { file: join(root, "admin/password"), after: 3 };
    const { status, out, orders } = await users({ filling }, { FILLING: "9" });
    expect(out[0]).toBe("admin can't sign in: its password is another than that of the secret; put it there");
    expect(orders).toEqual(["POST /users", "append to $$$all", "append to $settings"]);
    expect(status).toBe(0);
  });

  it("are not made where nobody fills it in, and it is said who has to", async () => {
    const { status, orders, err } = await users({}, { FILLING: "2" });
    expect({ status, orders, err }).toEqual({
      status: 1,
      orders: [],
      err: "admin can't sign in: its password is another than that of the secret; put it there",
    });
  });

  it("are not made where nobody leads", async () => {
    const { status, err } = await users({ states: ["follower", undefined, "follower"] });
    expect({ status, err }).toEqual({ status: 1, err: "no node leads" });
  });
});

withShell("a node", () => {
  const start = (least: string) =>
    spawnSync("sh", ["constructs/event-store/kurrentdb-scripts/start.sh", "echo", "started"], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LEAST_FILES: least },
    });

  it("starts where it may open enough files", () => {
    expect(start("16")).toMatchObject({ status: 0, stdout: "started\n" });
  });

  it("says what is missing where it may not", () => {
    const { status, stderr } = start("99999999999");
    // A machine without a limit has nothing to say.
    if (status === 0) return;
    expect(stderr).toMatch(/^only \d+ files may be open, and the server needs 99999999999: raise the limit of the container runtime\n$/);
  });
});
