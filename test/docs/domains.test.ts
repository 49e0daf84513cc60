import { readFileSync } from "node:fs";
import { findings } from "../../constructs/policy";
import { errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { program } from "./domains";

describe("the page about stores and domains", () => {
  const page = readFileSync("docs/domains.md", "utf8");

  it("shows an example that is compiled with the tests", () => {
    const source = readFileSync("test/docs/domains.ts", "utf8");
    const [environment = "", extended = ""] = [...page.matchAll(/<!-- test\/docs\/domains\.ts -->\n```ts\n([\s\S]*?)```/g)].map(
      ([, block = ""]) => block,
    );
    expect(environment + extended).not.toBe("");
    expect(source).toContain(environment.replace(/^import .*\n/gm, "").trim());
    expect(source).toContain(extended.replace(/^import .*\n/gm, "").trim());
  });

  it("shows the stacks that the example becomes, in their order", () => {
    expect(errorsOf(program)).toEqual([]);
    const { compositions, stacks: synthesized } = synthesisOf(program);
    expect([...synthesized.values()].flatMap((one) => findings(one, program.policies))).toEqual([]);
    const [{ stacks } = { stacks: [] }] = compositions;
    const shown = /<!-- stacks of the example -->\n {3}```text\n([\s\S]*?)\n {3}```/.exec(page)?.[1]?.split("\n");
    expect(shown?.map((line) => line.trim().split(/\s+/)[1])).toEqual(stacks.map(({ node }) => node.id));
    for (const line of shown ?? []) {
      const [id = "", after = ""] = line.replace(/^\s*\d+\.\s+/, "").split(/\s+after /);
      const stack = stacks.find(({ node }) => node.id === id);
      expect({ id, after: stack?.dependencies.map(({ node }) => node.id).join(", ") }).toEqual({ id, after });
    }
  });
});
