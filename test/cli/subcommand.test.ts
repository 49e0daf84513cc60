import { backup } from "../../cli/backup";
import { command } from "../../cli/command";
import { doctor } from "../../cli/doctor";
import { createProject } from "../../cli/new";
import { outdated } from "../../cli/outdated";
import { render } from "../../cli/render";
import { report } from "../../cli/report";
import { restore } from "../../cli/restore";
import { start } from "../../cli/start";
import { CHECK_ONLY, FLAG, parsed, subcommand } from "../../cli/subcommand";
import { release } from "../../cli/versions";
import { InvalidInput } from "../../constructs/core/errors";
import { anEnvironment, aProgram } from "../environments";

let said = "";
beforeEach(() => {
  said = "";
  jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

describe("a subcommand", () => {
  const parse = (words: readonly string[]) => words;
  const wrong = new InvalidInput([{ path: "dev.nodes", value: 4, rule: "can split evenly", remedy: "use 3" }]);

  it("gets its arguments, and ends with its own exit code", async () => {
    expect(subcommand(aProgram(), ["dev"], parse, (words) => words.length)).toBe(1);
    expect(await subcommand(aProgram(), [], parse, async () => 3)).toBe(3);
  });

  it("prints errors that a user can fix, and leaves others to their trace", async () => {
    expect(await subcommand(aProgram(), [], parse, () => Promise.reject(wrong))).toBe(1);
    expect(said).toBe("dev.nodes: 4 can split evenly; use 3\n");
    const broken = () => {
      throw new TypeError("x is not a function");
    };
    expect(() => subcommand(aProgram(), [], parse, broken)).toThrow(TypeError);
  });

  it("does not run after type errors, but checks its arguments and the program", () => {
    const run = jest.fn(() => 3);
    expect(subcommand(aProgram(), ["dev", CHECK_ONLY], parse, run)).toBe(0);
    expect(subcommand(aProgram(anEnvironment({ name: "NOT A NAME" })), [CHECK_ONLY], parse, run)).toBe(1);
    expect(said).toMatch(/^environments\[0\]\.name: "NOT A NAME" /);
    const refusing = () => {
      throw wrong;
    };
    expect(subcommand(aProgram(), [CHECK_ONLY], refusing, run)).toBe(1);
    expect(run).not.toHaveBeenCalled();
  });
});

describe("options", () => {
  const read = (...words: string[]) => parsed(words, { output: "the path of a file", json: FLAG }, "usage");

  it("stand anywhere, with their values behind them or after =", () => {
    expect(read("dev", "--output", "a", "--json")).toEqual({ names: ["dev"], values: { output: "a", json: true } });
    expect(read("--output=a=b", "dev", "test")).toEqual({ names: ["dev", "test"], values: { output: "a=b" } });
    expect(read("--", "dev")).toEqual({ names: ["dev"], values: {} });
  });

  it.each([
    [["--outptu", "a"], "--outptu: not an option here; did you mean --output?"],
    [["--x", "-y", "dev"], "--x -y: not an option here"],
    [["json", "-json=1"], "-json=1: not an option here; did you mean --json?"],
    [["--output"], "--output: needs the path of a file"],
    [["--output", "--json"], "--output: needs the path of a file"],
    [["--output="], "--output: needs the path of a file"],
    [["--json=yes"], "--json: takes no value"],
  ])("are refused: %j", (words, message) => {
    expect(() => read(...words)).toThrow(`${message}\n\nusage`);
  });

  const program = aProgram();
  it.each<readonly [string, (argv: readonly string[]) => number | Promise<number>]>([
    ["start", (argv) => start(program, argv)],
    ["plan", (argv) => command(program, ["plan", ...argv])],
    ["apply", (argv) => command(program, ["apply", ...argv])],
    ["destroy", (argv) => command(program, ["destroy", ...argv])],
    ["bootstrap", (argv) => command(program, ["bootstrap", ...argv])],
    ["release", (argv) => release(program, argv)],
    ["backup", (argv) => backup(program, argv)],
    ["restore", (argv) => restore(program, argv)],
    ["doctor", (argv) => doctor(program, argv)],
    ["outdated", (argv) => outdated(program, argv)],
    ["manifests", (argv) => render(program, argv)],
    ["report", (argv) => report(program, argv)],
  ])("that %s doesn't have are refused in the same words", async (_, run) => {
    expect(await run(["dev", "--nonsense"])).toBe(1);
    expect(said).toMatch(/^--nonsense: not an option here(;.*)?\n/);
  });

  it("that new doesn't have too", async () => {
    await expect(createProject(["shop", "--nonsense"])).rejects.toThrow(/^--nonsense: not an option here\n/);
  });
});
