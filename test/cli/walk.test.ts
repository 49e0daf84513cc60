import { inOrder } from "../../cli/walk";

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
