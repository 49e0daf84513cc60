import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** Units of panels, by Grafana's ids. The same quantity has the same unit on all dashboards. */
export const UNIT = {
  count: "short",
  share: "percentunit",
  seconds: "s",
  bytes: "bytes",
  bytesPerSecond: "binBps",
  perSecond: "suffix:/s",
  requests: "reqps",
  cores: "cores",
  ago: "dateTimeFromNow",
  dollars: "currencyUSD",
  text: "string",
} as const;

export type Unit = (typeof UNIT)[keyof typeof UNIT];

/** Matchers of the variables. Every series has a cluster, most a namespace, those of stores a store. */
export const CLUSTER = 'cluster=~"$cluster"';
export const NAMESPACE = `${CLUSTER},namespace=~"$namespace"`;
export const STORE = `${NAMESPACE},store=~"$store"`;

/** Labels that every aggregation over stores keeps. */
export const BY_STORE = "cluster, namespace, store";

/** The range of a rate: as long as Grafana's step needs. */
export const RATE = "[$__rate_interval]";

const PROMETHEUS: DataSourceRef = { type: "prometheus", uid: "${datasource}" };

const COLORS = { good: "green", warning: "orange", critical: "red" } as const;

/** A limit that an alert guards. A test compares the number with the alert's rule. */
export interface Limit {
  readonly at: number;

  /** The alert that fires at it. */
  readonly alert: string;
}

export interface Limits {
  readonly warning?: Limit;
  readonly critical?: Limit;

  /** Set where a low value is the bad one. */
  readonly below?: true;
}

export interface Query {
  readonly expr: string;

  /** Name of the series, with labels in double braces. */
  readonly legend: string;

  /** Shows example traces as points. Only for histograms that the application exports. */
  readonly exemplars?: true;
}

/** A link from a value to another place. The URL may use `${__field.labels.…}` and `${__data.fields…}`. */
export interface ValueLink {
  readonly title: string;
  readonly url: string;
}

interface Described {
  /** Identifies the panel in links to it, so it never changes and is never used again. */
  readonly id: number;
  readonly title: string;
  readonly description: string;

  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
  readonly links?: readonly ValueLink[];
}

interface Measured extends Described {
  readonly unit: Unit;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly limits?: Limits;
  readonly queries: readonly Query[];
}

export interface Lines extends Measured {
  readonly stacked?: true;

  /** Colors by the name of the series. */
  readonly colors?: Readonly<Record<string, keyof typeof COLORS>>;
}

export interface Figure extends Measured {
  /** Words for values. */
  readonly words?: Words;

  /** What stands there while there are no series, which is a normal state of this panel. */
  readonly none?: string;

  /** Colors of series from 1 on, by their name. */
  readonly alarms?: Readonly<Record<string, keyof typeof COLORS>>;

  /** Draws the course of the value behind it. @default true */
  readonly spark?: boolean;
}

export type Words = Readonly<Record<number, { readonly text: string; readonly color: keyof typeof COLORS }>>;

/** A column: a label of the series, or the value of a query. */
export type Column =
  | { readonly label: string; readonly title: string; readonly links?: readonly ValueLink[] }
  // Which rows there are; its value says nothing.
  | { readonly rows: string }
  | {
      readonly expr: string;
      readonly title: string;
      readonly unit: Unit;
      readonly limits?: Limits;
      readonly words?: Words;
      readonly decimals?: number;
    };

type Rows = Extract<Column, { readonly rows: string }>;
type Label = Extract<Column, { readonly label: string }>;
type ShownColumn = Exclude<Column, Rows>;

export interface Table extends Described {
  readonly columns: readonly Column[];

  /** Title of the column by which rows are sorted, largest first unless `ascending`. */
  readonly sort?: string;
  readonly ascending?: true;
}

/** A part of a dashboard: a titled row and its panels, or for panels that most readers skip a collapsed one. */
export interface Section {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
  readonly collapsed?: true;
}

export interface Page {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags?: readonly string[];
  readonly variables: readonly Builder<VariableModel>[];
  readonly sections: readonly Section[];

  /** @default "now-6h" */
  readonly from?: string;

  /** Matchers of the workloads whose rollouts are marked in all charts. */
  readonly rollouts?: string;

  /**
   * Matchers of the critical alerts that are marked in all charts.
   * @default - those of the chosen clusters
   */
  readonly alerts?: string;
}

/** Health as `cqrs:health` says it. */
export const HEALTH: Words = {
  2: { text: "Healthy", color: "good" },
  1: { text: "Degraded", color: "warning" },
  0: { text: "Unhealthy", color: "critical" },
};

/** A state that is right when it is 1. */
export const UP: Words = { 1: { text: "Up", color: "good" }, 0: { text: "Down", color: "critical" } };

export const YES: Words = { 1: { text: "Yes", color: "good" }, 0: { text: "No", color: "critical" } };

/** Limits by alert, collected while dashboards are built, for the test that compares them with the rules. */
const guarded: GuardedLimit[] = [];

interface GuardedLimit extends Limit {
  readonly panel: string;
  readonly severity: "warning" | "critical";
}

export function limitsOfAlerts(): readonly GuardedLimit[] {
  return guarded;
}

/** A chart of series over time. */
export function lines(spec: Lines): Builder<Panel> {
  const { unit, decimals, min = 0, max, limits, queries, stacked, links, colors = {} } = spec;
  const builder = described(new TimeseriesBuilder(), spec, 8)
    .unit(unit)
    .min(min)
    .thresholds(steps(limits, spec.title))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 10)
    .gradientMode(stacked ? GraphGradientMode.None : GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .targets(queries.map((query, index) => target(query, index).range()));
  if (limits) builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  if (stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (decimals !== undefined) builder.decimals(decimals);
  if (max !== undefined) builder.max(max);
  if (links) builder.dataLinks(links.map(valueLink));
  for (const [name, color] of Object.entries(colors))
    builder.overrideByName(name, [{ id: "color", value: { mode: "fixed", fixedColor: COLORS[color] } }]);
  return builder;
}

/** A large number, or a word for it. */
export function figure(spec: Figure): Builder<Panel> {
  const { unit, decimals, min, max, limits, queries, words, none, links, alarms = {}, spark = true } = spec;
  const builder = described(new StatBuilder(), spec, 4)
    .unit(unit)
    .thresholds(steps(limits, spec.title))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(words ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(spark && !words ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields(""))
    .targets(queries.map((query, index) => (spark && !words ? target(query, index).range() : target(query, index).instant())));
  if (words) builder.mappings([mapping(words)]);
  if (none) builder.noValue(none);
  for (const [name, color] of Object.entries(alarms)) {
    const from = [
      { value: null, color: COLORS.good },
      { value: 1, color: COLORS[color] },
    ];
    builder.overrideByName(name, [{ id: "thresholds", value: { mode: ThresholdsMode.Absolute, steps: from } }]);
  }
  if (decimals !== undefined) builder.decimals(decimals);
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  if (links) builder.dataLinks(links.map(valueLink));
  return builder;
}

/** The latest value of each series as a bar. */
export function bars(spec: Measured): Builder<Panel> {
  const { unit, decimals, min = 0, max, limits, queries, links } = spec;
  const builder = described(new BarGaugeBuilder(), spec, 8)
    .unit(unit)
    .min(min)
    .thresholds(steps(limits, spec.title))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .displayMode(BarGaugeDisplayMode.Basic)
    .namePlacement(BarGaugeNamePlacement.Auto)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(true)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields(""))
    .targets(queries.map((query, index) => target(query, index).instant()));
  if (decimals !== undefined) builder.decimals(decimals);
  if (max !== undefined) builder.max(max);
  if (links) builder.dataLinks(links.map(valueLink));
  return builder;
}

/** Rows by labels, with a value column for each query. All queries keep the same labels. */
export function table(spec: Table): Builder<Panel> {
  const { columns, sort, ascending = false } = spec;
  const values = columns.filter(isValue);
  const shown = columns.filter(isShown);
  const nameOf = (column: Column) => {
    if (isLabel(column)) return column.label;
    // Grafana calls the only value of a table "Value", and several "Value #A", "Value #B".
    return values.length === 1 ? "Value" : `Value #${refId(values.indexOf(column))}`;
  };
  const builder = described(new TableBuilder(), spec, 8)
    .showHeader(true)
    .filterable(true)
    .targets(
      values.map((column, index) => {
        const expr = isRows(column) ? column.rows : column.expr;
        return target({ expr, legend: "" }, index).instant().format(PromQueryFormat.Table);
      }),
    )
    .transformations([
      ...(values.length > 1 ? [{ id: "merge", options: {} }] : []),
      {
        id: "organize",
        options: {
          excludeByName: Object.fromEntries([["Time", true], ...columns.filter(isRows).map((column) => [nameOf(column), true])]),
          indexByName: Object.fromEntries(shown.map((column, index) => [nameOf(column), index])),
          renameByName: Object.fromEntries(shown.map((column) => [nameOf(column), column.title])),
        },
      },
    ]);
  if (sort) builder.sortBy([new TableSortByFieldStateBuilder().displayName(sort).desc(!ascending)]);
  for (const column of shown) builder.overrideByName(column.title, cell(column, spec.title));
  return builder;
}

/** A dashboard of sections, with the variables and links that all have. */
export function dashboard({
  uid,
  title,
  description,
  tags = [],
  variables,
  sections,
  from = "now-6h",
  rollouts,
  alerts = CLUSTER,
}: Page): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["cqrs", ...tags])
    .timezone("browser")
    .time({ from, to: "now" })
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([...variables, datasource()])
    .annotations([
      annotation("Critical alerts", "red", `ALERTS{alertstate="firing",severity="critical",${alerts}}`, "{{alertname}}"),
      ...(rollouts
        ? [annotation("Rollouts", "blue", `changes(kube_deployment_status_observed_generation{${rollouts}}[2m]) > 0`, "{{deployment}}")]
        : []),
    ])
    .links([
      new DashboardLinkBuilder("System overview").type(DashboardLinkType.Link).url("/d/cqrs-overview").keepTime(true),
      // Without variables: the store of one engine is not one of another.
      new DashboardLinkBuilder("All dashboards").type(DashboardLinkType.Dashboards).tags(["cqrs"]).asDropdown(true).keepTime(true),
    ]);
  for (const { id, title: heading, panels, collapsed } of sections) {
    const row = new RowBuilder(heading).id(id);
    if (collapsed) for (const panel of panels) row.withPanel(panel);
    builder.withRow(row);
    if (!collapsed) for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}

/** Several values of a label of a metric; all of them at first. */
export function variable(name: string, title: string, metric: string, label = name): Builder<VariableModel> {
  const query = `label_values(${metric}, ${label})`;
  return new QueryVariableBuilder(name)
    .label(title)
    .datasource(PROMETHEUS)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ text: ["All"], value: ["$__all"] });
}

/** The cluster, the namespace and the store of a metric that only this engine has. */
export function storeVariables(metric: string): Builder<VariableModel>[] {
  return [
    variable("cluster", "Cluster", metric),
    variable("namespace", "Namespace", `${metric}{${CLUSTER}}`),
    variable("store", "Store", `${metric}{${NAMESPACE}}`),
  ];
}

/** A number that a person may change in the dashboard. */
export function number(name: string, label: string, description: string, value: number): Builder<VariableModel> {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue(String(value))
    .current({ text: String(value), value: String(value) });
}

/** A link to another dashboard at the same time, with variables set. */
export function toDashboard(title: string, uid: string, variables: Readonly<Record<string, string>> = {}): ValueLink {
  const set = Object.entries(variables).map(([name, value]) => `var-${name}=${value}&`);
  return { title, url: `/d/${uid}?${set.join("")}\${__url_time_range}` };
}

/** From a value to the traces of its workload: by a label of the series, or in a table by the title of a column. */
export function toTraces(of: Source): ValueLink {
  return { title: "Traces", url: explore("jaeger", { queryType: "search", service: sourceOf(of) }) };
}

/** From a value to the logs of its pod, or of its workload. */
export function toLogs(of: Source, field: "k8s.pod.name" | "service.name" = "k8s.pod.name"): ValueLink {
  const query = `${field}:"${sourceOf(of)}"`;
  return { title: "Logs", url: explore("elasticsearch", { query, metrics: [{ id: "1", type: "logs" }], timeField: "@timestamp" }) };
}

/** To the logs of the pod that a series is of. */
export const POD_LOGS = [toLogs({ label: "pod" })];

export type Source = { readonly label: string } | { readonly column: string };

export function sourceOf(source: Source): string {
  return "label" in source ? `\${__field.labels.${source.label}}` : `\${__data.fields.${source.column}}`;
}

// Braces and dollars of Grafana's variables stay as they are: it looks for them before the URL is opened.
function explore(uid: "jaeger" | "elasticsearch", query: object): string {
  const panes = {
    a: {
      datasource: uid,
      queries: [{ refId: "A", datasource: { type: uid, uid }, ...query }],
      range: { from: "${__from}", to: "${__to}" },
    },
  };
  const encoded = encodeURIComponent(JSON.stringify(panes)).replace(/%24%7B(\w+(?:\.\w+)*)%7D/g, "${$1}");
  return `/explore?schemaVersion=1&panes=${encoded}`;
}

function described<
  B extends {
    id(id: number): B;
    title(title: string): B;
    description(text: string): B;
    span(w: number): B;
    height(h: number): B;
    datasource(source: DataSourceRef): B;
  },
>(builder: B, { id, title, description, width, height }: Described, usual: number): B {
  return builder
    .id(id)
    .title(title)
    .description(description)
    .span(width)
    .height(height ?? usual)
    .datasource(PROMETHEUS);
}

function target({ expr, legend, exemplars }: Query, index: number): DataqueryBuilder {
  const query = new DataqueryBuilder().refId(refId(index)).datasource(PROMETHEUS).expr(expr).legendFormat(legend);
  return exemplars ? query.exemplar(true) : query;
}

function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function steps(limits: Limits | undefined, panel: string): Builder<{ mode: ThresholdsMode; steps: Threshold[] }> {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(limits, panel));
}

// A step holds from its value on. Where low is bad the colors begin with the worst.
function stepsOf({ warning, critical, below }: Limits = {}, panel: string): Threshold[] {
  if (warning) guarded.push({ ...warning, panel, severity: "warning" });
  if (critical) guarded.push({ ...critical, panel, severity: "critical" });
  const step = (value: number | null, color: keyof typeof COLORS): Threshold => ({ value, color: COLORS[color] });
  if (!below)
    return [step(null, "good"), ...(warning ? [step(warning.at, "warning")] : []), ...(critical ? [step(critical.at, "critical")] : [])];
  const worst = critical ? "critical" : "warning";
  return [
    step(null, worst),
    ...(critical ? [step(critical.at, warning ? "warning" : "good")] : []),
    ...(warning ? [step(warning.at, "good")] : []),
  ];
}

function mapping(words: Words): ValueMapping {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(words).map(([value, { text, color }], index) => [value, { text, color: COLORS[color], index }]),
    ),
  };
}

function isLabel(column: Column): column is Label {
  return "label" in column;
}

function isValue(column: Column): column is Exclude<Column, Label> {
  return !isLabel(column);
}

function isShown(column: Column): column is ShownColumn {
  return !isRows(column);
}

function isRows(column: Column): column is Rows {
  return "rows" in column;
}

function cell(column: ShownColumn, panel: string): DynamicConfigValue[] {
  if (isLabel(column)) return column.links ? [{ id: "links", value: column.links.map((link) => ({ ...link, targetBlank: false })) }] : [];
  const { unit, limits, words, decimals } = column;
  const colored = limits || words ? [{ id: "custom.cellOptions", value: { type: "color-text" } }] : [];
  return [
    { id: "unit", value: unit },
    ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ...(limits ? [{ id: "thresholds", value: { mode: ThresholdsMode.Absolute, steps: stepsOf(limits, panel) } }] : []),
    ...(words ? [{ id: "mappings", value: [mapping(words)] }] : []),
    ...colored,
  ];
}

function valueLink({ title, url }: ValueLink): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url);
}

function datasource(): Builder<VariableModel> {
  return new DatasourceVariableBuilder("datasource")
    .label("Data source")
    .type("prometheus")
    .current({ text: "prometheus", value: "prometheus" });
}

function annotation(name: string, color: string, expr: string, title: string) {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(PROMETHEUS)
    .enable(true)
    .hide(false)
    .iconColor(color)
    .expr(expr)
    .titleFormat(title)
    .tagKeys("namespace")
    .step("60s");
}
