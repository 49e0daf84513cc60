import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type PodConnections, podConnections } from "../connection";
import { refuse } from "../core/errors";
import { literalFiles } from "../core/templates";
import { TOOLS } from "../core/versions";
import { CustomResources, imageFrom, type KubernetesTarget, type Peer, PodTraffic, RESTRICTED } from "../kubernetes";
import { type Postgres, postgresConnection } from "../postgres";
import { fingerprintOf, NamespaceConnections, podLabels, podsOf, RESTARTED } from "../workload";

export interface ProjectionExporterProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pod. If it differs from that of the read database, the reader's secret is copied to it. */
  readonly namespace: string;

  /** The read database, which has `ProjectionTables`. */
  readonly postgres: Postgres;

  /**
   * Value of the label `store` of its series.
   * @default - the name of the read database
   */
  readonly store?: string;

  /** Namespace of Prometheus: the only one that may connect to it. */
  readonly metricsFrom: string;

  /**
   * Creates a PodMonitor, which requires the CRDs of the Prometheus operator.
   * @default true
   */
  readonly monitor?: boolean;

  /**
   * PriorityClass of its pods, which determines which pods are preempted first.
   * @default - the cluster's default
   */
  readonly priority?: string;

  /** Resources created before it: its namespace, the tables of projections, the CRDs of the Prometheus operator. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of its pods, for network policies of the database: `read-database-progress`. */
export function projectionExporterPods({ name }: Pick<Postgres, "name">): string {
  return `${name}-progress`;
}

/** Environment variables that psql reads. */
const SERVER = {
  PGHOST: "{host}",
  PGPORT: "{port}",
  PGDATABASE: "{database}",
  PGSSLMODE: "verify-full",
  PGSSLROOTCERT: "{ca}",
} as const;

/** The user `postgres` in the psql image. Both containers use it, so that one can read the other's files. */
const USER = "70";

const PORT = 8080;
const SHARED = "/progress";

/** Seconds between two measurements and between two scrapes. Alerts and the status page use minutes. */
const EVERY = 15;

const FILES = ["export.sh", "metrics.sql", "answer.sh"].map((file) => join(__dirname, "exporter", file));

/**
 * Metrics of projection progress: one pod that queries the read database every 15 seconds, as its reader, and serves the result. It queries
 * the primary and bypasses the pooler, because a lagging replica would show projections as behind. If the database does not answer, the
 * series of projections disappear and `cqrs_projection_exporter_success` is 0.
 */
export class ProjectionExporter extends Construct {
  /** Its pods, for network policies of the database and of Prometheus. */
  readonly peer: Exclude<Peer, string>;

  /** Dependencies for resources that use it. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ProjectionExporterProps) {
    super(scope, id);
    const { cluster, namespace, postgres, store = postgres.name, metricsFrom, monitor = true, after = [] } = props;
    const name = projectionExporterPods(postgres);
    const server = serverOf(cluster, postgres);
    refuse(this, server.problems, "postgres");
    this.peer = podsOf(namespace, name);

    const dependsOn = [...after];
    const data = literalFiles(FILES);
    const scripts = new ConfigMapV1(this, "scripts", {
      metadata: { name: `${name}-${fingerprintOf(data)}`, namespace },
      data,
      dependsOn,
    });
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels: podLabels(name),
      ingress: [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORT] }],
      egress: server.egress,
      after,
    });
    const { user, password } = postgres.users.reader;
    const needs = {
      secrets: [user, password].map(({ secret, home }) => ({ secret, home })),
      authorities: server.authorities,
      configMaps: server.configMaps,
    };
    const connected = NamespaceConnections.need(this, { cluster, namespace, after }, needs);
    const matchLabels = { ...podLabels(name), "app.kubernetes.io/instance": name };
    const deployment = new DeploymentV1(this, "pods", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: {
        replicas: "1",
        selector: { matchLabels },
        // Two pods at a time would report each series twice; a gap of some seconds is harmless.
        strategy: { type: "Recreate" },
        template: {
          metadata: { labels: { ...matchLabels, "app.kubernetes.io/component": "exporter" } },
          spec: podSpec(props, server, scripts.metadata.name),
        },
      },
      lifecycle: { ignoreChanges: [RESTARTED] },
      dependsOn: [...after, scripts, policy, ...connected],
    });
    if (monitor) {
      const objects = [monitorOf(name, namespace, store)];
      new CustomResources(this, "monitor", { cluster, namespace, name: `${name}-monitor`, objects, after });
    }
    this.ready = [deployment];
  }
}

/**
 * The primary, with the reader's credentials. The pod does not wait for it, because it reports an unavailable database. It needs no CAs
 * besides that of the server.
 */
function serverOf(cluster: KubernetesTarget, postgres: Postgres): PodConnections {
  const { ready: _, ...connection } = postgresConnection({ ...postgres, pool: undefined, reader: postgres.writer }, "reader");
  return podConnections(cluster, [{ connection, variables: SERVER }], { trustBundle: false });
}

function podSpec({ cluster, postgres, priority }: ProjectionExporterProps, server: PodConnections, configMap: string) {
  const { user, password } = postgres.users.reader;
  const told = { SQL: "/scripts/metrics.sql", METRICS, CREDENTIALS: "/credentials", TMPDIR: "/tmp", HOME: "/tmp", EVERY: String(EVERY) };
  const shared = { name: "progress", mountPath: SHARED };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // A measurement takes only a moment, and httpd ignores SIGTERM.
    terminationGracePeriodSeconds: 5,
    ...(priority ? { priorityClassName: priority } : {}),
    securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
    container: [
      {
        name: "measure",
        image: imageFrom(cluster, TOOLS.psql),
        ...COMMON,
        command: ["sh", "/scripts/export.sh"],
        env: [...server.env, ...variables(told)],
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
        // The file is written even if the database doesn't answer: an old file means that the container hangs.
        livenessProbe: {
          exec: { command: ["sh", "-c", `test -n "$(find ${METRICS} -mmin -2)"`] },
          initialDelaySeconds: 60,
          periodSeconds: 30,
          timeoutSeconds: 5,
          failureThreshold: 2,
        },
        volumeMount: [
          ...server.mounts,
          { name: "credentials", mountPath: "/credentials", readOnly: true },
          { name: "scripts", mountPath: "/scripts", readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
          shared,
        ],
      },
      {
        name: "serve",
        image: imageFrom(cluster, TOOLS.busybox),
        ...COMMON,
        command: ["httpd", "-f", "-p", String(PORT), "-h", "/www"],
        env: variables({ METRICS, MAX_AGE: String(4 * EVERY) }),
        port: [{ name: "metrics", containerPort: PORT }],
        resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
        readinessProbe: { httpGet: { path: PATH, port: "metrics" }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        livenessProbe: { tcpSocket: [{ port: "metrics" }], periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 },
        volumeMount: [
          { name: "answer", mountPath: "/www/cgi-bin", readOnly: true },
          { ...shared, readOnly: true },
        ],
      },
    ],
    volume: [
      ...server.volumes,
      // A volume instead of variables, because it is updated after a rotation.
      {
        name: "credentials",
        projected: [
          {
            defaultMode: "0440",
            // One source per file: the API stores a list of sources, and would return a source with two files as two.
            sources: Object.entries({ user, password }).map(([path, { secret, key }]) => ({
              secret: [{ name: secret.name, items: [{ key, path }] }],
            })),
          },
        ],
      },
      { name: "scripts", configMap: { name: configMap, defaultMode: "0444" } },
      { name: "answer", configMap: { name: configMap, items: [{ key: "answer.sh", path: "metrics" }], defaultMode: "0555" } },
      { name: "progress", emptyDir: { sizeLimit: "16Mi" } },
      // For a password file.
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    ],
  };
}

const METRICS = `${SHARED}/metrics`;

/** Path under which BusyBox httpd runs a script. */
const PATH = "/cgi-bin/metrics";

const COMMON = {
  imagePullPolicy: "IfNotPresent",
  securityContext: { ...RESTRICTED, runAsUser: USER, runAsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
  terminationMessagePolicy: "FallbackToLogsOnError",
};

function variables(told: Readonly<Record<string, string>>) {
  return Object.entries(told)
    .map(([name, value]) => ({ name, value }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function monitorOf(name: string, namespace: string, store: string) {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: podLabels(name) },
      podTargetLabels: ["app.kubernetes.io/name"],
      podMetricsEndpoints: [
        {
          port: "metrics",
          path: PATH,
          interval: `${EVERY}s`,
          scrapeTimeout: "10s",
          relabelings: [{ action: "replace", targetLabel: "store", replacement: store }],
        },
      ],
    },
  };
}
