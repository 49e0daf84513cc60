import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Each file, and the files that it imports, types included. */
type Graph = ReadonlyMap<string, readonly string[]>;

const IMPORT = /^(?:import|export)\b[^;"]*?from "(\.[^"]*)"/gms;

function graphOf(files: readonly string[], read: (file: string) => string): Graph {
  const imported = (file: string) =>
    [...read(file).matchAll(IMPORT)].flatMap(([, path = ""]) => {
      const target = normalize(join(dirname(file), path));
      return [`${target}.ts`, `${target}/index.ts`].filter((one) => files.includes(one)).slice(0, 1);
    });
  return new Map(files.map((file) => [file, imported(file)]));
}

/** The shortest circle that each file of a circle is part of, written once. */
function circles(graph: Graph): readonly string[] {
  const found = new Set<string>();
  for (const start of graph.keys()) {
    const paths: string[][] = [[start]];
    const seen = new Set<string>();
    for (let path = paths.shift(); path; path = paths.shift()) {
      const last = path.at(-1) ?? start;
      const next = graph.get(last) ?? [];
      if (next.includes(start)) {
        const first = path.indexOf([...path].sort()[0] ?? start);
        found.add([...path.slice(first), ...path.slice(0, first)].join(" → "));
        break;
      }
      for (const file of next.filter((one) => !seen.has(one))) {
        seen.add(file);
        paths.push([...path, file]);
      }
    }
  }
  return [...found].sort();
}

/** What each layer may import, beside itself and constructs/core. */
const LAYERS: readonly (readonly [layer: string, allowed: readonly string[]])[] = [
  ["constructs/", ["constructs/"]],
  ["stacks/model/", ["stacks/model/", "constructs/"]],
  ["stacks/base/", ["stacks/base/", "stacks/model/", "constructs/"]],
  ["stacks/cloud/", ["stacks/cloud/", "stacks/base/", "stacks/model/", "constructs/"]],
  ["stacks/", ["stacks/", "constructs/"]],
];

function upward(graph: Graph): readonly string[] {
  return [...graph].flatMap(([file, imports]) => {
    const allowed = LAYERS.find(([layer]) => file.startsWith(layer))?.[1];
    return allowed ? imports.filter((one) => !allowed.some((layer) => one.startsWith(layer))).map((one) => `${file} → ${one}`) : [];
  });
}

/** Imports of what a project edits, outside of the program and of the tests of its environments. */
function ofEnvironments(graph: Graph): readonly string[] {
  const edited = (file: string) => file === "main.ts" || file.startsWith("environments/");
  return [...graph]
    .filter(([file]) => !edited(file) && !file.startsWith("test/environments/"))
    .flatMap(([file, imports]) => imports.filter(edited).map((one) => `${file} → ${one}`));
}

const { stdout } = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], { encoding: "utf8" });
const files = stdout.split("\n").filter((file) => existsSync(file));
const sources = files.filter((file) => /^(constructs|stacks|cli|environments)\//.test(file));
const graph = graphOf(sources, (file) => readFileSync(file, "utf8"));

describe("imports", () => {
  it("form no circle, in stacks not even of types", () => {
    expect(graph.size).toBeGreaterThan(300);
    expect(circles(new Map([...graph].filter(([file]) => !file.startsWith("constructs/"))))).toEqual([]);
    const values = (file: string) => readFileSync(file, "utf8").replace(/^(import|export) type\b/gm, "type");
    expect(circles(graphOf(sources, values))).toEqual([]);
  });

  it("point from stacks to the model and from there to constructs", () => {
    expect(upward(graph)).toEqual([]);
  });

  it("leave environments to the program: tests and documents use test/fixtures, which an edit of environments/ does not change", () => {
    expect(ofEnvironments(graphOf(files, (file) => readFileSync(file, "utf8")))).toEqual([
      "test/cluster/tier.ts → main.ts",
      "test/observability/tier.ts → main.ts",
    ]);
    const importing = { "test/a.test.ts": 'import { dev } from "../environments/dev";', "environments/dev.ts": "" };
    const broken = graphOf(Object.keys(importing), (file) => importing[file as keyof typeof importing]);
    expect(ofEnvironments(broken)).toEqual(["test/a.test.ts → environments/dev.ts"]);
  });

  it("are found where they form a circle or point upward", () => {
    const files: Readonly<Record<string, string>> = {
      "stacks/model/a.ts": 'import { b } from "./b";',
      "stacks/model/b.ts": 'import type {\n  C,\n} from "../base/c";',
      "stacks/base/c.ts": 'export { a } from "../model/a";',
    };
    const broken = graphOf(Object.keys(files), (file) => files[file] ?? "");
    expect(circles(broken)).toEqual(["stacks/base/c.ts → stacks/model/a.ts → stacks/model/b.ts"]);
    expect(upward(broken)).toEqual(["stacks/model/b.ts → stacks/base/c.ts"]);
  });

  it("leave engines to their table: nothing else in stacks compares their names", () => {
    const compares = (text: string) => /engine\s*[!=]==?\s*"/.test(text);
    const found = sources.filter((file) => /^(stacks|cli)\//.test(file) && !file.startsWith("stacks/model/stores/"));
    expect(found.filter((file) => compares(readFileSync(file, "utf8")))).toEqual([]);
    expect(compares('if (store.engine === "kurrentdb")')).toBe(true);
  });
});
