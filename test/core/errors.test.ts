import { spawnSync } from "node:child_process";
import { Construct } from "constructs";
import { InvalidInput, describe as line, refuse } from "../../constructs/core/errors";
import { aStack } from "../synth";

describe("an error", () => {
  it("says where, what, why not, and what to do", () => {
    const problem = {
      path: "production.eventStore.nodes",
      value: 4,
      rule: "gives no better quorum than 3 and can split evenly",
      remedy: "use 3 or 5",
    };
    expect(line(problem)).toBe("production.eventStore.nodes: 4 gives no better quorum than 3 and can split evenly; use 3 or 5");
  });

  it("holds everything that is wrong", () => {
    const problems = ["a", "b"].map((path) => ({ path, rule: "is missing", remedy: "add it" }));
    expect(new InvalidInput(problems).message).toBe("a: is missing; add it\nb: is missing; add it");
  });

  it("is printed once, without frames, where nothing catches it", () => {
    const program = `throw new (require(${JSON.stringify(require.resolve("../../constructs/core/errors"))}).InvalidInput)(
      [{ path: "a", rule: "is missing", remedy: "add it" }])`;
    const { stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
    expect(stderr.split("\n").filter((text) => /is missing|^ +at |problems/.test(text))).toEqual(["InvalidInput: a: is missing; add it]"]);
  });

  it("shows no more of a value than fits a line", () => {
    expect(line({ path: "a", value: "x".repeat(500), rule: "is too long", remedy: "shorten it" }).length).toBeLessThan(120);
  });
});

describe("a construct that refuses its props", () => {
  it("is heard when cdktf validates the stack, by its path", () => {
    const stack = aStack((scope) => refuse(new Construct(scope, "events"), [{ value: 2, rule: "is even", remedy: "use 3" }], "nodes"));
    expect(() => stack.runAllValidations()).toThrow("test/events.nodes: 2 is even; use 3");
  });
});
