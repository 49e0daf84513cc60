import type { Bytes, Duration } from "../../../constructs/core/quantities";
import { bytes, seconds } from "../../../constructs/core/quantities";
import type { RateLimit } from "../../../constructs/gateway";
import type { Objective, RequestMetrics } from "../../../constructs/observability";
import type { Volume } from "../../../constructs/workload";
import { choice, list, object, optional, quantity, records, text, value, whole } from "../check/shape";
import { anyText, domain, name, path, port, type Replicas, replicas } from "../common";
import type { Edge } from "../edge";
import { edge } from "../edge";
import type { SlotSettings } from "./release-file";
import { slotSettings } from "./release-file";
import { type ScaleOn, scaleOn, volumes, type Workload, workload } from "./workload";

export interface Service extends Workload, SlotSettings {
  readonly replicas: Replicas;

  /**
   * What an autoscaled one follows: `{ cpu: 70, memory: 80 }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /** @default 8080 */
  readonly port?: number;

  /**
   * The port of its Service, by which others in the cluster call it: 80, where its pods, which don't run as root, listen on 8080.
   * @default - `port`
   */
  readonly servicePort?: number;

  /**
   * Where it says that it is well.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Beginnings of paths that it answers, where several answer under one name.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /**
   * Host names under which it is asked for from outside. A service with `hosts` or `paths` is reached from outside.
   * @default - of APIs of a role the role's, otherwise `<domain>.` and the environment's domain
   */
  readonly hosts?: readonly string[];

  /**
   * Further ports that it listens on, by name: `{ broker: 5050 }`. They are open to the workloads that call it.
   * @default - none
   */
  readonly ports?: Readonly<Record<string, number>>;

  /**
   * Ports of `ports` that clients outside reach over TCP: `["broker"]`. On EKS the load balancer of the domain listens on the same
   * number and passes connections on unchanged: the service terminates TLS itself, and authenticates its clients. Only of a
   * service in a domain that has `paths` or `hosts`, without an edge, released by rolling. Connections reach it as soon as its pods
   * are ready, whatever `trafficAfter` says. On an existing cluster you route connections to the Service.
   * @default - none
   */
  readonly publicPorts?: readonly string[];

  /**
   * Directories that keep their data, by path. Only of a service with `replicas: 1`, released by rolling.
   * @default - none
   */
  readonly volumes?: Readonly<Record<string, Volume>>;

  /**
   * The largest request.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * How long it may be silent before and while it answers.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * What one client may send, by its address: `{ requests: "100/s", burst: 200 }`. More is answered with 429.
   * @default - as much as it can
   */
  readonly rateLimit?: RateLimit;

  /**
   * Service level objectives over 30 days: `{ availability: 99.9, latency: { p95: "300ms" } }`. Alerts tell when the error budget burns
   * too fast. Needs `metrics` with a histogram of request durations, and `monitoring.prometheus`.
   * @default - none
   */
  readonly slo?: ServiceObjective;

  /**
   * How a new version comes in: in place of the old one, instance by instance (`rolling`), or beside it in a slot of its
   * own, which requests are then turned to (`blue-green`).
   * @default "rolling"
   */
  readonly release?: "rolling" | "blue-green";
}

/** What a service promises, measured by its own metrics. */
export type ServiceObjective = Omit<Objective, "service" | "namespace">;

export interface QueryApi extends Service {
  /**
   * What answers before it, near the user.
   * @default - nothing: queries come straight to the load balancer
   */
  readonly edge?: Edge;
}

/** Kubernetes, IANA service names; the others are taken. */
const portName = text(
  /^(?=.{1,15}$)(?!http$|metrics$|.*--)[a-z]([a-z0-9-]*[a-z0-9])?$/,
  "is no name of a port",
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
  health: optional(path),
  paths: optional(list(path, "write beginnings of paths, or leave it out")),
  hosts: optional(list(domain, "write names like api.orders.example.com, or leave it out")),
  ports: optional(records(port, portName)),
  publicPorts: optional(list(name, 'write ["broker"], or leave it out')),
  volumes,
  maxBodySize: optional(quantity(bytes)),
  timeout: optional(quantity(seconds)),
  rateLimit: optional(
    object<NonNullable<Service["rateLimit"]>>({
      requests: text(/^[1-9]\d*\/[sm]$/, "is no rate", "write one like 100/s or 20/m"),
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
