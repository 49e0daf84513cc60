import type { Limit } from "../../dashboards/kit";
import { comparedWith } from "../../docs/drawing/promql";
import { type Knowledge, knownMetrics } from "./knowledge";
import { promql } from "./promql";

/** As much of a dashboard's JSON as is checked. */
export interface CheckedDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly templating: { readonly list: readonly CheckedVariable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly panels: readonly CheckedPanel[];
}

interface CheckedVariable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}

interface CheckedPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly format?: string;
    readonly exemplar?: boolean;
    readonly legendFormat?: string;
    readonly datasource?: { readonly uid: string };
  }[];
  readonly options?: {
    readonly legend?: { readonly showLegend: boolean; readonly displayMode: string; readonly calcs: readonly string[] };
  };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly links?: readonly { readonly title: string; readonly url: string }[] };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

const UNITS = ["short", "percentunit", "s", "bytes", "binBps", "suffix:/s", "reqps", "cores", "currencyUSD"];

/** Grafana's own variables that may stand in queries. */
const BUILT_IN = ["__rate_interval", "__range", "__interval"];

/** A quantity that a name of a metric states, and the units that show it as it is; other units need a calculation. */
const STATED = [
  { ending: /_bytes$/, unit: "bytes" },
  { ending: /_seconds$/, unit: "s" },
  { ending: /:ratio(_\w+)?$/, unit: "percentunit" },
] as const;

const data = ({ panels }: CheckedDashboard) => panels.filter(({ type }) => type !== "row");

/** A query as Prometheus gets it. */
export function withoutVariables(expr: string): string {
  return expr
    .replace(/\$(__\w+)/g, "5m")
    .replace(/\$\w+_price/g, "1")
    .replace(/\$([a-z_]\w*)/gi, ".*");
}

/** What is wrong with dashboards, a line for each problem. */
export function dashboardProblems(dashboards: Readonly<Record<string, CheckedDashboard>>, known: Knowledge): readonly string[] {
  const metrics = knownMetrics(known);
  const uids = Object.values(dashboards).map(({ uid }) => uid);
  return [
    ...repeated(uids).map((uid) => `${uid}: is the uid of several dashboards`),
    ...Object.entries(dashboards).flatMap(([name, dashboard]) => [
      ...pageProblems(name, dashboard),
      ...layoutProblems(name, dashboard),
      ...queryProblems(name, dashboard, metrics),
      ...data(dashboard).flatMap((panel) => panelProblems(`${name}: ${panel.title}`, panel, uids)),
    ]),
  ];
}

function pageProblems(name: string, { uid, title, description, tags, panels, templating }: CheckedDashboard): readonly string[] {
  const all = panels.map(({ id }) => id);
  return [
    ...(/^cqrs-[\w-]+$/.test(uid) && uid.length <= 40 ? [] : [`${name}: ${uid} is not a uid of Grafana`]),
    ...(title && description ? [] : [`${name}: has no title or no description`]),
    ...(tags.includes("cqrs") ? [] : [`${name}: has not the tag by which dashboards link to each other`]),
    ...(all.every((id) => id > 0) ? [] : [`${name}: has panels without an id`]),
    ...repeated(all.map(String)).map((id) => `${name}: ${id} is the id of several panels`),
    ...templating.list.flatMap(({ name: variable, type, multi, includeAll }) =>
      type === "query" && !(multi && includeAll) ? [`${name}: ${variable} does not take several values, or all`] : [],
    ),
    ...(templating.list.some(({ name: variable }) => variable === "cluster") ? [] : [`${name}: has no variable cluster`]),
  ];
}

/** Lines of panels fill the page, and none lies over another. */
function layoutProblems(name: string, { panels }: CheckedDashboard): readonly string[] {
  const lines = new Map<number, CheckedPanel[]>();
  for (const panel of panels) lines.set(panel.gridPos.y, [...(lines.get(panel.gridPos.y) ?? []), panel]);
  let bottom = 0;
  return [...lines]
    .sort(([one], [other]) => one - other)
    .flatMap(([y, line]) => {
      const width = line.reduce((sum, { gridPos }) => sum + gridPos.w, 0);
      const heights = new Set(line.map(({ gridPos }) => gridPos.h));
      const problems = [
        ...(width === 24 ? [] : [`${name}: ${line[0]?.title} and its neighbors are ${width} of 24 columns wide`]),
        ...(heights.size === 1 ? [] : [`${name}: ${line[0]?.title} and its neighbors differ in height`]),
        ...(y === bottom ? [] : [`${name}: ${line[0]?.title} begins at ${y} instead of ${bottom}`]),
      ];
      bottom = y + Math.max(...heights);
      return problems;
    });
}

function queryProblems(name: string, dashboard: CheckedDashboard, metrics: ReadonlySet<string>): readonly string[] {
  const variables = [...dashboard.templating.list.map((variable) => variable.name), ...BUILT_IN];
  const queries = [
    ...data(dashboard).flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: `${name}: ${title}`, expr }))),
    ...dashboard.annotations.list.map(({ name: title, expr }) => ({ where: `${name}: ${title}`, expr })),
    ...dashboard.templating.list.flatMap(({ name: variable, definition }) => {
      const selector = /^label_values\((.*), \w+\)$/.exec(definition ?? "")?.[1];
      return selector === undefined ? [] : [{ where: `${name}: variable ${variable}`, expr: selector }];
    }),
  ];
  return queries.flatMap(({ where, expr }) => {
    const unknown = [...expr.matchAll(/\$([a-z_]\w*)/gi)].map(([, used = ""]) => used).filter((used) => !variables.includes(used));
    const read = promql(withoutVariables(expr));
    if (read.errors.length > 0) return [`${where}: can't be parsed at ${read.errors[0]}`];
    return [
      ...unknown.map((used) => `${where}: there is no variable ${used}`),
      ...read.metrics.flatMap((metric) => (metric && metrics.has(metric) ? [] : [`${where}: no known exporter has ${metric}`])),
      ...read.dropping("cluster").flatMap((what) => (ACROSS.test(where) ? [] : [`${where}: drops cluster in ${what}`])),
    ];
  });
}

/** What is one for the whole system: its health, and how much fires. Vaults belong to the account. */
const ACROSS = /^overview: (Health|Alerts that fire|Furthest behind)$|^aws: Backup, copy/;

function panelProblems(where: string, panel: CheckedPanel, uids: readonly string[]): readonly string[] {
  const { type, title, description = "", targets = [], gridPos, options, fieldConfig } = panel;
  const columns = (fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
    properties.flatMap(({ id, value }) => (id === "unit" ? [{ title: matcher.options, unit: String(value) }] : [])),
  );
  const units = type === "table" ? columns.map(({ unit }) => unit) : [fieldConfig?.defaults.unit ?? ""];
  const links = [
    ...(fieldConfig?.defaults.links ?? []),
    ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
      properties.flatMap(({ id, value }) => (id === "links" ? (value as { title: string; url: string }[]) : [])),
    ),
  ];
  const [only] = targets;
  const stated =
    type !== "table" && targets.length === 1 && /^\w[\w:]*\{[^}]*\}$/.test(only?.expr ?? "") ? only?.expr.split("{")[0] : undefined;
  const expected = STATED.find(({ ending }) => stated !== undefined && ending.test(stated))?.unit;
  return [
    ...(description.endsWith(".") && description.length > 15 ? [] : [`${where}: has no description`]),
    // 5.6 characters a column at Grafana's size of titles on a screen of 1,200 pixels.
    ...(title.length <= gridPos.w * 5.6 ? [] : [`${where}: its title does not fit into ${gridPos.w} columns`]),
    ...units.flatMap((unit) => (UNITS.includes(unit) ? [] : [`${where}: ${unit || "nothing"} is not a unit of dashboards`])),
    ...(expected && expected !== units[0] ? [`${where}: ${stated} is shown in ${units[0]}`] : []),
    ...[panel, ...targets].flatMap(({ datasource }) =>
      datasource?.uid === "${datasource}" ? [] : [`${where}: has a data source of its own`],
    ),
    ...(targets.length > 0 ? [] : [`${where}: has no query`]),
    ...(type === "table" || targets.every(({ legendFormat }) => legendFormat) ? [] : [`${where}: has a series without a name`]),
    ...(type === "timeseries" &&
    !(options?.legend?.showLegend && options.legend.displayMode === "table" && options.legend.calcs.includes("lastNotNull"))
      ? [`${where}: has no legend with the last value`]
      : []),
    ...(type === "timeseries" && title.startsWith("Slowest 5%") && !where.startsWith("overview")
      ? latencyProblems(where, targets, links)
      : []),
    ...links.flatMap((link) => linkProblems(where, link, uids)),
  ];
}

/** From a slow request to its trace, and from there to its log. */
function latencyProblems(where: string, targets: NonNullable<CheckedPanel["targets"]>, links: readonly { readonly title: string }[]) {
  return [
    ...(targets.some(({ exemplar }) => exemplar) ? [] : [`${where}: shows no exemplars`]),
    ...["Traces", "Logs"].flatMap((title) =>
      links.some((link) => link.title === title) ? [] : [`${where}: has no link to ${title.toLowerCase()}`],
    ),
  ];
}

function linkProblems(
  where: string,
  { title, url }: { readonly title: string; readonly url: string },
  uids: readonly string[],
): readonly string[] {
  const [, uid] = /^\/d\/([\w-]+)\?/.exec(url) ?? [];
  if (uid) return uids.includes(uid) ? [] : [`${where}: ${title} leads to ${uid}, which is no dashboard`];
  const panes = /^\/explore\?schemaVersion=1&panes=(.*)$/.exec(url)?.[1];
  if (panes === undefined) return [`${where}: ${title} leads to ${url}`];
  const filled = decodeURIComponent(panes.replace(/\$\{[\w.]+\}/g, "x"));
  const { a } = JSON.parse(filled);
  return ["jaeger", "elasticsearch"].includes(a.datasource) && a.queries[0].datasource.uid === a.datasource
    ? []
    : [`${where}: ${title} explores ${a.datasource}`];
}

/** Where a color changes at another value than the alert that it names fires. */
export function limitProblems(
  limits: readonly (Limit & { readonly panel: string; readonly severity: "warning" | "critical" })[],
  { rules }: Knowledge,
): readonly string[] {
  const alerts = Object.values(rules).flat();
  return limits.flatMap(({ alert, at, panel, severity }) => {
    const rule = alerts.find((each) => each.alert === alert);
    if (!rule) return [`${panel}: there is no alert ${alert}`];
    const told = rule.labels?.severity === "critical" ? "critical" : "warning";
    // Whole things are counted: more than none is one.
    const reached = comparedWith(rule.expr).some(({ operator, value }) => value === at || (operator === ">" && value === 0 && at === 1));
    return [
      ...(reached ? [] : [`${panel}: ${alert} does not compare with ${at}`]),
      ...(told === severity ? [] : [`${panel}: ${alert} is ${told}, and shown as ${severity}`]),
    ];
  });
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
