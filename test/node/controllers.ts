import { RESTRICTED } from "../../constructs/kubernetes";
import { SIGNAL_READER } from "../../constructs/workload";
import { type KubernetesApi, type KubernetesObject, until } from "../cluster/api";
import { isTrue } from "./operators";

/** The image with the programs of all controllers (.ci/operators). */
const IMAGE = "localhost/cdktf-cqrs/operators:1";

/** A controller: one pod in the namespace that the platform gives it, with the rights of its chart for what is used here. */
interface Controller {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly env?: readonly object[];

  /** A port that answers when it works. @default - it is ready when it has started */
  readonly ready?: { readonly port: number; readonly path: string; readonly scheme?: "HTTPS" };

  /** A Secret with certificates, mounted at `/certs`. */
  readonly certificates?: { readonly secretName: string; readonly optional: boolean };
  readonly memory: string;
}

const RBAC = "rbac.authorization.k8s.io";
const READ = ["get", "list", "watch"] as const;
const ALL = [...READ, "create", "update", "patch", "delete"] as const;

const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]) => ({ apiGroups, resources, verbs });

/** Rules about the objects of a group, their status and finalizers. */
const own = (group: string, resources: readonly string[], verbs: readonly string[] = ALL) => [
  rule([group], resources, verbs),
  rule(
    [group],
    resources.flatMap((each) => [`${each}/status`, `${each}/finalizers`]),
    ["get", "update", "patch"],
  ),
];

const EVENTS = rule(["", "events.k8s.io"], ["events"], ["create", "patch"]);

function running(
  { namespace, name, labels, command, env = [], ready, certificates, memory }: Controller,
  account = name,
): KubernetesObject {
  const mounts = [
    { name: "tmp", mountPath: "/tmp" },
    ...(certificates ? [{ name: "certificates", mountPath: "/certs", readOnly: true }] : []),
  ];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account,
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
          volumes: [{ name: "tmp", emptyDir: {} }, ...(certificates ? [{ name: "certificates", secret: certificates }] : [])],
          containers: [
            {
              name: "controller",
              image: IMAGE,
              command,
              env,
              volumeMounts: mounts,
              resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory } },
              securityContext: RESTRICTED,
              ...(ready ? { readinessProbe: { httpGet: ready, periodSeconds: 2 } } : {}),
            },
          ],
        },
      },
    },
  };
}

const subject = (namespace: string, name: string) => [{ kind: "ServiceAccount", namespace, name }];

function bound(
  name: string,
  role: { readonly kind: "ClusterRole" | "Role"; readonly name: string },
  account: string,
  namespace: string,
  of = "",
) {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: of ? "RoleBinding" : "ClusterRoleBinding",
    metadata: { name, ...(of ? { namespace: of } : {}) },
    roleRef: { apiGroup: RBAC, ...role },
    subjects: subject(namespace, account),
  };
}

/** A service account with cluster-wide rights. */
function account(namespace: string, name: string, rules: readonly object[]): readonly KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name } },
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules },
    bound(name, { kind: "ClusterRole", name }, name, namespace),
  ];
}

/** What a server of an aggregated API may do: ask the API server who its clients are. */
const serving = (namespace: string, name: string): readonly KubernetesObject[] => [
  bound(`${name}-delegation`, { kind: "ClusterRole", name: "system:auth-delegator" }, name, namespace),
  bound(`${name}-clients`, { kind: "Role", name: "extension-apiserver-authentication-reader" }, name, namespace, "kube-system"),
];

function service(namespace: string, name: string, labels: object, ports: Readonly<Record<number, number>>): KubernetesObject {
  const all = Object.entries(ports).map(([port, targetPort]) => ({ name: `port-${port}`, port: Number(port), targetPort }));
  return { apiVersion: "v1", kind: "Service", metadata: { namespace, name }, spec: { selector: labels, ports: all } };
}

/** An API that a service of the cluster answers. */
const aggregated = (group: string, namespace: string, name: string, more: object = {}): KubernetesObject => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: `v1beta1.${group}` },
  spec: { group, version: "v1beta1", service: { namespace, name }, groupPriorityMinimum: 100, versionPriority: 100, ...more },
});

/** cert-manager, for issuers that are a CA or sign themselves. */
function certManager(): readonly KubernetesObject[] {
  const place = { namespace: "cert-manager", name: "cert-manager" };
  return [
    ...account(place.namespace, place.name, [
      ...own("cert-manager.io", ["certificates", "certificaterequests", "issuers", "clusterissuers"]),
      rule(["cert-manager.io"], ["signers"], ["approve"]),
      rule(["acme.cert-manager.io"], ["orders", "challenges"], READ),
      rule([""], ["secrets"], ALL),
      EVENTS,
    ]),
    running({ ...place, labels: { app: "cert-manager" }, command: ["/cert-manager"], memory: "256Mi" }),
  ];
}

/** Address of the AWS API that External Secrets reads from, and its credentials. */
export interface SecretsApi {
  readonly endpoint: string;
  readonly credentials: Readonly<Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>>;
}

/** External Secrets without its webhook: it reads from other namespaces, from generators of passwords, and from Secrets Manager. */
function externalSecrets(aws: SecretsApi | undefined): readonly KubernetesObject[] {
  const place = { namespace: "external-secrets", name: "external-secrets" };
  const env = aws ? { ...aws.credentials, AWS_SECRETSMANAGER_ENDPOINT: aws.endpoint } : {};
  const kinds = ["externalsecrets", "secretstores", "clustersecretstores"];
  return [
    ...account(place.namespace, place.name, [
      ...own("external-secrets.io", kinds),
      rule(["generators.external-secrets.io"], ["generatorstates"], [...ALL, "deletecollection"]),
      rule(["generators.external-secrets.io"], ["passwords", "clustergenerators"], READ),
      rule([""], ["serviceaccounts", "namespaces", "configmaps"], READ),
      rule([""], ["serviceaccounts/token"], ["create"]),
      rule([""], ["secrets"], ALL),
      EVENTS,
    ]),
    running({
      ...place,
      labels: { "app.kubernetes.io/name": "external-secrets" },
      command: [
        "/external-secrets",
        ...["cluster-external-secret", "push-secret", "cluster-push-secret"].map((each) => `--enable-${each}-reconciler=false`),
      ],
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      memory: "256Mi",
    }),
  ];
}

/** metrics-server, by whose API autoscalers read CPU and memory. */
function metricsServer(): readonly KubernetesObject[] {
  const place = { namespace: "kube-system", name: "metrics-server" };
  const labels = { "app.kubernetes.io/name": "metrics-server" };
  return [
    ...account(place.namespace, place.name, [rule([""], ["nodes/metrics"], ["get"]), rule([""], ["pods", "nodes"], READ)]),
    ...serving(place.namespace, place.name),
    service(place.namespace, place.name, labels, { 443: 10250 }),
    running({
      ...place,
      labels,
      command: [
        "/metrics-server",
        "--secure-port=10250",
        "--cert-dir=/tmp",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        "--metric-resolution=15s",
        "--kubelet-insecure-tls",
      ],
      ready: { port: 10250, path: "/readyz", scheme: "HTTPS" },
      memory: "200Mi",
    }),
    aggregated("metrics.k8s.io", place.namespace, place.name, { insecureSkipTLSVerify: true }),
  ];
}

/** KEDA's operator and its server of metrics, without its webhook. It may scale the kinds that the platform's release lists. */
function keda(): readonly KubernetesObject[] {
  const { namespace, labels } = SIGNAL_READER;
  const [operator, server] = ["keda-operator", "keda-operator-metrics-apiserver"] as const;
  const scaled = ["deployments", "statefulsets"];
  const certificates = { secretName: "kedaorg-certs", optional: true };
  const env = [
    { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: "WATCH_NAMESPACE", value: "" },
  ];
  return [
    ...account(namespace, operator, [
      ...own("keda.sh", ["scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications"]),
      ...own("eventing.keda.sh", ["cloudeventsources", "clustercloudeventsources"]),
      rule([""], ["configmaps", "pods", "secrets", "services", "serviceaccounts", "limitranges"], READ),
      rule(["apps"], [...scaled, "replicasets"], READ),
      rule(
        ["apps"],
        scaled.map((each) => `${each}/scale`),
        [...READ, "update", "patch"],
      ),
      rule(["autoscaling"], ["horizontalpodautoscalers"], ALL),
      rule(["batch"], ["jobs"], ALL),
      rule(["discovery.k8s.io"], ["endpointslices"], READ),
      rule(["apiregistration.k8s.io"], ["apiservices"], [...READ, "update", "patch"]),
      EVENTS,
    ]),
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { namespace, name: operator }, rules: [rule([""], ["secrets"], ALL)] },
    bound(operator, { kind: "Role", name: operator }, operator, namespace, namespace),
    ...serving(namespace, operator),
    service(namespace, operator, labels, { 9666: 9666 }),
    service(namespace, server, { app: server }, { 443: 6443 }),
    running({
      namespace,
      name: operator,
      labels,
      command: [
        "/keda",
        "--enable-cert-rotation=true",
        "--enable-webhook-patching=false",
        `--cert-secret-name=${certificates.secretName}`,
        `--operator-service-name=${operator}`,
        `--metrics-server-service-name=${server}`,
      ],
      env,
      ready: { port: 8081, path: "/readyz" },
      certificates,
      memory: "256Mi",
    }),
    running(
      {
        namespace,
        name: server,
        labels: { app: server },
        command: [
          "/keda-adapter",
          "--secure-port=6443",
          "--client-ca-file=/certs/ca.crt",
          "--tls-cert-file=/certs/tls.crt",
          "--tls-private-key-file=/certs/tls.key",
          "--cert-dir=/certs",
        ],
        env,
        ready: { port: 6443, path: "/readyz", scheme: "HTTPS" },
        certificates: { ...certificates, optional: false },
        memory: "128Mi",
      },
      operator,
    ),
    aggregated("external.metrics.k8s.io", namespace, server),
  ];
}

/** All controllers, in namespaces that exist. */
export class Controllers {
  private readonly objects: readonly KubernetesObject[];

  constructor(
    private readonly api: KubernetesApi,
    aws: SecretsApi | undefined,
  ) {
    this.objects = [...certManager(), ...externalSecrets(aws), ...metricsServer(), ...keda()];
  }

  async start(): Promise<void> {
    for (const object of this.objects) await this.api.apply(object);
  }

  /** Waits until each runs, and APIs are answered: a server of metrics waits for certificates, which reach it after a minute or two. */
  async ready(): Promise<void> {
    for (const object of this.objects.filter(({ kind }) => kind === "Deployment" || kind === "APIService"))
      await until(`${object.kind} ${object.metadata.name} is available`, 240, async () => isTrue(await this.api.get(object), "Available"));
  }

  /** Takes what they look after away first, and APIs: objects wait for their controller, and namespaces for APIs that nothing answers. */
  async end(namespaces: readonly string[]): Promise<void> {
    for (const [apiVersion, kind] of [
      ["keda.sh/v1alpha1", "ScaledObject"],
      ["external-secrets.io/v1", "ExternalSecret"],
    ] as const) {
      for (const namespace of namespaces) {
        await this.api.deleteAll({ apiVersion, kind }, { namespace });
        const left = () => this.api.list({ apiVersion, kind }, { namespace });
        await until(`each ${kind} of ${namespace} is gone`, 60, async () => (await left()).length === 0);
      }
    }
    for (const object of this.objects.filter(({ kind }) => kind === "APIService")) await this.api.delete(object);
  }

  /** Takes them away. */
  async remove(): Promise<void> {
    for (const object of this.objects) await this.api.delete(object);
  }

  /** Metrics of a controller's pod, in Prometheus' format. */
  async metrics(namespace: string, labels: string): Promise<string> {
    const pods = await this.api.list({ apiVersion: "v1", kind: "Pod" }, { namespace, labels });
    const pod = pods.find(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === "Running");
    return pod ? this.api.call("GET", `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}:8080/proxy/metrics`) : "";
  }
}

/** The value of a series with these labels, among metrics in Prometheus' format. */
export function seriesOf(metrics: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const pattern = new RegExp(`^${name}\\{(.*)\\} `);
  const line = metrics.split("\n").find((each) => {
    const written = pattern.exec(each)?.[1];
    return written !== undefined && Object.entries(labels).every(([label, value]) => `,${written},`.includes(`,${label}="${value}",`));
  });
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}
