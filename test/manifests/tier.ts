import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Document } from "yaml";
import { kubernetesVersion, render } from "../../cli/render";
import { RELEASES, releases } from "../../docs/releases";
import { Missing, Results, Wrong } from "../aws/results";
import { VARIETY } from "../cluster/varieties";
import { EXAMPLES } from "../examples/programs";
import { program } from "../fixtures/environments";
import { EXPLAINED, type Explained } from "./explained";
import { type Asked, documentsOf, missing, TOOLS, type Tool, type ToolName } from "./tools";

/** What no API server would accept, made of an object that it does, and what is to be said of it. */
const MUTANTS: readonly {
  readonly kind: string;
  readonly at: readonly (string | number)[];
  readonly is: unknown;
  readonly says: string;
}[] = [
  { kind: "Deployment", at: ["spec", "replica"], is: 3, says: "/spec: additional properties 'replica' not allowed" },
  {
    kind: "Deployment",
    at: ["spec", "template", "spec", "terminationGracePeriodSeconds"],
    is: "30",
    says: "/spec/template/spec/terminationGracePeriodSeconds: got string, want null or integer",
  },
  { kind: "Deployment", at: ["apiVersion"], is: "apps/v2", says: "could not find schema for Deployment" },
  { kind: "HTTPRoute", at: ["spec", "hostname"], is: ["orders.example.com"], says: "/spec: additional properties 'hostname' not allowed" },
  {
    kind: "HTTPRoute",
    at: ["spec", "rules", 0, "backendRefs", 0, "port"],
    is: "http",
    says: "/spec/rules/0/backendRefs/0/port: got string, want integer",
  },
  { kind: "HTTPRoute", at: ["metadata", "label"], is: {}, says: "/metadata: additional properties 'label' not allowed" },
];

async function seeMutants(asked: Omit<Asked, "files">, files: readonly string[]): Promise<void> {
  const documents = files.flatMap(documentsOf);
  const mutants = MUTANTS.map(({ kind, at, is }, index) => {
    const document = documents.find((each) => each.get("kind") === kind)?.clone() as Document | undefined;
    if (!document) throw new Error(`there is no ${kind} to make a mutant of`);
    document.setIn(at, is);
    const file = join(asked.directory, `mutant-${index}.yaml`);
    writeFileSync(file, document.toString());
    return file;
  });
  const found = await TOOLS.kubeconform.failed({ ...asked, files: mutants });
  const unseen = MUTANTS.filter(({ says }, index) => !found.some((one) => one.check === `mutant-${index}.yaml` && one.says === says));
  if (unseen.length > 0)
    throw new Wrong(
      [...unseen.map(({ kind, at }) => `unseen: ${kind} ${at.join(".")}`), ...found.map(({ check, says }) => `${check}: ${says}`)].join(
        "\n",
      ),
    );
}

/** What a person who knows Kubernetes would ask about the objects of every environment has an answer. */
async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "manifests-tier-"));
  const results = new Results();
  const used = new Set<Explained>();
  const without = new Map<string, string | undefined>();
  for (const [name, tool] of Object.entries(TOOLS)) without.set(name, await missing(name, tool, join(directory, "means.log")));
  const step = (subject: string, tool: ToolName, work: () => Promise<void>) =>
    results.step(`${subject}: ${tool}`, "check", async () => {
      const why = without.get(tool);
      if (why) throw new Missing(why);
      await work();
    });
  const subjects = [...[program, VARIETY].map((of) => ["", of] as const), ...Object.entries(EXAMPLES)].flatMap(([example, of]) =>
    of.environments.map((environment) => ({ example, of, environment })),
  );
  for (const { example, of, environment } of subjects) {
    const name = [example, environment.name].filter(Boolean).join(" ");
    const rendered = join(directory, example);
    render(of, [environment.name, "--out", rendered]);
    const names = readdirSync(join(rendered, environment.name)).filter((file) => file.endsWith(".yaml") && !file.endsWith(".values.yaml"));
    const files = names.map((file) => join(rendered, environment.name, file));
    const version = kubernetesVersion(environment);
    for (const [tool, { failed }] of Object.entries(TOOLS) as [ToolName, Tool][]) {
      // What engines that no environment has make is right or wrong; how good it is, the others show.
      if (of === VARIETY && tool !== "kubeconform") continue;
      const asked = { version, directory, log: join(directory, `${tool}.log`) };
      await step(name, tool, async () => {
        const unexplained = (await failed({ ...asked, files })).filter(({ check, object, says }) => {
          // What an apply brings has its form then.
          if (says.startsWith("/") && says.includes("'known-after-apply' does not match pattern")) return false;
          const reason = EXPLAINED.find((one) => one.tool === tool && one.check === check && (one.of?.test(object) ?? true));
          if (reason) used.add(reason);
          return !reason;
        });
        const lines = [...new Set(unexplained.map(({ check, object, says }) => `${check} ${object}: ${says}`))];
        if (lines.length > 0) throw new Wrong(lines.join("\n"));
      });
      if (of === program && tool === "kubeconform")
        await step(`what no API server accepts of ${name} is seen`, tool, () => seeMutants(asked, files));
    }
  }
  await results.step(`what ${RELEASES} says that is planned`, "check", async () => {
    if (readFileSync(RELEASES, "utf8") !== releases()) throw new Wrong("something else is planned: npm run docs writes it anew");
  });
  await results.step("explanations", "check", async () => {
    const stale = EXPLAINED.filter((one) => !without.get(one.tool) && !used.has(one));
    if (stale.length > 0) throw new Wrong(stale.map(({ tool, check }) => `nothing needs ${check} of ${tool} any more`).join("\n"));
  });
  console.log(results.table());
  if (!results.failed) rmSync(directory, { recursive: true });
  return results.failed ? 1 : 0;
}

main().then((code) => {
  process.exitCode = code;
});
