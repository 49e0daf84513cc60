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
      args,
      answer: async () => undefined,
      print: (line) => said.push(line),
    });
    return { asked, said: said.join("\n") };
  }

  it("plans without a refresh, which would read the secrets, and says so", async () => {
    const { asked, said } = await walked("plan", ["-lock=false"]);
    expect(asked).toEqual(["plan -detailed-exitcode -refresh=false -lock=false"]);
    expect(said).toContain("Not refreshed: that would read the values of secrets, which whoever plans may not; -- -refresh=true does.");
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
