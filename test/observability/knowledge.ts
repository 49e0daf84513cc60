import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { promql } from "./promql";

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts?: readonly { readonly exp_labels: Readonly<Record<string, string>>; readonly exp_annotations?: object }[];
}

interface PromtoolTests {
  readonly rule_files: readonly string[];
  readonly group_eval_order?: readonly string[];
  readonly tests: readonly { readonly alert_rule_test?: readonly AlertTest[] }[];
}

/** What is known of operating a system: rules, what exporters export, runbooks, and tests of rules, each by its file. */
export interface Knowledge {
  readonly rules: Readonly<Record<string, readonly Rule[]>>;

  /** Names of the groups that a file of rules has. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly metrics: Readonly<Record<string, { readonly source?: string; readonly metrics: Readonly<Record<string, { type: string }>> }>>;
  readonly runbooks: Readonly<Record<string, string>>;
  readonly tests: Readonly<Record<string, PromtoolTests>>;
}

const filesOf = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));

/** The files of rules, each beside its concern. */
export function ruleFiles(): readonly string[] {
  return readdirSync("constructs")
    .map((concern) => join("constructs", concern))
    .filter((concern) => readdirSync(concern).includes("rules"))
    .flatMap((concern) => filesOf(join(concern, "rules"), ".yaml"));
}

const OBSERVABILITY = join("test", "observability");

/** All of it, as it lies in the repository. */
export function knowledge(): Knowledge {
  const each = <T>(files: readonly string[], of: (file: string) => T) => Object.fromEntries(files.map((file) => [file, of(file)]));
  const groupsOf = (file: string): readonly Group[] => parsed(file).groups;
  return {
    rules: each(ruleFiles(), (file) => groupsOf(file).flatMap(({ rules }) => rules)),
    groups: each(ruleFiles(), (file) => groupsOf(file).map(({ name }) => name)),
    metrics: each(filesOf(join(OBSERVABILITY, "metrics"), ".yaml"), parsed),
    runbooks: each(
      filesOf(join("docs", "runbooks"), ".md").filter((file) => basename(file) !== "README.md"),
      (file) => readFileSync(file, "utf8"),
    ),
    // Most of the text, which few read.
    get tests() {
      return each(filesOf(join(OBSERVABILITY, "rules"), ".test.yaml"), parsed);
    },
  };
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const contents = new Map<string, any>();

/** What a file of YAML says, parsed once for all that ask. */
function parsed(file: string): any {
  if (!contents.has(file)) contents.set(file, parse(readFileSync(file, "utf8")));
  return contents.get(file);
}

/** Series that Prometheus itself makes. */
const OWN = [
  "up",
  "scrape_duration_seconds",
  "scrape_samples_scraped",
  "scrape_samples_post_metric_relabeling",
  "ALERTS",
  "ALERTS_FOR_STATE",
];

/** Recorded under the name that systems look for; that of the whole system spans clusters. */
const HEALTH = "cqrs:health";

const SEVERITIES = ["critical", "warning", "info"];

const SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"];

/** Names that rules and panels may use. */
export function knownMetrics({ rules, metrics }: Knowledge): ReadonlySet<string> {
  const exported = Object.values(metrics)
    .flatMap((list) => Object.entries(list.metrics))
    .flatMap(([name, { type }]) => (type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`, name] : [name]));
  const recorded = Object.values(rules)
    .flat()
    .flatMap(({ record }) => (record ? [record] : []));
  return new Set([...OWN, ...exported, ...recorded]);
}

/** What is wrong with any of it. */
export function problems(all: Knowledge): readonly string[] {
  const known = knownMetrics(all);
  const alerts = Object.entries(all.rules).flatMap(([file, rules]) =>
    rules.flatMap((rule) => (rule.alert ? [{ ...rule, file, alert: rule.alert }] : [])),
  );
  return [
    ...Object.entries(all.rules).flatMap(([file, rules]) =>
      rules.flatMap((rule) => {
        const where = `${file}: ${rule.alert ?? rule.record}`;
        return [
          ...expressionProblems(where, rule.expr, known),
          ...(rule.record === HEALTH && rule.labels?.part === "system" ? [] : promql(rule.expr).dropping("cluster")).map(
            (what) => `${where}: drops cluster in ${what}`,
          ),
          ...(rule.record && rule.record !== HEALTH && !/^[a-z0-9_]+:[a-z0-9_]+:[a-z0-9_]+$/.test(rule.record)
            ? [`${where}: is not level:metric:operations`]
            : []),
        ];
      }),
    ),
    ...alerts.flatMap(alertProblems),
    ...repeated(alerts.map(({ alert }) => alert)).map((alert) => `${alert}: is the name of several alerts`),
    ...Object.entries(all.metrics).flatMap(([file, list]) => (list.source ? [] : [`${file}: has no source`])),
    ...runbookProblems(
      all,
      alerts.map(({ alert }) => alert),
      known,
    ),
    ...testProblems(all, alerts),
  ];
}

function expressionProblems(where: string, text: string, known: ReadonlySet<string>): readonly string[] {
  const {
    errors: [error],
    metrics,
  } = promql(text);
  // What follows the first error is guessed.
  if (error !== undefined) return [`${where}: can't be parsed at ${error}`];
  return metrics.flatMap((name) => {
    if (name === undefined) return [`${where}: selects series without a name`];
    return known.has(name) ? [] : [`${where}: no known exporter has ${name}`];
  });
}

function alertProblems({ file, alert, labels = {}, annotations = {}, ...rule }: Rule & { file: string; alert: string }): readonly string[] {
  const where = `${file}: ${alert}`;
  return [
    ...(/^([A-Z][a-z0-9]+)+$/.test(alert) ? [] : [`${where}: is not in CamelCase`]),
    ...(SEVERITIES.includes(labels.severity ?? "") ? [] : [`${where}: has no severity of ${SEVERITIES.join(", ")}`]),
    ...(rule.for ? [] : [`${where}: has no for`]),
    ...["summary", "description"].flatMap((key) => (annotations[key]?.trim() ? [] : [`${where}: has no ${key}`])),
    ...(annotations.runbook_url ? [`${where}: has a runbook_url, which is added when rules are loaded`] : []),
  ];
}

function runbookProblems({ runbooks }: Knowledge, alerts: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const pageOf = (alert: string) => join("docs", "runbooks", `${alert.toLowerCase()}.md`);
  const pages = new Map(alerts.map((alert) => [pageOf(alert), alert]));
  return [
    ...[...pages].flatMap(([page, alert]) => (runbooks[page] === undefined ? [`${alert}: has no runbook ${page}`] : [])),
    ...Object.entries(runbooks).flatMap(([page, text]) => {
      const alert = pages.get(page);
      if (alert === undefined) return [`${page}: is about no alert`];
      const [title = "", ...sections] = text.split(/^## /m);
      const found = sections.map((section) => section.split("\n")[0]);
      return [
        ...(title.trim() === `# ${alert}` ? [] : [`${page}: is not called ${alert}`]),
        ...(found.join() === SECTIONS.join() ? [] : [`${page}: has not the sections ${SECTIONS.join(", ")}`]),
        ...sections.flatMap((section) => (section.split("\n").slice(1).join("").trim() ? [] : [`${page}: ${section.trim()} is empty`])),
        ...[...text.matchAll(/^```promql\n([\s\S]*?)^```/gm)]
          .flatMap(([, block = ""]) => block.trim().split("\n"))
          .flatMap((query) => expressionProblems(page, query, known)),
      ];
    }),
  ];
}

function testProblems({ tests, rules, groups }: Knowledge, alerts: readonly (Rule & { file: string; alert: string })[]): readonly string[] {
  const all = Object.entries(tests).flatMap(([file, { rule_files, tests: each }]) => {
    const loaded = rule_files.map((path) => join(file, "..", path));
    return each.flatMap(({ alert_rule_test = [] }) => alert_rule_test.map((test) => ({ ...test, file, loaded })));
  });
  return [
    // What a group records another one reads, a minute late or not: promtool evaluates groups in an order of chance.
    ...Object.entries(tests).flatMap(([file, { rule_files, group_eval_order: order = [] }]) => {
      const own = rule_files.flatMap((path) => groups[join(file, "..", path)] ?? []);
      const missing = own.length > 1 ? own.filter((name) => !order.includes(name)) : [];
      return missing.length > 0
        ? [`${file}: leaves to chance when ${missing.join(", ")} are evaluated: group_eval_order names all groups`]
        : [];
    }),
    ...all.flatMap(({ file, loaded }) => loaded.flatMap((path) => (rules[path] ? [] : [`${file}: loads no rules from ${path}`]))),
    ...all.flatMap(({ alertname, file, loaded }) =>
      loaded.some((path) => rules[path]?.some(({ alert }) => alert === alertname)) ? [] : [`${file}: knows no alert ${alertname}`],
    ),
    ...alerts.flatMap(({ alert, file, labels }) => {
      const own = all.filter(({ alertname, loaded }) => alertname === alert && loaded.includes(file));
      const fires = own.flatMap(({ exp_alerts = [] }) => exp_alerts);
      return [
        ...(fires.length > 0 ? [] : [`${alert}: no test shows it firing`]),
        ...(own.some(({ exp_alerts = [] }) => exp_alerts.length === 0) ? [] : [`${alert}: no test shows it quiet`]),
        ...(fires.every(({ exp_labels }) => exp_labels.severity === labels?.severity && exp_labels.cluster)
          ? []
          : [`${alert}: a test expects another severity, or no cluster`]),
        ...(fires.every(({ exp_annotations = {} }) => "summary" in exp_annotations) ? [] : [`${alert}: a test expects no summary`]),
      ];
    }),
  ];
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
