import { stringify } from "yaml";
import { RESTRICTED } from "../../constructs/kubernetes";
import { Wrong } from "../aws/results";
import { type KubernetesApi, type KubernetesObject, until } from "../cluster/api";
import type { Deployment } from "./deployment";
import { METRICS_FROM } from "./environment";
import { inside } from "./kubectl";
import { scrapeConfigurations } from "./monitors";
import { isReady, type Trial } from "./trial";

export const PROMETHEUS_IMAGE = "quay.io/prometheus/prometheus:v3.13.2";
export const KUBE_STATE_METRICS_IMAGE = "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1";

/** Where it is, for network policies: nothing keeps it from asking, it is the others' policies that let it in. */
export const PROMETHEUS = { namespace: METRICS_FROM, of: "prometheus" } as const;

/** What is scraped: everything that has a monitor, but for what no stand-in exports. */
const SCRAPED = [
  "event-store-nodes",
  "monitoring/kube-state-metrics",
  "read-side/query-api",
  "read-store/read-database-progress",
  "write-side/command-api",
  "write-side/command-processors",
];

const READ_DATABASE = { namespace: "read-store", name: "read-database" } as const;

/** Values of `cqrs:health`. */
const [UNHEALTHY, DEGRADED, HEALTHY] = [0, 1, 2] as const;

const PARTS = ["event_store", "projections", "read_side", "write_side", "system"];

/** Seconds until a rate over five minutes tells of what has just begun or ended, at the intervals of monitors and rules. */
const NOTICED_WITHIN = 240;

const metadata = (name: string) => ({ namespace: METRICS_FROM, name, labels: { "app.kubernetes.io/name": name } });

/** A Prometheus of somebody else, with kube-state-metrics: it takes the monitors and rules that the platform makes. */
export class Metrics {
  constructor(private readonly api: KubernetesApi) {}

  /** Its namespace, which has to be there before what is in it. */
  static readonly NAMESPACE: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: METRICS_FROM } };

  /** Begins it with the monitors and rules of what was deployed. */
  async begin(deployment: Deployment): Promise<void> {
    const { api } = this;
    const { configuration, files } = await scrapeConfigurations(api, [
      ...deployment.objects("PodMonitor"),
      ...deployment.objects("ServiceMonitor"),
      KUBE_STATE_METRICS_MONITOR,
    ]);
    const rules = deployment.objects("PrometheusRule").map(({ metadata, spec }) => [`rules-${metadata.name}.yml`, stringify(spec)]);
    const stringData = { ...files, ...Object.fromEntries(rules), "prometheus.yml": stringify(configuration) };
    await api.apply({ apiVersion: "v1", kind: "Secret", metadata: metadata("prometheus"), stringData });
    for (const object of [...reader("prometheus"), ...reader("kube-state-metrics"), KUBE_STATE_METRICS, PROMETHEUS_POD])
      await api.apply(object);
    for (const pod of [PROMETHEUS_POD, KUBE_STATE_METRICS])
      await until(`${pod.metadata.name} is ready`, 90, async () => isReady(await api.get(pod)));
  }

  /** The value of each series that a query finds, by its labels but the metric's name. */
  async query(expression: string): Promise<readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[]> {
    const { result } = await this.ask(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value }: any) => ({ metric, value: Number(value[1]) }));
  }

  /** Waits until the health of parts is as wanted. Returns it, and how long it took. */
  async health(what: string, isWanted: (health: ReadonlyMap<string, number>) => boolean): Promise<string> {
    const begin = Date.now();
    let seen = "";
    await until(what, NOTICED_WITHIN, async () => {
      const health = new Map((await this.query("cqrs:health")).map(({ metric, value }) => [metric.part ?? "", value]));
      seen = PARTS.map((part) => `${part} ${health.get(part) ?? "unknown"}`).join(", ");
      return isWanted(health);
    }).catch(() => {
      throw new Wrong(`${what}: not within ${NOTICED_WITHIN} s: ${seen}`);
    });
    return `${seen}, after ${Math.round((Date.now() - begin) / 1000)} s`;
  }

  async targets(): Promise<
    readonly { readonly labels: Readonly<Record<string, string>>; readonly health: string; readonly lastError: string }[]
  > {
    return (await this.ask("targets?state=active")).activeTargets;
  }

  private async ask(path: string): Promise<any> {
    const { status, stdout, stderr } = await inside(PROMETHEUS, `curl -sS -m 10 'http://localhost:9090/api/v1/${path}'`);
    if (status !== 0) throw new Wrong(`Prometheus: ${stderr}`);
    const { data, error } = JSON.parse(stdout);
    if (error) throw new Wrong(`Prometheus: ${error}`);
    return data;
  }

  /** Takes everything away again. */
  async end(): Promise<void> {
    const { api } = this;
    for (const name of ["prometheus", "kube-state-metrics"])
      for (const object of reader(name).filter(({ metadata }) => !metadata.namespace)) await api.delete(object);
    await api.delete(Metrics.NAMESPACE);
  }
}

/** Prometheus finds the parts of the system by their monitors, reads them, and calls the system healthy. */
export async function metrics(trial: Trial): Promise<void> {
  const metrics = new Metrics(trial.api);
  const begun = await trial.check("a Prometheus of somebody else scrapes what has a monitor", async () => {
    await metrics.begin(trial.deployment);
    let wrong: readonly string[] = [];
    await until("every target is up", 90, async () => {
      const targets = await metrics.targets();
      const up = new Set(targets.filter(({ health }) => health === "up").map(({ labels }) => labels.job));
      wrong = [
        ...targets.filter(({ health }) => health !== "up").map(({ labels, health, lastError }) => `${labels.job}: ${health} ${lastError}`),
        ...SCRAPED.filter((job) => !up.has(job)).map((job) => `${job}: no target`),
      ];
      return wrong.length === 0;
    }).catch(() => {
      throw new Wrong(wrong.join("\n"));
    });
    return SCRAPED.join(", ");
  });
  if (!begun) return;
  await trial.check("by its rules every part of the system is healthy, and no alert fires", async () => {
    const seen = await metrics.health("every part is healthy", (health) => PARTS.every((part) => health.get(part) === HEALTHY));
    // Also those that wait for their time: it is long, and nothing here is wrong at all.
    const alerts = (await metrics.query("ALERTS")).map(({ metric }) => metric.alertname ?? "");
    if (alerts.length > 0) throw new Wrong(`alerts fire: ${alerts.join(", ")}`);
    return seen;
  });
  await trial.check("without its database the read side is unhealthy and projections are degraded, and both get well again", async () => {
    const scale = (replicas: number) =>
      trial.api.patch({ apiVersion: "apps/v1", kind: "StatefulSet", metadata: READ_DATABASE }, { spec: { replicas } });
    await scale(0);
    const away = await metrics
      .health("it is noticed", (health) => health.get("projections") === DEGRADED && health.get("read_side") === UNHEALTHY)
      .finally(() => scale(1));
    // Requests that failed count for five minutes.
    const back = await metrics.health(
      "projections are healthy, and queries are answered",
      (health) => health.get("projections") === HEALTHY && health.get("read_side") !== UNHEALTHY,
    );
    return `${away}\n${back}`;
  });
}

const KUBE_STATE_METRICS_MONITOR: KubernetesObject = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PodMonitor",
  metadata: metadata("kube-state-metrics"),
  spec: {
    selector: { matchLabels: { "app.kubernetes.io/name": "kube-state-metrics" } },
    // What it says of others has their labels.
    podMetricsEndpoints: [{ port: "http", honorLabels: true }],
  },
};

const KUBE_STATE_METRICS = pod("kube-state-metrics", KUBE_STATE_METRICS_IMAGE, 8080, [
  "kube-state-metrics",
  "--port=8080",
  "--telemetry-port=8081",
]);

const PROMETHEUS_POD = pod("prometheus", PROMETHEUS_IMAGE, 9090, [
  "prometheus",
  "--config.file=/config/prometheus.yml",
  "--storage.tsdb.path=/data",
]);

/** A pod that may read the API. */
function pod(name: string, image: string, port: number, command: readonly string[]): KubernetesObject {
  const isPrometheus = name === "prometheus";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: metadata(name),
    spec: {
      serviceAccountName: name,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image,
          command,
          ports: [{ name: "http", containerPort: port }],
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
          securityContext: RESTRICTED,
          volumeMounts: [
            { name: "data", mountPath: "/data" },
            ...(isPrometheus ? [{ name: "config", mountPath: "/config", readOnly: true }] : []),
          ],
        },
      ],
      volumes: [{ name: "data", emptyDir: {} }, ...(isPrometheus ? [{ name: "config", secret: { secretName: "prometheus" } }] : [])],
    },
  };
}

/** An account that may read what the API has, but for secrets. */
function reader(name: string): readonly KubernetesObject[] {
  const rules = [
    {
      apiGroups: [""],
      resources: [
        "pods",
        "services",
        "endpoints",
        "nodes",
        "namespaces",
        "persistentvolumes",
        "persistentvolumeclaims",
        "resourcequotas",
        "limitranges",
        "configmaps",
        "replicationcontrollers",
      ],
      verbs: ["get", "list", "watch"],
    },
    {
      apiGroups: [
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "networking.k8s.io",
        "storage.k8s.io",
        "discovery.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "admissionregistration.k8s.io",
      ],
      resources: ["*"],
      verbs: ["get", "list", "watch"],
    },
  ];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `${METRICS_FROM}-${name}` };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(name) },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: roleRef.name }, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: roleRef.name },
      roleRef,
      subjects: [{ kind: "ServiceAccount", namespace: METRICS_FROM, name }],
    },
  ];
}
