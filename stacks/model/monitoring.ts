import { type Bytes, bytes, type Duration, millicores, seconds } from "../../constructs/core/quantities";
import type { Alerts, ElasticStackSettings, GrafanaOidc, GrafanaSettings, Receiver, TracingSettings } from "../../constructs/observability";
import type { Telemetry } from "../../constructs/workload";
import { choice, DAY, either, flagOr, kinds, moment, nameOr, object, optional, quantity, records, text, told, whole } from "./check/shape";
import { anyText, https, name, withPort } from "./common";
import { NAMESPACES } from "./derive/namespaces";

export interface Monitoring {
  /**
   * Prometheus and Alertmanager on each cluster, with the rules of what the environment has. `{ namespace: "monitoring" }` names one
   * that the clusters have already and its namespace: it is let in, and the rules are put there.
   * @default false
   */
  readonly prometheus?: boolean | PrometheusSettings | ExistingPrometheus;

  /**
   * Grafana, on the cluster that serves queries.
   * @default false
   */
  readonly grafana?: boolean | GrafanaSettings;

  /**
   * OpenTelemetry collectors on each cluster, which every workload is told of, and Jaeger on the cluster that serves queries.
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
   * Where alerts go.
   * @default - nowhere: they are seen in Alertmanager and Grafana only
   */
  readonly alerts?: Alerts;

  /**
   * The address of the pages to which alerts lead, under which `<alert in lower case>.md` is found:
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
   * A collector of OTLP that is there, on each cluster of workloads: `{ endpoint: "http://collector.monitoring.svc:4317",
   * namespace: "monitoring" }`. Workloads are told of it; its namespace has to let them in.
   * @default - workloads are told of none
   */
  readonly telemetry?: Pick<Telemetry, "endpoint" | "namespace">;
}

/** How much Prometheus keeps. */
export interface PrometheusSettings {
  /**
   * How long samples are kept. A cluster that sends them to another one keeps them for two days.
   * @default "15d"
   */
  readonly retention?: Duration;

  /**
   * How many series a cluster has at a time, at most; memory and volume follow from it.
   * @default - estimated from the nodes, stores and workloads of each cluster
   */
  readonly series?: number;

  /**
   * The volume of each Prometheus.
   * @default - what the series need for the retention
   */
  readonly storage?: Bytes;
}

/** A Prometheus that is there, run by an operator that reads monitors and rules of all namespaces. */
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
      retention: optional(quantity(seconds)),
      series: optional(whole(1000, 20_000_000)),
      storage: optional(quantity(bytes)),
    }),
  ),
);

/** A retention, which Elasticsearch and Jaeger count in days. */
const wholeDays = quantity((input) => {
  const reading = seconds(input);
  return typeof reading === "number" && (reading < DAY || reading % DAY !== 0)
    ? { rule: "must be a whole number of days", remedy: 'use a duration like "7d"' }
    : reading;
});

export const monitoringShape = object<Monitoring>({
  prometheus: optional(prometheus),
  grafana: optional(
    flagOr(
      object<GrafanaSettings>({
        url: optional(text(/^https?:\/\/[^\s/]+(\/\S*)?$/, "must be an address", "write one like https://grafana.example.com")),
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

/** The namespace from which metrics are read, on every cluster. Undefined where nobody reads them. */
export function metricsReader({ prometheus = false }: Pick<Monitoring, "prometheus"> = {}): string | undefined {
  if (prometheus === false) return undefined;
  return typeof prometheus === "object" && "namespace" in prometheus ? prometheus.namespace : NAMESPACES.observability;
}

/** What is said of the Prometheus that the environment has of its own. Undefined where there is none, or another's. */
export function ownPrometheus({ prometheus = false }: Pick<Monitoring, "prometheus"> = {}): PrometheusSettings | undefined {
  if (prometheus === false || (typeof prometheus === "object" && "namespace" in prometheus)) return undefined;
  return prometheus === true ? {} : prometheus;
}

/** How traces are collected. Undefined if they are not. */
export function tracingOf({ tracing = false }: Pick<Monitoring, "tracing"> = {}): TracingSettings | undefined {
  return tracing === true ? {} : tracing || undefined;
}

/** How logs are collected. Undefined if they are not. */
export function elasticStackOf({ elasticStack = false }: Pick<Monitoring, "elasticStack"> = {}): ElasticStackSettings | undefined {
  return elasticStack === true ? {} : elasticStack || undefined;
}
