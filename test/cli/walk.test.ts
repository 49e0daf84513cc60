import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Action } from "../../cli/outcome";
import { inOrder, walk } from "../../cli/walk";
import type { Workspace } from "../../cli/workspace";

describe("inOrder", () => {
  const manifest = {
    stacks: {
      keys: { dependencies: [] },
      network: { dependencies: ["keys"] },
      data: { dependencies: ["network", "keys"] },
      backup: { dependencies: ["keys"] },
    },
  };

  it("puts every stack behind those that it reads", () => {
    expect(inOrder(manifest, ["backup", "data", "network", "keys"])).toEqual(["keys", "backup", "network", "data"]);
  });

  it("keeps what was not asked for out of the walk", () => {
    expect(inOrder(manifest, ["data", "network"])).toEqual(["network", "data"]);
  });
});

describe("a walk over a stack that draws secrets", () => {
  /** What Terraform is asked for, and what is said. */
  async function walked(
    action: Action,
    args: readonly string[],
    json: object = { ephemeral: {} },
  ): Promise<{ asked: string[]; said: string }> {
    const [asked, said]: [string[], string[]] = [[], []];
    const state = async () => ({ lineage: "data", resources: [] });
    const run = async (_: unknown, ...words: string[]) => {
      asked.push(words.join(" "));
      return 0;
    };
    const workspaceOf = () => ({ json, ready: async () => {}, state, run }) as unknown as Workspace;
    await walk({
      action,
      manifest: { stacks: { data: { dependencies: [] } } },
      stacks: ["data"],
      workspaceOf,
      parallel: 1,
      holdsObjects: async () => false,
      args,
      answer: async () => undefined,
      print: (line) => said.push(line),
    });
    return { asked, said: said.join("\n") };
  }

  it("plans without a refresh, which would read the secrets, and says so", async () => {
    const { asked, said } = await walked("plan", ["-lock=false"]);
    expect(asked).toEqual(["plan -detailed-exitcode -refresh=false -lock=false"]);
    expect(said).toContain(
      "Not refreshed: a refresh reads the values of secrets, which a role for plans can't; to refresh, add -- -refresh=true",
    );
  });

  it.each(["-refresh=true", "-refresh=false", "-refresh-only", "--refresh=true"])("plans as it is told to: %s", async (told) => {
    const { asked, said } = await walked("plan", [told]);
    expect(asked).toEqual([`plan -detailed-exitcode ${told}`]);
    expect(said).not.toContain("Not refreshed");
  });

  it.each(["apply", "destroy"] as const)("refreshes on %s", async (action) => {
    expect((await walked(action, ["-auto-approve"])).asked).toEqual([`${action} -auto-approve`]);
  });

  it("refreshes what draws none", async () => {
    expect((await walked("plan", [], { resource: {} })).asked).toEqual(["plan -detailed-exitcode"]);
  });
});

describe("a walk over several stacks", () => {
  const manifest = {
    stacks: {
      keys: { dependencies: [] },
      network: { dependencies: ["keys"] },
      data: { dependencies: ["network"] },
      backup: { dependencies: ["keys"] },
      entry: { dependencies: ["network"] },
    },
  };
  const all = Object.keys(manifest.stacks);

  interface Play {
    /** What Terraform's command ends with, by stack. */
    readonly status?: Readonly<Record<string, number>>;
    readonly answers?: readonly (string | undefined)[];
    readonly parallel?: number;
    readonly args?: readonly string[];
    readonly stacks?: readonly string[];
  }

  /** What happens, in the order in which it happens; commands take a turn of the event loop. */
  async function play(action: Action, { status = {}, answers = [], parallel = 4, args = ["-auto-approve"], stacks = all }: Play = {}) {
    const events: string[] = [];
    let [running, most] = [0, 0];
    const deployed = new Set(action === "apply" ? [] : all);
    const workspaceOf = (stack: string) =>
      ({
        stack,
        directory: mkdtempSync(join(directory, "stack-")),
        json: {},
        ready: async () => {},
        state: async () => ({ lineage: stack, resources: [] }),
        unreadable: async () => (deployed.has(stack) ? undefined : "which is not deployed yet"),
        run: async (_: unknown, command: string) => {
          most = Math.max(most, ++running);
          events.push(`${command} ${stack}`);
          await new Promise(setImmediate);
          running--;
          events.push(`${stack} ended`);
          const failed = status[stack] ?? 0;
          if (failed === 0 && command === "apply") deployed.add(stack);
          if (failed === 0 && command === "destroy") deployed.delete(stack);
          return command === "plan" && failed === 0 ? 2 : failed;
        },
      }) as unknown as Workspace;
    const left = [...answers];
    const report = await walk({
      action,
      manifest,
      stacks,
      workspaceOf,
      holdsObjects: async () => false,
      parallel,
      args,
      print: () => {},
      answer: async () => left.shift(),
    });
    return { events, most, report: Object.fromEntries([...report].map(([stack, { kind }]) => [stack, kind])), outcomes: report };
  }

  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("applies independent stacks at the same time, each after what it needs", async () => {
    const { events, most } = await play("apply");
    expect(events.slice(0, 2)).toEqual(["apply keys", "keys ended"]);
    expect(events.slice(2, 4)).toEqual(["apply network", "apply backup"]);
    expect(events.indexOf("apply data")).toBeGreaterThan(events.indexOf("network ended"));
    expect(most).toBeGreaterThan(1);
  });

  it("destroys each before what it needs", async () => {
    const { events } = await play("destroy");
    for (const [first, then] of [
      ["data", "network"],
      ["entry", "network"],
      ["network", "keys"],
      ["backup", "keys"],
    ] as const)
      expect(events.indexOf(`${first} ended`)).toBeLessThan(events.indexOf(`destroy ${then}`));
  });

  it("plans in any order, as many as it may", async () => {
    expect((await play("plan", { args: [] })).most).toBe(4);
    expect((await play("plan", { args: [], parallel: 1 })).most).toBe(1);
  });

  it("begins nothing after a failure, and waits for what runs", async () => {
    const { events, report } = await play("apply", { status: { network: 1 } });
    expect(report).toEqual({ keys: "done", network: "failed", backup: "done", data: "unreached", entry: "unreached" });
    expect(events.at(-1)).toMatch(/ended$/);
  });

  it("leaves what others could not be taken from", async () => {
    // Not walked, and still deployed: its network and, with that, its keys.
    const { report, events } = await play("destroy", { stacks: ["keys", "network", "backup", "entry"] });
    expect(report).toEqual({ entry: "done", backup: "done", network: "waits", keys: "waits" });
    expect(events).not.toContain("destroy keys");
  });

  it("applies what was planned when the user says yes, and nothing else", async () => {
    const { events, report, outcomes } = await play("apply", { args: [], answers: ["yes", "no"], stacks: ["keys", "network"] });
    expect(events.filter((event) => !event.endsWith("ended"))).toEqual(["plan keys", "apply keys", "plan network"]);
    expect(report).toEqual({ keys: "done", network: "failed" });
    expect(outcomes.get("network")).toEqual({ kind: "failed", cause: "not approved" });
  });

  it("says how to go on without a terminal", async () => {
    const { outcomes } = await play("apply", { args: [], stacks: ["keys"] });
    expect(outcomes.get("keys")).toEqual({ kind: "failed", cause: "there is no terminal to approve it; add -- -auto-approve" });
  });
});
