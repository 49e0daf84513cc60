import { findings } from "../../constructs/policy";
import { program } from "../../main";
import { errorsOf } from "../environments";
import { synthesisOf } from "../program";

/* The only unit test of what `main.ts` deploys. All others use a reference system of their own (test/fixtures), so that an edit of
 * environments/ fails here alone, and only if npm start would refuse it too. */
describe("the environments of this project", () => {
  it("are valid", () => {
    expect(errorsOf(program)).toEqual([]);
  });

  it("become stacks, whose pods fit the nodes of each cluster", () => {
    const { compositions, sites } = synthesisOf(program);
    const clusters = compositions.flatMap((composition) => composition.sites);
    expect(sites).toHaveLength(clusters.length);
    for (const { name } of program.environments)
      expect(compositions.find((composition) => composition.name === name)?.stacks).not.toEqual([]);
  });

  it("violate no policy without an exception", () => {
    expect([...synthesisOf(program).stacks.values()].flatMap((stack) => findings(stack, program.policies))).toEqual([]);
  });
});
