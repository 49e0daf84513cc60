import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRANTS } from "../../constructs/event-store/kurrentdb-rights";
import { run, type StubCluster } from "./kurrentdb-cluster";

const means = ["sh", "curl"].filter((tool) => spawnSync(tool, tool === "sh" ? ["-c", "true"] : ["--version"]).status !== 0);
const withShell = means.length > 0 ? describe.skip : describe;
const where = means.length > 0 ? ` (skipped: no ${means.join(", ")} here)` : "";

withShell(`a rolling upgrade${where}`, () => {
  it("replaces followers one by one, and the leader last, after it has resigned", async () => {
    const { status, orders, out } = await run("upgrade");
    expect(orders).toEqual([
      "delete event-store-0",
      "delete event-store-2",
      "node-1 POST /admin/node/resign as ops",
      "delete event-store-1",
    ]);
    expect(out.at(-1)).toBe("all nodes are as they should be");
    expect(status).toBe(0);
  });

  it("replaces nothing where every pod is as it should be", async () => {
    const { status, orders } = await run("upgrade", { revisions: ["new", "new", "new"] });
    expect({ status, orders }).toEqual({ status: 0, orders: [] });
  });

  it("goes on where it stopped", async () => {
    const { orders } = await run("upgrade", { revisions: ["new", "new", "old"], states: ["follower", "leader", "follower"] });
    expect(orders).toEqual(["delete event-store-2"]);
  });

  it("stops at a follower that does not come back, and touches nothing else", async () => {
    const { status, orders, err } = await run("upgrade", { lost: [0] });
    expect(orders).toEqual(["delete event-store-0"]);
    expect(err).toBe("event-store-0 does not serve again: nothing further is replaced");
    expect(status).toBe(1);
  });

  it("waits for a new pod that does not serve yet, rather than take away another", async () => {
    const { status, orders, err } = await run("upgrade", { revisions: ["new", "old", "old"], states: [undefined, "leader", "follower"] });
    expect(orders).toEqual([]);
    expect(err).toBe("event-store-0 does not serve: nothing further is replaced");
    expect(status).toBe(1);
  });

  it("begins with what does not serve anyway, which may need the change to serve at all", async () => {
    const { status, orders } = await run("upgrade", { states: ["follower", "leader", undefined] });
    expect(orders).toEqual([
      "delete event-store-2",
      "delete event-store-0",
      "node-1 POST /admin/node/resign as ops",
      "delete event-store-1",
    ]);
    expect(status).toBe(0);
  });

  it("brings up a cluster of which no node serves", async () => {
    const { orders } = await run("upgrade", { states: [undefined, undefined, undefined] });
    expect(orders).toEqual(["delete event-store-0", "delete event-store-1", "delete event-store-2"]);
  });

  it("touches nothing where it reaches no node that Kubernetes calls ready", async () => {
    const { status, orders, err } = await run("upgrade", { states: [undefined, undefined, undefined], ready: [true, true, true] });
    expect(orders).toEqual([]);
    expect(err).toBe("event-store-0 is ready for Kubernetes and not from here, or the other way round: nothing is replaced");
    expect(status).toBe(1);
  });

  it("stops before the leader when that does not resign", async () => {
    const { status, orders, err } = await run("upgrade", { stubborn: true });
    expect(orders).toEqual(["delete event-store-0", "delete event-store-2", "node-1 POST /admin/node/resign as ops"]);
    expect(err).toBe("node-1 does not follow another leader");
    expect(status).toBe(1);
  });

  it("replaces a node that is alone without asking it to resign", async () => {
    const { orders } = await run("upgrade", { states: ["leader"] });
    expect(orders).toEqual(["delete event-store-0"]);
  });
});

withShell("a scavenge", () => {
  const SCAVENGE = "POST /admin/scavenge?threads=1&throttlePercent=100 as ops";

  it("goes from follower to follower, and to the leader when it leads no more", async () => {
    const { status, orders } = await run("scavenge");
    expect(orders).toEqual([`node-0 ${SCAVENGE}`, `node-2 ${SCAVENGE}`, "node-1 POST /admin/node/resign as ops", `node-1 ${SCAVENGE}`]);
    expect(status).toBe(0);
  });

  it("begins nothing while a node is away", async () => {
    const { status, orders, err } = await run("scavenge", { states: ["follower", "leader", undefined] });
    expect({ status, orders, err }).toEqual({ status: 1, orders: [], err: "node-2 is away: nothing is scavenged" });
  });

  it("stops at a node whose scavenge fails", async () => {
    const { status, orders, err } = await run("scavenge", { results: { 0: "Errored" } });
    expect({ status, orders, err }).toEqual({ status: 1, orders: [`node-0 ${SCAVENGE}`], err: "node-0 ended its scavenge: Errored" });
  });
});

withShell("certificates", () => {
  it("are read again by every node", async () => {
    const { status, orders } = await run("reload");
    expect(orders).toEqual([0, 1, 2].map((node) => `node-${node} POST /admin/reloadconfig as ops`));
    expect(status).toBe(0);
  });

  it("are read again by those that answer, and the others are named", async () => {
    const { status, orders, err } = await run("reload", { deaf: [0] });
    expect(orders).toHaveLength(3);
    expect({ status, err }).toEqual({ status: 1, err: "not reloaded: node-0 (503)" });
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
    expect(made.commands).toEqual({ password: 'pass"word\\1', groups: ["commands"] });
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
    expect(made.commands).toEqual({ password: "first", groups: ["commands"] });
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
