import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { type Backend, HttpService } from "../workload";

/** A part of a system with the series `cqrs:health`. */
export type HealthPart = "write_side" | "read_side" | "event_store" | "projections";

export interface HealthPageProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of its pods and its Service.
   * @default "health"
   */
  readonly name?: string;

  /** Heading of the page: `orders production`. */
  readonly title: string;

  /**
   * Parts that the rules record as `cqrs:health`. If one of them has no current value, the health of the system is unknown, so omit parts
   * that the system lacks.
   * @default - all four
   */
  readonly parts?: readonly HealthPart[];

  /**
   * Prometheus that has `cqrs:health`, or another server with its API: the address, `http://host:port`, and its pods. It must allow ingress
   * from this page's pods.
   * @default - `http://metrics-prometheus.observability.svc:9090`, in the namespace `observability`
   */
  readonly prometheus?: { readonly url: string; readonly peer: Exclude<Peer, "anywhere"> };

  /**
   * Pods that may connect to it: the gateway, an operator's namespace.
   * @default - none
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * Number of pods.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: number;

  /**
   * PriorityClass of the pods, which decides on preemption if capacity is insufficient.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace. */
  readonly after?: readonly ITerraformDependable[];
}

const PROMETHEUS = {
  url: "http://metrics-prometheus.observability.svc:9090",
  // Prometheus operator, labels of its pods.
  peer: { namespace: "observability", labels: { "app.kubernetes.io/name": "prometheus" } },
} as const;

const PARTS: readonly HealthPart[] = ["write_side", "read_side", "event_store", "projections"];

/** Seconds: four rule evaluations at the operator's 30 s. Prometheus itself would return the last value for five minutes. */
const MAX_AGE = 120;

/** Directory of its files, and its writable directory. */
const [PAGE, STATE] = ["/page", "/tmp"];

const FILES = ["health-page.sh", "answer.sh", "answer.awk", "render.awk", "page.html"];

const read = (file: string) => readFileSync(join(__dirname, "health-page", file), "utf8");

/** The query without comments and line breaks, encoded for a URL. */
const QUESTION = encodeURIComponent(
  read("question.promql")
    .replace(/^#.*\n/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim(),
);

/** Hash of the only script that the page may run: Content-Security-Policy. */
const SCRIPT_HASH = `sha256-${createHash("sha256")
  .update(/<script>(.*)<\/script>/s.exec(read("page.html"))?.[1] ?? "")
  .digest("base64")}`;

/**
 * Health of the system as a page (`/`) and as JSON (`/health.json`: status 200 if healthy or degraded, 503 if unhealthy or unknown, for
 * load balancers and uptime checks). Each pod queries Prometheus every 15 seconds, regardless of the number of requests. If Prometheus is
 * unavailable or a value is older than two minutes, the health is unknown. It has no user authentication: every client can see names and
 * progress of projections.
 */
export class HealthPage extends Construct {
  /** Its Service, for a route. */
  readonly backend: Backend;

  /** Its pods, for the policies of Prometheus. */
  readonly peer: Exclude<Peer, string>;

  /** Dependencies of a route. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: HealthPageProps) {
    super(scope, id);
    const { cluster, namespace, name = "health", title, parts = PARTS, prometheus = PROMETHEUS, clients = [], replicas = 2 } = props;
    refuse(this, addressProblems(prometheus.url), "prometheus.url");
    refuse(this, partProblems(parts), "parts");
    const service = new HttpService(this, "service", {
      cluster,
      namespace,
      name,
      image: TOOLS.busybox,
      command: ["sh", `${PAGE}/health-page.sh`],
      port: 8080,
      servicePort: 80,
      // Kubernetes probes this path, so the page is available even if the system is unhealthy.
      health: "/ready.txt",
      probes: { liveness: { path: "/live.cgi" } },
      replicas,
      clients,
      egress: [{ name: "prometheus", peer: prometheus.peer, ports: [portOf(prometheus.url)] }],
      cpu: "20m",
      memory: "32Mi",
      files: Object.fromEntries(FILES.map((file) => [`${PAGE}/${file}`, read(file)])),
      scratch: { [STATE]: "8Mi" },
      env: {
        PAGE,
        STATE,
        PROMETHEUS: prometheus.url,
        QUESTION,
        TITLE: title,
        PARTS: parts.join(" "),
        MAX_AGE: String(MAX_AGE),
        SCRIPT_HASH,
        TZ: "UTC",
      },
      ...(props.priority ? { priority: props.priority } : {}),
      ...(props.after ? { after: props.after } : {}),
    });
    this.backend = service.backends[0] ?? { service: name, port: 80 };
    this.peer = service.peer;
    this.ready = service.ready;
  }
}

/** HTTP only: BusyBox' wget verifies no certificate, so https would give a false sense of security. */
const ADDRESS = /^http:\/\/[a-z0-9.-]+:(\d{1,5})$/;

function portOf(url: string): number {
  return Number(ADDRESS.exec(url)?.[1] ?? 9090);
}

function addressProblems(url: string): readonly Omit<Problem, "path">[] {
  const remedy = "use http://host:port without a path; TLS is not supported, because the page could not verify the certificate";
  return ADDRESS.test(url) ? [] : [{ value: url, rule: "must be an address in the cluster", remedy }];
}

function partProblems(parts: readonly HealthPart[]): readonly Omit<Problem, "path">[] {
  if (parts.length === 0) return [{ rule: "must not be empty", remedy: `use some of ${PARTS.join(", ")}` }];
  return new Set(parts).size === parts.length
    ? []
    : [{ value: parts.join(", "), rule: "must not repeat a part", remedy: "name each once" }];
}
