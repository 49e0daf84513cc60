import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../../cli/report";
import { anEnvironment, aProgram } from "../environments";
import { TODAY } from "./pages";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

const eks = { version: "1.35", nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const program = aProgram(
  anEnvironment({ name: "one", cluster: { context: "kind-one" }, exceptions: { disposable: "ends with a test" }, aws: undefined }),
  anEnvironment({ name: "two", cluster: eks }),
);

async function run(...args: string[]) {
  const said = { out: "", err: "" };
  for (const [stream, name] of [["stdout", "out"] as const, ["stderr", "err"] as const])
    jest.spyOn(process[stream], "write").mockImplementation((text) => {
      said[name] += text;
      return true;
    });
  const code = await report(program, args, TODAY);
  return { code, out: said.out.replaceAll(directory, ""), err: said.err.replaceAll(directory, "") };
}

describe("npm run report", () => {
  it("writes one page about the named environments, with a sum if there are prices", async () => {
    const [output, prices] = [join(directory, "page.html"), join(directory, "prices.json")];
    writeFileSync(prices, JSON.stringify({ currency: "USD", source: "a list", date: TODAY, prices: { "EKS control plane": 0.1 } }));
    expect(await run("two", "--output", output, "--prices", prices)).toMatchObject({
      code: 0,
      out: "/page.html: written, about two\nNext: open file:///page.html in a browser\n",
      err: expect.stringMatching(/^synthesizing one, two\ndrawing two, 1 of 1\nwarning: two\./),
    });
    const page = readFileSync(output, "utf8");
    expect(page).toContain("<strong>73 USD</strong> in a month, at the prices of a list, 2026-11-28, ");
    expect(page).toContain('id="two-stacks"');
    expect(page).not.toContain('id="one-stacks"');
    // Warnings of npm start are in the page too.
    expect(page).toContain("<li>two.cluster.version: &quot;1.35&quot; leaves standard support on 2027-03-27");
  });

  it("prints no sum without prices", async () => {
    const output = join(directory, "page.html");
    expect((await run("--output", output)).err).toMatch(/drawing one, 1 of 2\ndrawing two, 2 of 2\nwarning: two\./);
    expect(readFileSync(output, "utf8")).not.toContain(" in a month, at the prices");
  });

  it("warns only about the named environments", async () => {
    expect((await run("one", "--output", join(directory, "page.html"))).err).not.toContain("warning");
  });

  it("refuses what it does not know, and writes nothing", async () => {
    const refused = async (...args: string[]) => (await run(...args, "--output", join(directory, "page.html"))).err;
    expect(await refused("tow")).toMatch(/^There is no environment tow; did you mean two\?\n/);
    expect(await refused("--outptu")).toMatch(/^--outptu: not an option here; did you mean --output\?\n/);
    expect((await run("--prices")).err).toMatch(/^--prices: needs the path of a file\n/);
    expect(await refused("--prices", join(directory, "none.json"))).toMatch(/\n\/none\.json: doesn't exist; create it\n$/);
    expect(await refused("--prices", directory)).toMatch(/: must be a file, but is a directory; move the directory away\n$/);
    expect(existsSync(join(directory, "page.html"))).toBe(false);
  });

  it("only checks where types are wrong", async () => {
    expect(await run("--check-only")).toEqual({ code: 0, out: "", err: "" });
  });

  it("says how to install what draws diagrams", async () => {
    jest.doMock("elkjs/lib/elk.bundled.js", () => {
      throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    });
    expect(await run("--output", join(directory, "page.html"))).toEqual({
      code: 1,
      out: "",
      err: "synthesizing one, two\ndrawing one, 1 of 2\nelkjs: is not installed, and report needs it to draw diagrams; run npm install --save-dev elkjs\n",
    });
    jest.dontMock("elkjs/lib/elk.bundled.js");
  });
});
