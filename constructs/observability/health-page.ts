import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { type Backend, HttpService } from "../workload";

/** A part of a system that has a series `cqrs:health`. */
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

  /** What the page is about, its heading: `orders production`. */
  readonly title: string;

  /**
   * Parts that the rules record as `cqrs:health`. If one of them has no current value, the health of the system is unknown, so leave
   * out what the system does not have.
   * @default - all four
   */
  readonly parts?: readonly HealthPart[];

  /**
   * Prometheus that has `cqrs:health`, or another server with its API: the address, `http://host:port`, and where its pods are. It has to
   * allow ingress from this page's pods.
   * @default - `http://metrics-prometheus.observability.svc:9090`, in the namespace `observability`
   */
  readonly prometheus?: { readonly url: string; readonly peer: Exclude<Peer, "anywhere"> };

  /**
   * Who may connect to it: the gateway, a person's namespace.
   * @default - nobody
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /**
   * Number of pods.
   * @default 2, so that a node can be drained
   */
  readonly replicas?: number;

  /**
   * The PriorityClass that decides who goes first when room is short.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** What has to be there before: its namespace. */
  readonly after?: readonly ITerraformDependable[];
}

const PROMETHEUS = {
  url: "http://metrics-prometheus.observability.svc:9090",
  // Prometheus operator, labels of its pods.
  peer: { namespace: "observability", labels: { "app.kubernetes.io/name": "prometheus" } },
} as const;

const PARTS: readonly HealthPart[] = ["write_side", "read_side", "event_store", "projections"];

/** Seconds: four evaluations of rules at the operator's 30 s. Prometheus itself would repeat the last value for five minutes. */
const MAX_AGE = 120;

/** Where its files are, and what it may write. */
const [PAGE, STATE] = ["/page", "/tmp"];

const FILES = ["health-page.sh", "answer.sh", "answer.awk", "render.awk", "page.html"];

const read = (file: string) => readFileSync(join(__dirname, "health-page", file), "utf8");

/** Without comments and ends of lines, as the query of a URL. */
const QUESTION = encodeURIComponent(
  read("question.promql")
    .replace(/^#.*\n/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim(),
);

/** The one script that the page may run: Content-Security-Policy. */
const SCRIPT_HASH = `sha256-${createHash("sha256")
  .update(/<script>(.*)<\/script>/s.exec(read("page.html"))?.[1] ?? "")
  .digest("base64")}`;

/**
 * Health of the system as a page (`/`) and as JSON (`/health.json`: status 200 if healthy or degraded, 503 if unhealthy or unknown, for
 * load balancers and uptime checks). Each pod asks Prometheus every 15 seconds, however many requests it gets. If Prometheus does not
 * answer or a value is older than two minutes, the health is unknown. It has no user authentication: whoever reaches it sees names
 * and progress of projections.
 */
export class HealthPage extends Construct {
  /** Its Service, for a route. */
  readonly backend: Backend;

  /** Its pods, for the policies of Prometheus. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it: a route. */
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
      // It is asked for its page also while the system is unwell.
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

/** BusyBox' wget verifies no certificate, so that https would promise what it does not keep. */
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
