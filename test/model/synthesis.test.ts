import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TerraformStack } from "cdktf";
import { PlatformStack, synthesize } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { content, stacksOf } from "../stacks/files";

let outdir: string;
beforeEach(() => {
  outdir = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "out");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dirname(outdir), { recursive: true, force: true });
});

describe("a synthesis", () => {
  it("is the same with and without the traces of tokens, which are restored", () => {
    const [quick, whole] = [Error.captureStackTrace, (globalThis as { wholeTraces?: typeof Error.captureStackTrace }).wholeTraces];
    expect(typeof whole).toBe("function");
    // Small, as they take ten times as long with them.
    const cluster = { context: "kind-orders" };
    const small = aProgram(anEnvironment({ aws: undefined, cluster, cache: { engine: "valkey" }, exceptions: { disposable: "a test" } }));
    synthesize(small, { outdir });
    const without = content(outdir);
    expect(Object.keys(without).length).toBeGreaterThan(3);
    Error.captureStackTrace = whole as typeof quick;
    try {
      synthesize(small, { outdir });
      expect(content(outdir)).toEqual(without);
      synthesize(aProgram(), { outdir });
      expect(Error.captureStackTrace).toBe(whole);
    } finally {
      Error.captureStackTrace = quick;
    }
  });

  it("is the same with and without cdktf's search for references between stacks, of which there are none", () => {
    synthesize(program, { outdir });
    const without = content(outdir);
    const search = jest.spyOn(PlatformStack.prototype, "prepareStack").mockImplementation(function (this: PlatformStack) {
      TerraformStack.prototype.prepareStack.call(this);
    });
    for (const { name } of program.environments) {
      rmSync(outdir, { recursive: true });
      synthesize(program, { outdir, only: name });
      expect(search).toHaveBeenCalled();
      expect(stacksOf(name, content(outdir))).toEqual(stacksOf(name, without));
    }
  });
});
