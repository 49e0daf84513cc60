import { lines, NAMESPACE, type Query, RATE, toLogs, toTraces, UNIT, type ValueLink } from "./kit";

/** From a series of a workload to its traces and its logs. */
export const WORKLOAD_LINKS: readonly ValueLink[] = [
  toTraces({ label: "app_kubernetes_io_name" }),
  toLogs({ label: "app_kubernetes_io_name" }, "service.name"),
];

export const requestRate = (by: string, matchers: string) => `sum by (${by}) (service:requests:rate5m{${matchers}})`;

/** Share of failed requests: 0, not nothing, where none failed. */
export const errorShare = (by: string, matchers: string) =>
  `(sum by (${by}) (service:errors:rate5m{${matchers}}) or 0 * sum by (${by}) (service:requests:rate5m{${matchers}})) / (sum by (${by}) (service:requests:rate5m{${matchers}}) > 0)`;

export const p95 = (by: string, matchers: string) => `max by (${by}) (service:request_duration_seconds:p95_5m{${matchers}})`;

/** Medians of the histograms of HTTP requests by OpenTelemetry and by Prometheus clients. Their exemplars lead to traces: recorded series have none. */
export const medians = (matchers: string): Query[] =>
  ["http_server_request_duration_seconds", "http_request_duration_seconds"].map((histogram) => ({
    expr: `histogram_quantile(0.5, sum by (cluster, le) (rate(${histogram}_bucket{${matchers}}${RATE})))`,
    legend: "median of HTTP requests",
    exemplars: true,
  }));

/** Rate, errors and latency of requests of one kind, by type of command or query. */
export function operations(kind: "command" | "query", ids: readonly [number, number, number]) {
  const matchers = `kind="${kind}",${NAMESPACE}`;
  const by = "cluster, namespace, app_kubernetes_io_name, operation";
  const plural = kind === "command" ? "Commands" : "Queries";
  return [
    lines({
      id: ids[0],
      title: `${plural} by type`,
      description: `${plural} per second, by type.`,
      unit: UNIT.requests,
      width: 8,
      stacked: true,
      queries: [{ expr: requestRate(by, matchers), legend: "{{operation}}" }],
      links: WORKLOAD_LINKS,
    }),
    lines({
      id: ids[1],
      title: `${plural} that failed`,
      description: `Share of ${plural.toLowerCase()} that ended with an error, by type. Refusals by a business rule are no errors.`,
      unit: UNIT.share,
      max: 1,
      width: 8,
      limits: { critical: { at: 0.01, alert: "RequestErrors" } },
      queries: [{ expr: errorShare(by, matchers), legend: "{{operation}}" }],
      links: WORKLOAD_LINKS,
    }),
    lines({
      id: ids[2],
      title: `Slowest 5% of ${plural.toLowerCase()}`,
      description:
        "95% are faster than this, in the last 5 minutes, by type; with the median of all HTTP requests. Points are single requests: click one for its trace.",
      unit: UNIT.seconds,
      width: 8,
      limits: { warning: { at: 1, alert: "RequestsSlow" } },
      queries: [{ expr: p95(by, matchers), legend: "{{operation}}" }, ...medians(NAMESPACE)],
      links: WORKLOAD_LINKS,
    }),
  ];
}
