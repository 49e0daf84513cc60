import type { Problem } from "../core/errors";
import type { Rule, RuleGroup } from "./rules";

/** A duration of requests: `300ms`, `2s`. */
export type Latency = `${number}ms` | `${number}s`;

/** Service level objective for requests of a service over 30 days. */
export interface Objective {
  /** Name of the service: that of the workload, and the label `service` of its alerts. */
  readonly service: string;
  readonly namespace: string;

  /**
   * Percentage of requests that must succeed, from 95 to 99.999. The difference to 100 is the error budget: with `99.9`, one request in a
   * thousand may fail.
   */
  readonly availability: number;

  /**
   * Maximum duration of requests: `{ p95: "300ms" }` allows 5% of requests to take longer. Each threshold must be a bucket boundary of the
   * service's histogram.
   * @default - no limit
   */
  readonly latency?: { readonly p95?: Latency; readonly p99?: Latency };

  /**
   * Metrics of the service's requests.
   * @default - OpenTelemetry's `http_server_request_duration_seconds`, with the label `app_kubernetes_io_name` of its monitor
   */
  readonly requests?: RequestMetrics;
}

/** A histogram of request durations with the status as a label. */
export interface RequestMetrics {
  /**
   * Name of the histogram, without `_bucket` and `_count`.
   * @default "http_server_request_duration_seconds"
   */
  readonly histogram?: string;

  /**
   * Labels that select the requests of the service.
   * @default - `namespace`, and `app_kubernetes_io_name` with the name of the service
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Label with the status of a request, and a regular expression of the values that count as failed.
   * @default { label: "http_response_status_code", values: "5.." }
   */
  readonly failed?: { readonly label: string; readonly values: string };

  /**
   * Upper boundaries of the histogram's buckets in its own unit; `native` for a native histogram, which needs no matching boundary.
   * @default - those of OpenTelemetry in seconds
   */
  readonly buckets?: readonly number[] | "native";

  /** @default "s" */
  readonly unit?: "s" | "ms";
}

/** OpenTelemetry, semantic conventions, `http.server.request.duration`. */
export const OTEL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

const DEFAULTS = {
  histogram: "http_server_request_duration_seconds",
  failed: { label: "http_response_status_code", values: "5.." },
  buckets: OTEL_BUCKETS,
  unit: "s",
} as const;

/** Windows for which failure ratios are recorded: the long and short ones of the alerts in rules/objectives.yaml. */
const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;

type Window = (typeof WINDOWS)[number];

/** Limits: below the first, a budget can't be burned 14.4 times as fast as allowed; above the second, a single request uses it up. */
const [LOWEST, HIGHEST] = [95, 99.999];

/** Objective of each latency percentile, in percent of the requests. */
const PERCENTILES = { p95: 95, p99: 99 } as const;

/** Problems of objectives, by their path below `objectives`. */
export function objectivesProblems(objectives: readonly Objective[], path = "objectives"): readonly Problem[] {
  return objectives.flatMap((objective, index) => [
    ...twice(objectives, index, `${path}[${index}]`),
    ...availabilityProblems(objective, `${path}[${index}].availability`),
    ...latencyProblems(objective, `${path}[${index}].latency`),
    ...requestProblems(objective, `${path}[${index}].requests`),
  ]);
}

/** PromQL reads names without quotes, and regular expressions of RE2. */
function requestProblems({ requests: { labels = {}, failed } = {} }: Objective, path: string): readonly Problem[] {
  const named = (value: string, at: string): Problem[] =>
    /^[a-zA-Z_]\w*$/.test(value)
      ? []
      : [{ path: at, value, rule: "can't be the name of a label in Prometheus", remedy: "use letters, digits and _" }];
  return [
    ...Object.keys(labels).flatMap((label) => named(label, `${path}.labels`)),
    ...(failed ? named(failed.label, `${path}.failed.label`) : []),
    ...(failed && !isExpression(failed.values)
      ? [
          {
            path: `${path}.failed.values`,
            value: failed.values,
            rule: "is not a regular expression of Prometheus",
            remedy: 'write one like "5.."',
          },
        ]
      : []),
  ];
}

/** Checks if RE2 reads a regular expression: it has neither references to groups nor looks around. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return !/\(\?<?[=!]|\\[1-9]/.test(text);
  } catch {
    return false;
  }
}

function twice(objectives: readonly Objective[], index: number, path: string): readonly Problem[] {
  const { service, namespace } = objectives[index] as Objective;
  const first = objectives.findIndex((other) => other.service === service && other.namespace === namespace);
  if (first === index) return [];
  return [{ path, value: `${namespace}/${service}`, rule: "has two objectives", remedy: "join the two" }];
}

function availabilityProblems({ availability }: Objective, path: string): readonly Problem[] {
  if (availability >= LOWEST && availability <= HIGHEST) return [];
  return [{ path, value: availability, rule: `must be a percentage from ${LOWEST} to ${HIGHEST}`, remedy: "use 99.9" }];
}

function latencyProblems({ latency = {}, requests }: Objective, path: string): readonly Problem[] {
  const { buckets = DEFAULTS.buckets, unit = DEFAULTS.unit } = requests ?? {};
  return Object.entries(latency).flatMap(([percentile, threshold]): Problem[] => {
    const at = `${path}.${percentile}`;
    const value = inSeconds(threshold);
    if (value === undefined) return [{ path: at, value: threshold, rule: "must be a positive duration", remedy: 'write "300ms" or "2s"' }];
    if (buckets === "native") return [];
    const boundaries = buckets.map((boundary) => asSeconds(boundary, unit));
    if (boundaries.some((boundary) => same(boundary, value))) return [];
    const rule = "must be a bucket boundary of the histogram: how many requests are faster is unknown between two boundaries";
    const others = neighbours(boundaries, value).map(written).join(" or ");
    return [{ path: at, value: threshold, rule, remedy: `use ${others}, or add the boundary to the service and to requests.buckets` }];
  });
}

/** Nearest boundaries below and above a duration. */
function neighbours(boundaries: readonly number[], value: number): readonly number[] {
  const sorted = [...boundaries].sort((one, other) => one - other);
  return [sorted.filter((one) => one < value).at(-1), sorted.find((one) => one > value)].filter((one) => one !== undefined);
}

/**
 * Recording rules of objectives: for each window, the ratio of requests that violated the objective. The alerts on them, the same for all
 * services, are in rules/objectives.yaml.
 */
export function objectiveRules(objectives: readonly Objective[]): readonly RuleGroup[] {
  return objectives.flatMap(promisesOf).map((promise) => ({
    name: `objectives.${promise.labels.namespace}.${promise.labels.service}.${promise.labels.objective}`,
    rules: records(promise),
  }));
}

/** One objective: the number of requests, and of those that violate it. */
interface Promised {
  readonly labels: { readonly service: string; readonly namespace: string; readonly objective: string };

  /** Share of requests that may violate it. */
  readonly budget: number;
  readonly total: string;
  readonly failures: string;
}

function promisesOf({ service, namespace, availability, latency = {}, requests = {} }: Objective): readonly Promised[] {
  const { histogram, failed, buckets, unit } = { ...DEFAULTS, ...requests };
  const labels = requests.labels ?? { namespace, app_kubernetes_io_name: service };
  const all = selector(labels);
  const bad = selector(labels, `${failed.label}=~${quoted(failed.values)}`);
  const native = buckets === "native";
  const rate = (name: string, of: string) => `sum by (cluster) (rate(${name}${of}[5m]))`;
  const count = (of: string) => (native ? `histogram_count(${rate(histogram, of)})` : rate(`${histogram}_count`, of));
  const faster = (threshold: number) =>
    native
      ? `histogram_fraction(0, ${number(threshold)}, ${rate(histogram, all)}) * ${count(all)}`
      : rate(`${histogram}_bucket`, selector(labels, `le=~${quoted(boundary(threshold))}`));
  const total = count(all);
  const promise = (objective: string, percent: number, failures: string) => ({
    labels: { service, namespace, objective },
    budget: Number((1 - percent / 100).toFixed(6)),
    total,
    failures,
  });
  return [
    // A service that never failed has no series of failures.
    promise("availability", availability, `${count(bad)} or 0 * ${total}`),
    ...(Object.keys(PERCENTILES) as (keyof typeof PERCENTILES)[]).flatMap((percentile) => {
      const threshold = latency[percentile];
      if (threshold === undefined) return [];
      const inUnit = fromSeconds(inSeconds(threshold) ?? 0, unit);
      return [promise(`${percentile}-${threshold}`, PERCENTILES[percentile], `${total} - (${faster(inUnit)})`)];
    }),
  ];
}

function records({ labels, budget, total, failures }: Promised): readonly Rule[] {
  const named = selector(labels);
  const over = (series: string, window: Window) => `avg_over_time(${series}${named}[${window}])`;
  const ratio = (window: Window) => `${over("service:slo_failures:rate5m", window)} / ${over("service:slo_requests:rate5m", window)}`;
  return [
    { record: "service:slo_requests:rate5m", expr: total, labels },
    { record: "service:slo_failures:rate5m", expr: failures, labels },
    { record: "service:slo_budget:ratio", expr: `0 * (${total}) + ${budget}`, labels },
    ...WINDOWS.map((window) => ({
      record: `service:slo_failures:ratio_rate${window}`,
      // Averages of five-minute rates weight each minute by its requests, and cost much less than a rate over days.
      expr: window === "5m" ? `service:slo_failures:rate5m${named} / service:slo_requests:rate5m${named}` : ratio(window),
    })),
  ];
}

function selector(labels: object, ...more: readonly string[]): string {
  return `{${[...Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`), ...more].join(",")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Value of the label `le` of a boundary: clients write whole numbers as `1` or as `1.0`. */
function boundary(value: number): string {
  const text = number(value).replace(".", "[.]");
  return Number.isInteger(value) ? `${text}([.]0)?` : text;
}

/** Formats a number without floating-point noise. */
function number(value: number): string {
  return String(Number(value.toPrecision(12)));
}

function inSeconds(latency: unknown): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(String(latency)) ?? [];
  const value = asSeconds(Number(amount), unit === "ms" ? "ms" : "s");
  return value > 0 ? value : undefined;
}

function asSeconds(value: number, unit: "s" | "ms"): number {
  return unit === "ms" ? value / 1000 : value;
}

function fromSeconds(value: number, unit: "s" | "ms"): number {
  return unit === "ms" ? value * 1000 : value;
}

function written(value: number): string {
  return value < 1 ? `${number(value * 1000)}ms` : `${number(value)}s`;
}

function same(one: number, other: number): boolean {
  return Math.abs(one - other) < 1e-9;
}
