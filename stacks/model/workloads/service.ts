import type { Bytes, Duration } from "../../../constructs/core/quantities";
import { bytes, seconds } from "../../../constructs/core/quantities";
import type { RateLimit } from "../../../constructs/gateway";
import type { Objective, RequestMetrics } from "../../../constructs/observability";
import type { Volume } from "../../../constructs/workload";
import { choice, list, object, optional, quantity, records, text, value, whole } from "../check/shape";
import { anyText, domain, name, path, port, type Replicas, replicas, URL_PATH } from "../common";
import type { Edge } from "../edge";
import { edge } from "../edge";
import type { SlotSettings } from "./release-file";
import { slotSettings } from "./release-file";
import { type ScaleOn, scaleOn, volumes, type Workload, workload } from "./workload";

/** HTTP service: instances, ports, hosts, paths and releases. */
export interface Service extends Workload, SlotSettings {
  readonly replicas: Replicas;

  /**
   * Autoscaling targets: `{ cpu: 70, memory: 80 }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /** @default 8080 */
  readonly port?: number;

  /**
   * Port of the Kubernetes Service for callers in the cluster: for example 80, while its non-root pods listen on 8080.
   * @default - `port`
   */
  readonly servicePort?: number;

  /**
   * Path of the health check, for probes and smoke tests. `tcp` for a service that doesn't use HTTP: they open a connection to
   * `port`, nothing is scraped without `metrics`, and the address for callers is `host:port`. Such a service has no `paths` or
   * `hosts`; it can be public as `publicPorts: ["tcp"]`. Changing it restarts the pods.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Path prefixes of the service, if several services share a host name.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /**
   * Public host names. A service with `hosts` or `paths` is reachable from outside.
   * @default - for APIs of a role the role's, otherwise `<domain>.` and the environment's domain
   */
  readonly hosts?: readonly string[];

  /**
   * Additional ports, by name: `{ broker: 5050 }`. Workloads that call the service may connect to them.
   * @default - none
   */
  readonly ports?: Readonly<Record<string, number>>;

  /**
   * Ports of `ports`, or `tcp` with `health: "tcp"`, that external clients may use over TCP: `["broker"]`. On EKS the domain's load balancer listens on
   * the same number and forwards connections unchanged: the service terminates TLS and authenticates its clients.
   * Requires a domain's service, rolling releases and no edge. The domain's `sourceRanges` limit the clients. Connections reach it when
   * its pods are ready, regardless of `trafficAfter`. On an existing cluster you route connections to the Service.
   * @default - none
   */
  readonly publicPorts?: readonly string[];

  /**
   * Persistent directories, by path. Requires `replicas: 1` and rolling releases.
   * @default - none
   */
  readonly volumes?: Readonly<Record<string, Volume>>;

  /**
   * Maximum size of a request body.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * Maximum time without data from the service, before and during a response.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * Request rate limit per client address: `{ requests: "100/s", burst: 200 }`. Excess requests get status 429.
   * @default - no limit
   */
  readonly rateLimit?: RateLimit;

  /**
   * Service level objectives over 30 days: `{ availability: 99.9, latency: { p95: "300ms" } }`. Alerts fire when the
   * error budget burns too fast. Requires `metrics` with a histogram of request durations, and `monitoring.prometheus`.
   * @default - none
   */
  readonly slo?: ServiceObjective;

  /**
   * Release strategy: replaces instances one by one (`rolling`), or deploys the new version to a separate slot and then
   * shifts requests to it (`blue-green`).
   * @default "rolling"
   */
  readonly release?: "rolling" | "blue-green";
}

/** Service level objectives, measured by the service's own metrics. */
export type ServiceObjective = Omit<Objective, "service" | "namespace">;

/** Query API of the read side: a service that may have a CDN in front of it. */
export interface QueryApi extends Service {
  /**
   * CDN in front of the query API.
   * @default - none: queries go directly to the load balancer
   */
  readonly edge?: Edge;
}

/** Kubernetes, IANA service names. The excluded names are reserved. */
const portName = text(
  /^(?=.{1,15}$)(?!http$|metrics$|.*--)[a-z]([a-z0-9-]*[a-z0-9])?$/,
  "is not a valid port name",
  "use up to 15 lower-case letters, digits and single hyphens, and neither http nor metrics",
);

const boundaries = value((input) =>
  input === "native" || (Array.isArray(input) && input.length > 0 && input.every((each) => typeof each === "number" && each > 0))
    ? undefined
    : { rule: "must be boundaries of buckets", remedy: 'list numbers above 0, or write "native"' },
);

const slo = object<ServiceObjective>({
  availability: value((input) => (typeof input === "number" ? undefined : { rule: "must be a percentage", remedy: "use 99.9" })),
  latency: optional(object<NonNullable<ServiceObjective["latency"]>>({ p95: optional(anyText), p99: optional(anyText) })),
  requests: optional(
    object<RequestMetrics>({
      histogram: optional(
        text(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "must be the name of a metric", "write one like http_request_duration_seconds"),
      ),
      labels: optional(records(anyText)),
      failed: optional(object<NonNullable<RequestMetrics["failed"]>>({ label: anyText, values: anyText })),
      buckets: optional(boundaries),
      unit: optional(choice(["s", "ms"], "unit of a duration here")),
    }),
  ),
});

export const service = {
  ...workload,
  replicas,
  scaleOn,
  port: optional(port),
  servicePort: optional(port),
  health: optional(text(new RegExp(`^tcp$|${URL_PATH.source}`), "must be a path or tcp", "write one like /health")),
  paths: optional(list(path, "write beginnings of paths, or leave it out")),
  hosts: optional(list(domain, "write names like api.orders.example.com, or leave it out")),
  ports: optional(records(port, portName)),
  publicPorts: optional(list(name, 'write ["broker"], or leave it out')),
  volumes,
  maxBodySize: optional(quantity(bytes)),
  timeout: optional(quantity(seconds)),
  rateLimit: optional(
    object<NonNullable<Service["rateLimit"]>>({
      requests: text(/^[1-9]\d*\/[sm]$/, "must be a rate", "write one like 100/s or 20/m"),
      burst: optional(whole(0, 100_000)),
    }),
  ),
  slo: optional(slo),
  release: optional(choice(["rolling", "blue-green"], "way to release a service")),
  ...slotSettings,
};

export const serviceShape = object<Service>(service);

export const queryApi = { ...service, edge: optional(edge) };

export const queryApiShape = object<QueryApi>(queryApi);
