import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { render } from "../../cli/render";
import { program } from "../../environments";
import { installed, run } from "../aws/process";
import { Missing, Results, Wrong } from "../aws/results";
import { EXPLAINED, type Explained } from "./explained";

/** A check that an object fails. */
interface Failed {
  readonly check: string;

  /** `Kind/namespace/name` */
  readonly object: string;
  readonly says: string;
}

/** How each tool is asked about some files, and what it answers. */
const TOOLS: Readonly<Record<Explained["tool"], (files: readonly string[], log: string) => Promise<readonly Failed[]>>> = {
  "kube-score": async (files, log) => {
    const { stdout, output } = await run("kube-score", ["score", "--output-format", "json", ...files], { log });
    const objects = parsed(stdout, output) as {
      readonly object_name: string;
      readonly checks: readonly {
        check: { id: string };
        grade: number;
        skipped: boolean;
        comments: readonly { summary: string }[] | null;
      }[];
    }[];
    return objects.flatMap(({ object_name, checks }) =>
      checks
        .filter(({ grade, skipped }) => grade === CRITICAL && !skipped)
        .map(({ check, comments }) => ({ check: check.id, object: nameOf(object_name), says: comments?.[0]?.summary ?? "" })),
    );
  },
  checkov: async (files, log) => {
    const options = ["--framework", "kubernetes", "-o", "json", "--quiet", "--compact", "--skip-download", "--soft-fail"];
    const { stdout, output } = await run("checkov", [...files.flatMap((file) => ["-f", file]), ...options], { log });
    const { summary, results } = parsed(stdout, output) as {
      readonly summary: { readonly passed: number };
      readonly results: { readonly failed_checks: readonly { check_id: string; check_name: string; resource: string }[] };
    };
    if (!(summary.passed > 0)) throw new Error(`Checkov looked at nothing:\n${output}`);
    return results.failed_checks.map(({ check_id, check_name, resource }) => ({
      check: check_id,
      object: resource.replace(".", "/").replace(".", "/"),
      says: check_name,
    }));
  },
};

/** The worst of kube-score's grades. */
const CRITICAL = 1;

function parsed(stdout: string, output: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`There is no report:\n${output}`);
  }
}

/** `Deployment/apps/v1/orders/api` without its API. */
function nameOf(full: string): string {
  const parts = full.split("/");
  return [parts[0], ...parts.slice(-2)].join("/");
}

/** What a person who knows Kubernetes would ask about the objects of every environment has an answer. */
async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "manifests-tier-"));
  const results = new Results();
  const used = new Set<Explained>();
  const there = new Set<string>();
  for (const tool of Object.keys(TOOLS))
    if (await installed(tool, join(directory, "means.log"), tool === "checkov" ? "--version" : "version")) there.add(tool);
  for (const { name } of program.environments) {
    render(program, [name, "--out", directory]);
    const files = readdirSync(join(directory, name)).filter((file) => file.endsWith(".yaml") && !file.endsWith(".values.yaml"));
    for (const [tool, failed] of Object.entries(TOOLS)) {
      await results.step(`${name}: ${tool}`, "check", async () => {
        if (!there.has(tool)) throw new Missing(`${tool} is not on the PATH`);
        const paths = files.map((file) => join(directory, name, file));
        const unexplained = (await failed(paths, join(directory, `${tool}.log`))).filter(({ check, object }) => {
          const reason = EXPLAINED.find((one) => one.tool === tool && one.check === check && (one.of?.test(object) ?? true));
          if (reason) used.add(reason);
          return !reason;
        });
        const lines = [...new Set(unexplained.map(({ check, object, says }) => `${check} ${object}: ${says}`))];
        if (lines.length > 0) throw new Wrong(lines.join("\n"));
      });
    }
  }
  await results.step("explanations", "check", async () => {
    const stale = EXPLAINED.filter((one) => there.has(one.tool) && !used.has(one));
    if (stale.length > 0) throw new Wrong(stale.map(({ tool, check }) => `nothing needs ${check} of ${tool} any more`).join("\n"));
  });
  console.log(results.table());
  if (!results.failed) rmSync(directory, { recursive: true });
  return results.failed ? 1 : 0;
}

main().then((code) => {
  process.exitCode = code;
});
