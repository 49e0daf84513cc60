import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { program } from "../../main";
import type { Program } from "../../stacks";
import { installed, run } from "../aws/process";
import { Missing, Results, Wrong } from "../aws/results";
import { VARIETY } from "../cluster/varieties";
import { EXAMPLES } from "../examples/programs";
import { Synthesized } from "../examples/synthesized";
import { all, type Body } from "../synth";
import { ruleFiles } from "./knowledge";
import { play } from "./synthetic/play";

/** The programs of Prometheus and Alertmanager: in `PATH`, as Debian calls them, or named by a variable. */
const TOOLS = {
  promtool: process.env.PROMTOOL ?? "promtool",
  prometheus: process.env.PROMETHEUS ?? "prometheus",
  alertmanager: process.env.ALERTMANAGER ?? "prometheus-alertmanager",
  amtool: process.env.AMTOOL ?? (process.env.ALERTMANAGER ? join(dirname(process.env.ALERTMANAGER), "amtool") : "amtool"),
} as const;

type ToolName = keyof typeof TOOLS;

/** Files of tests that are evaluated at once. */
const AT_ONCE = 2;

const TESTS = join("test", "observability", "rules");

/** What an environment installs on its clusters, as files that promtool and amtool read. */
interface Installed {
  readonly name: string;

  /** Files of rules, one for each PrometheusRule. */
  readonly rules: readonly string[];

  /** Configurations of Alertmanager, one for each cluster. */
  readonly alertmanagers: readonly string[];

  /** Configurations of Prometheus: external labels and what is done with the labels of alerts, over the rules of the cluster. */
  readonly prometheuses: readonly string[];
}

async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "rules-tier-"));
  const results = new Results();
  const log = join(directory, "tools.log");
  const without = new Map<ToolName, string>();
  for (const [name, path] of Object.entries(TOOLS) as [ToolName, string][])
    if (!(await installed(path, log, "--version")))
      without.set(name, `${path} is not found: put it in PATH, or name it in ${name.toUpperCase()}`);
  const step = (subject: string, tools: readonly ToolName[], work: () => Promise<void>) =>
    results.step(subject, "check", async () => {
      const why = tools.flatMap((tool) => without.get(tool) ?? []);
      if (why.length > 0) throw new Missing(why.join("; "));
      await work();
    });
  const accepted = async (tool: ToolName, ...args: readonly string[]) => {
    const { status, output } = await run(TOOLS[tool], args, { log, minutes: 5 });
    if (status !== 0) throw new Wrong(output);
  };

  const files = ruleFiles();
  await step(`${files.length} rule files`, ["promtool"], () => accepted("promtool", "check", "rules", "--lint-fatal", ...files));
  const known = new Set<string>();
  const as = (await readsUrlFiles(directory, log)) ? (config: Body) => config : readable;
  for (const { name, rules, alertmanagers, prometheuses } of installations(directory, as)) {
    if (rules.length > 0)
      await step(`${name}: ${rules.length} PrometheusRule objects`, ["promtool"], () =>
        accepted("promtool", "check", "rules", "--lint-fatal", ...rules),
      );
    for (const file of prometheuses)
      await step(`${name}: Prometheus of ${basename(dirname(file))}`, ["promtool"], () => accepted("promtool", "check", "config", file));
    for (const file of alertmanagers)
      await step(`${name}: Alertmanager of ${basename(dirname(file))}`, ["amtool"], () => accepted("amtool", "check-config", file));
    for (const file of [...rules, ...alertmanagers]) known.add(file);
  }
  await results.step("objects and configurations are found in the environments", "check", async () => {
    if (![...known].some((file) => file.endsWith("alertmanager.yml"))) throw new Wrong("no environment installs an Alertmanager");
    if (![...known].some((file) => file.includes("platform-"))) throw new Wrong("no environment installs rules of the platform");
  });
  for (const { name, tool, args, text } of mutants(directory))
    await step(`${name} is refused`, [tool], async () => {
      writeFileSync(args.at(-1) as string, text);
      const { status, output } = await run(TOOLS[tool], args, { log, minutes: 1 });
      if (status === 0) throw new Wrong(`it is accepted:\n${output}`);
    });

  // The largest first, so that none is left for the end.
  const tests = readdirSync(TESTS)
    .filter((name) => name.endsWith(".test.yaml"))
    .map((name) => join(TESTS, name))
    .sort((one, other) => statSync(other).size - statSync(one).size);
  await inTurns(tests, AT_ONCE, (file) => step(basename(file), ["promtool"], () => accepted("promtool", "test", "rules", file)));

  const played = () => play({ prometheus: TOOLS.prometheus, alertmanager: TOOLS.alertmanager, say: (line) => console.log(line) });
  await step("faults of a synthetic system", ["prometheus", "alertmanager"], () =>
    played().catch((error: unknown) => {
      if (!(error instanceof Wrong)) throw error;
      // A second of the machine is a minute of the systems. What is wrong with a rule is wrong once more.
      console.log(`played once more, because:\n${error.message}`);
      return played();
    }),
  );
  console.log(results.table());
  if (!results.failed) rmSync(directory, { recursive: true });
  return results.failed ? 1 : 0;
}

/** What is wrong, so that a tool that accepts everything is found. */
function mutants(directory: string): readonly { name: string; tool: ToolName; args: readonly string[]; text: string }[] {
  const file = (name: string) => join(directory, name);
  const rules = (expr: string) => stringify({ groups: [{ name: "wrong", rules: [{ alert: "Wrong", expr }] }] });
  writeFileSync(file("rules.yaml"), rules("up == 0"));
  const test = { input_series: [{ series: "up", values: "1x10" }], alert_rule_test: [{ eval_time: "5m", alertname: "Wrong" }] };
  return [
    { name: "a rate of no range", tool: "promtool", args: ["check", "rules", file("a.yaml")], text: rules("rate(up) > 0") },
    {
      name: "a rule that is there twice",
      tool: "promtool",
      args: ["check", "rules", "--lint-fatal", file("b.yaml")],
      text: stringify({ groups: [{ name: "wrong", rules: [1, 2].map(() => ({ record: "a:up", expr: "up" })) }] }),
    },
    {
      name: "an alert that was to fire and doesn't",
      tool: "promtool",
      args: ["test", "rules", file("c.yaml")],
      text: stringify({
        rule_files: ["rules.yaml"],
        tests: [{ ...test, alert_rule_test: test.alert_rule_test.map((one) => ({ ...one, exp_alerts: [{ exp_labels: {} }] })) }],
      }),
    },
    {
      name: "a route to nobody",
      tool: "amtool",
      args: ["check-config", file("d.yml")],
      text: stringify({ route: { receiver: "team" }, receivers: [{ name: "nobody" }] }),
    },
  ];
}

/** Everything that environments and examples install, written to files. */
function installations(directory: string, as: (config: Body) => Body): readonly Installed[] {
  const programs: readonly (readonly [string, Program])[] = [["", program], ["variety", VARIETY], ...Object.entries(EXAMPLES)];
  return programs.flatMap(([example, of]) => {
    const synthesized = new Synthesized(of);
    return of.environments.map((environment) => {
      const name = [example, environment.name].filter(Boolean).join(" ");
      const rules: string[] = [];
      const alertmanagers: string[] = [];
      const prometheuses: string[] = [];
      for (const id of synthesized.ids(environment.name)) {
        const place = join(directory, name.replace(" ", "-"), id);
        const objects = synthesized.objects(id, "PrometheusRule");
        const written = objects.map(({ metadata, spec }) => write(join(place, `${metadata.name}.yaml`), spec));
        rules.push(...written);
        for (const values of releasesOf(synthesized.stack(id))) {
          if (!values.alertmanager?.config) continue;
          alertmanagers.push(write(join(place, "alertmanager.yml"), as(values.alertmanager.config)));
          const { externalLabels, additionalAlertRelabelConfigs } = values.prometheus.prometheusSpec;
          const config = {
            global: { external_labels: externalLabels },
            alerting: { alert_relabel_configs: additionalAlertRelabelConfigs },
            rule_files: written.map((file) => resolve(file)),
          };
          prometheuses.push(write(join(place, "prometheus.yml"), config));
        }
      }
      return { name, rules, alertmanagers, prometheuses };
    });
  });
}

function releasesOf(stack: Body): readonly Body[] {
  return all(stack, "helm_release").flatMap(({ values = [] }) =>
    values.filter((each: string) => each.startsWith("{")).map((each: string) => JSON.parse(each.replace(/([$%])\1\{/g, "$1{"))),
  );
}

/** Alertmanager knows an address from a file for webhooks since 0.26, and Debian's is 0.25. */
async function readsUrlFiles(directory: string, log: string): Promise<boolean> {
  const receiver = { name: "team", webhook_configs: [{ url_file: "/url" }] };
  const file = write(join(directory, "url-file.yml"), { route: { receiver: "team" }, receivers: [receiver] });
  const { status } = await run(TOOLS.amtool, ["check-config", file], { log, minutes: 1 });
  return status === 0;
}

/** The same for an older one. */
function readable(config: Body): Body {
  const receivers = config.receivers.map(({ webhook_configs: webhooks, ...receiver }: Body) =>
    webhooks
      ? { ...receiver, webhook_configs: webhooks.map(({ url_file, ...rest }: Body) => ({ ...rest, url: `http://localhost${url_file}` })) }
      : receiver,
  );
  return { ...config, receivers };
}

function write(file: string, content: object): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stringify(content));
  return file;
}

async function inTurns<T>(tasks: readonly T[], atOnce: number, work: (task: T) => Promise<unknown>): Promise<void> {
  const left = [...tasks];
  const worker = async () => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await work(task);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

main().then((code) => {
  process.exitCode = code;
});
