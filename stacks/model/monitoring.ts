import { type Bytes, bytes, type Duration, millicores, seconds } from "../../constructs/core/quantities";
import {
  type Alerts,
  type ElasticStackSettings,
  type GrafanaOidc,
  type GrafanaSettings,
  type Receiver,
  scrapeSeconds,
  type TracingSettings,
} from "../../constructs/observability";
import type { Telemetry } from "../../constructs/workload";
import { choice, either, flagOr, kinds, moment, nameOr, object, optional, quantity, records, text, told, whole } from "./check/shape";
import { address, anyText, https, name, wholeDays, withPort } from "./common";
import { NAMESPACES } from "./derive/namespaces";

/** Metrics, dashboards, logs, traces, alerts and their receivers. */
export interface Monitoring {
  /**
   * Prometheus and Alertmanager on each cluster, with the rules for the parts of the environment. `{ namespace: "monitoring" }` uses an
   * existing Prometheus of the clusters in that namespace: network policies allow it, and rules are created there.
   * @default false
   */
  readonly prometheus?: boolean | PrometheusSettings | ExistingPrometheus;

  /**
   * Grafana, on the cluster that serves queries.
   * @default false
   */
  readonly grafana?: boolean | GrafanaSettings;

  /**
   * OpenTelemetry collectors on each cluster, whose address all workloads get, and Jaeger on the cluster that serves queries.
   * @default false
   */
  readonly tracing?: boolean | TracingSettings;

  /**
   * Elasticsearch and Kibana on the cluster that serves queries, and agents on all nodes that collect the logs of containers. On a
   * cluster that is created on AWS, daily snapshots are kept in a bucket for `backup.keep`.
   * @default false
   */
  readonly elasticStack?: boolean | ElasticStackSettings;

  /**
   * Receivers of alerts.
   * @default - none: alerts are visible in Alertmanager and Grafana only
   */
  readonly alerts?: Alerts;

  /**
   * Base URL of the runbooks that alerts link to, with pages `<alert in lower case>.md`:
   * `https://git.example.com/orders/blob/main/docs/runbooks`.
   * @default "docs/runbooks", in the repository of the platform
   */
  readonly runbooks?: string;

  /**
   * Unit of `cqrs_command_duration` and `cqrs_query_duration` of the applications, which don't state it in their names.
   * @default "s"
   */
  readonly durationUnit?: "s" | "ms";

  /**
   * Existing OTLP collector on each cluster of workloads: `{ endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" }`.
   * Workloads get its address; its namespace must allow their traffic.
   * @default - none
   */
  readonly telemetry?: Pick<Telemetry, "endpoint" | "namespace">;
}

/** Capacity and retention of Prometheus. */
export interface PrometheusSettings {
  /**
   * Scrape interval of everything that sets none: kubelet, controllers, workloads. From 5s to 30s. Half the interval doubles the volume.
   * @default "30s"
   */
  readonly scrapeInterval?: Duration;

  /**
   * Retention of samples. A cluster that sends samples to another one keeps them for two days.
   * @default "15d"
   */
  readonly retention?: Duration;

  /**
   * Maximum number of active series of a cluster; determines memory and volume.
   * @default - estimated from the nodes, stores and workloads of each cluster
   */
  readonly series?: number;

  /**
   * Volume of each Prometheus.
   * @default - what the series need for the retention
   */
  readonly storage?: Bytes;
}

/** An existing Prometheus, run by an operator that selects monitors and rules of all namespaces. */
export interface ExistingPrometheus {
  /** Its namespace, on each cluster. */
  readonly namespace: string;
}

const receiver = kinds("kind", "kind of receiver", {
  slack: object<Extract<Receiver, { kind: "slack" }>>({
    kind: told,
    channel: text(/^[#@]\S+$/, "is not a channel", "write one like #orders"),
  }),
  pagerduty: object<Extract<Receiver, { kind: "pagerduty" }>>({ kind: told }),
  opsgenie: object<Extract<Receiver, { kind: "opsgenie" }>>({ kind: told }),
  webhook: object<Extract<Receiver, { kind: "webhook" }>>({ kind: told }),
});

const recipients = nameOr(name, object<{ critical: string; warning: string }>({ critical: name, warning: name }));

const prometheus = flagOr(
  either(
    "namespace",
    object<ExistingPrometheus>({ namespace: name }),
    object<PrometheusSettings>({
      scrapeInterval: optional(quantity(scrapeSeconds)),
      retention: optional(quantity(seconds)),
      series: optional(whole(1000, 20_000_000)),
      storage: optional(quantity(bytes)),
    }),
  ),
);

export const monitoringShape = object<Monitoring>({
  prometheus: optional(prometheus),
  grafana: optional(
    flagOr(
      object<GrafanaSettings>({
        url: optional(address(/^https?:\/\/[^\s/]+(\/\S*)?$/, "must be an address", "write one like https://grafana.example.com")),
        oidc: optional(
          object<GrafanaOidc>({
            clientId: anyText,
            authUrl: https,
            tokenUrl: https,
            apiUrl: https,
            role: anyText,
            scopes: optional(anyText),
          }),
        ),
      }),
    ),
  ),
  tracing: optional(
    flagOr(
      object<TracingSettings>({
        keep: optional(wholeDays),
        volume: optional(quantity(bytes)),
        sampling: optional(
          object<NonNullable<TracingSettings["sampling"]>>({
            percentage: whole(0, 100),
            slowerThan: optional(moment),
            wait: optional(moment),
            pods: optional(
              object<NonNullable<NonNullable<TracingSettings["sampling"]>["pods"]>>({
                replicas: optional(whole(1, 100)),
                cpu: optional(quantity(millicores)),
                memory: optional(quantity(bytes)),
                queue: optional(quantity(bytes)),
              }),
            ),
          }),
        ),
      }),
    ),
  ),
  elasticStack: optional(
    flagOr(
      object<ElasticStackSettings>({
        nodes: optional(whole(1, 100)),
        storage: optional(quantity(bytes)),
        memory: optional(quantity(bytes)),
        keep: optional(wholeDays),
      }),
    ),
  ),
  alerts: optional(
    object<Alerts>({
      receivers: records(receiver, name),
      default: recipients,
      domains: optional(records(recipients)),
      heartbeat: optional(name),
    }),
  ),
  runbooks: optional(https),
  durationUnit: optional(choice(["s", "ms"], "unit of a duration here")),
  telemetry: optional(
    object<NonNullable<Monitoring["telemetry"]>>({ endpoint: withPort("http://collector.monitoring.svc:4317"), namespace: name }),
  ),
});

/** Namespace from which metrics are scraped, on every cluster. Undefined without Prometheus. */
export function metricsReader({ prometheus = false }: Pick<Monitoring, "prometheus"> = {}): string | undefined {
  if (prometheus === false) return undefined;
  return typeof prometheus === "object" && "namespace" in prometheus ? prometheus.namespace : NAMESPACES.observability;
}

/** Settings of the environment's own Prometheus. Undefined if it has none or uses an existing one. */
export function ownPrometheus({ prometheus = false }: Pick<Monitoring, "prometheus"> = {}): PrometheusSettings | undefined {
  if (prometheus === false || (typeof prometheus === "object" && "namespace" in prometheus)) return undefined;
  return prometheus === true ? {} : prometheus;
}

/** Settings of tracing. Undefined if traces aren't collected. */
export function tracingOf({ tracing = false }: Pick<Monitoring, "tracing"> = {}): TracingSettings | undefined {
  return tracing === true ? {} : tracing || undefined;
}

/** Settings of log collection. Undefined if logs aren't collected. */
export function elasticStackOf({ elasticStack = false }: Pick<Monitoring, "elasticStack"> = {}): ElasticStackSettings | undefined {
  return elasticStack === true ? {} : elasticStack || undefined;
}
