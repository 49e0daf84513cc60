import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLUMNS } from "../../cli/lines";
import { outputDirectory } from "../../cli/project";
import { start } from "../../cli/start";
import type { Program } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  process.env.CDKTF_OUTDIR = join(outdir, "cdktf.out");
});
afterEach(() => {
  delete process.env.CDKTF_OUTDIR;
  rmSync(outdir, { recursive: true });
  jest.restoreAllMocks();
});

/** What a command prints, and how it ends. */
function run(all: Program, ...args: string[]): { readonly code: number; readonly out: string; readonly err: string } {
  return runOn("2026-11-21", all, ...args);
}

/** The same on another day. */
function runOn(today: string, all: Program, ...args: string[]): { readonly code: number; readonly out: string; readonly err: string } {
  let [out, err] = ["", ""];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  const code = start(all, args, today) as number;
  return { code, out: out.replaceAll(outdir, ""), err };
}

/** A day on which versions of `dev` are about to lose their support. */
const AGING = "2027-06-01";

/** Of what is shipped one environment on AWS, and one without any cloud; the README shows what is said of all. */
const two = { ...program, environments: program.environments.filter(({ name }) => name === "local" || name === "dev") };

describe("npm start", () => {
  it("says what was made, in the order of deployment, what is weaker and why, and what to type next", () => {
    const { code, out, err } = run(two);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatchSnapshot();
  });

  it("prints lines that fit a terminal, also of long reasons and warnings", () => {
    const reason = "a reason in many words ".repeat(8).trim();
    const environments = two.environments.map((one) => (one.name === "local" ? { ...one, exceptions: { disposable: reason } } : one));
    const { out, err } = runOn(AGING, { ...two, environments });
    expect(out).toContain("because: a reason in many words");
    expect(err).toContain("warning: dev.cluster.version: ");
    expect(`${out}${err}`.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
  });

  it("does one environment, named by the user, warns about no other, and has no colours where nobody sees them", () => {
    const { out, err } = runOn(AGING, program, "local");
    expect(err).toBe("");
    expect(out.split("\n").filter((line) => /^\w/.test(line))).toEqual([
      "local  on kind-orders, without a cloud",
      expect.stringMatching(/^7 stacks with \d+ resources are in/),
    ]);
    expect(out).not.toContain("\u001b[");
  });

  it("says the same as data, with warnings apart", () => {
    const { out, err } = runOn(AGING, program, "dev", "--json");
    expect(err).toContain("warning: dev.");
    const [dev] = JSON.parse(out).parts;
    expect(dev).toMatchObject({ name: "dev", kind: "environment", next: "npm run apply -- dev" });
    const { after } = dev.stacks.find(({ id }: { id: string }) => id === "dev-write-side");
    expect(after).toEqual([
      "dev-cluster",
      "dev-network",
      "dev-platform",
      "dev-event-store",
      "dev-read-store",
      "dev-migrations",
      "dev-entry",
    ]);
    expect(dev.exceptions.map(({ name }: { name: string }) => name)).toEqual(
      Object.keys(program.environments.find(({ name }) => name === "dev")?.exceptions ?? {}),
    );
  });

  it("names what there is where a name is wrong", () => {
    const { code, err } = run(program, "prodution");
    expect(code).toBe(1);
    expect(err).toBe(
      "There is no environment prodution; did you mean production?\n  environments: local, dev, staging, production\n  accounts: bootstrap-111122223333, bootstrap-444455556666\n",
    );
  });

  it("says everything that is wrong, and writes nothing", () => {
    const { code, out, err } = run(aProgram(anEnvironment({ eventStore: { engine: "kurrentdb", nodes: 4, storage: "10GB" } })));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      'test.eventStore.storage: "10GB" has an unknown unit "GB"; use one of Ki, Mi, Gi, Ti, like "16Gi"\n' +
        "test.eventStore.nodes: 4 gives no better quorum than 3 and can split evenly; use 3 or 5\n",
    );
    expect(readdirSync(outdir)).toEqual([]);
  });

  it("only checks where types are wrong", () => {
    expect(run(program, "--check-only")).toEqual({ code: 0, out: "", err: "" });
    expect(readdirSync(outdir)).toEqual([]);
  });

  it("refuses what it does not know", () => {
    expect(run(program, "--jsno").err).toBe(
      "--jsno: not an option here; did you mean --json?\n\nUsage: npm start -- [environment] [--json] [--drills]\n",
    );
    expect(run(program, "dev", "staging").code).toBe(1);
  });

  it("says in a line what is in its way", () => {
    writeFileSync(join(outdir, "file"), "");
    process.env.CDKTF_OUTDIR = join(outdir, "file", "cdktf.out");
    expect(run(aProgram(anEnvironment()))).toEqual({
      code: 1,
      out: "",
      err: `${join(outdir, "file")}: must be a directory, but is a file; move the file away\n`,
    });
  });

  it("takes an empty CDKTF_OUTDIR for none", () => {
    for (const [given, expected] of [
      ["", "cdktf.out"],
      ["elsewhere", "elsewhere"],
    ]) {
      process.env.CDKTF_OUTDIR = given;
      expect(outputDirectory()).toBe(expected);
    }
  });

  it("warns of a Kubernetes that is about to lose its support, and refuses one that has", () => {
    const old = aProgram(anEnvironment({ cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" }, version: "1.34" } }));
    expect(runOn("2026-12-03", old)).toMatchObject({
      code: 0,
      err:
        'warning: test.cluster.version: "1.34" left standard support on 2026-12-02; extended support costs\n' +
        "         more, and ends on 2027-12-02; use 1.36\n",
    });
    expect(runOn("2027-12-03", old)).toEqual({
      code: 1,
      out: "",
      err: 'test.cluster.version: "1.34" is out of all support since 2027-12-02; use 1.36\n',
    });
  });
});
