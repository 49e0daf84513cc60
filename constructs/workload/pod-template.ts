import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type PodConnections, podConnections, type SecretReference } from "../connection";
import { refuse } from "../core/errors";
import type { Duration } from "../core/quantities";
import { literal } from "../core/templates";
import { TOOLS } from "../core/versions";
import { CustomResources, imageFrom, imageProblem, type Peer, PodTraffic, RESTRICTED, STAYS, type TrafficRule } from "../kubernetes";
import { exempt } from "../policy/contract";
import type { Container, Health, PodProps, Volume } from "./contract";
import { CONTAINER_DEFAULTS, WORKLOAD_DEFAULTS } from "./defaults";
import { fileData, fileHash, mounts, secretMounts, volumes } from "./directories";
import { NamespaceConnections } from "./namespace-connections";
import { claimName, keptVolume } from "./paths";
import { placementProblems, tolerated } from "./placement";
import { probesOf, secondsOf } from "./probes";
import { podProblems, portOf } from "./problems";
import { values, variableProblems, variables } from "./variables";

export interface PodTemplateProps extends PodProps {
  readonly name: string;

  /** Component label: `service`, `worker`, `job`. */
  readonly component: string;

  /**
   * Health endpoint.
   * @default - none: healthy while it runs
   */
  readonly health?: Health;

  /**
   * Ports in addition to those of its health and its metrics, by name.
   * @default - none
   */
  readonly morePorts?: Readonly<Record<string, number>>;

  /**
   * Pre-stop delay: the pod keeps serving before it receives SIGTERM, because clients and load balancers learn of its shutdown at the same
   * time, and with a delay.
   * @default - none
   */
  readonly drain?: Duration;

  /**
   * Default of `terminationGracePeriod`, in seconds.
   * @default 60
   */
  readonly graceSeconds?: number;

  /**
   * Variables from the downward API, by name: field paths of the pod.
   * @default - none
   */
  readonly fields?: Readonly<Record<string, string>>;

  /**
   * Variables of its kind of workload.
   * @default - none
   */
  readonly told?: Readonly<Record<string, string>>;

  /**
   * Secrets in its namespace that others than its pods read.
   * @default - none
   */
  readonly secretsBeside?: readonly SecretReference[];

  /**
   * Requires several successful readiness probes in a row before a pod is ready. For workloads whose next pod is replaced then and whose
   * `minReadySeconds` the provider drops, such as a StatefulSet without volumes.
   * @default false
   */
  readonly provesItself?: boolean;

  /**
   * Adds the trust bundle of its connections.
   * @default true
   */
  readonly trustBundle?: boolean;

  /**
   * Marks pods that run to completion: they are not restarted and not spread.
   * @default false
   */
  readonly ends?: boolean;

  /**
   * Guarantees that there are never two pods at a time, which `volumes` require.
   * @default false
   */
  readonly single?: boolean;
}

/** One version of the pods of a template. */
export interface PodVersion {
  readonly image: string;

  /**
   * Label that distinguishes its pods from other versions: the Deployment's name.
   * @default - the workload's name
   */
  readonly instance?: string;

  /**
   * Property of the image, for error messages.
   * @default "image"
   */
  readonly property?: string;
}

/** Directory of the sleep program: the provider doesn't support a `sleep` preStop hook, and images need not contain one. */
const DRAIN = "/drain";
const DRAIN_VOLUME = "drain";

/** Returns the pods of a workload as a peer, by its name: the workload can belong to another stack. */
export function podsOf(namespace: string, name: string): Exclude<Peer, string> {
  return { namespace, labels: podLabels(name) };
}

/** Labels by which a policy selects the pods of a workload. */
export function podLabels(name: string): Record<string, string> {
  return { [NAME]: name };
}

/** Field path of a StatefulSet pod's index label (Kubernetes 1.28). */
export const POD_INDEX = "metadata.labels['apps.kubernetes.io/pod-index']";

const NAME = "app.kubernetes.io/name";

/** Labels of metrics that name their origin. A label of the pod with that name would replace it. */
const ORIGIN: readonly string[] = ["cluster", "container", "endpoint", "instance", "job", "namespace", "pod"];
const INSTANCE = "app.kubernetes.io/instance";

/**
 * The pod template of a workload and its supporting objects: a service account without a token, files, network policy, and what its
 * connections need in the namespace. Each container sets every field of the restricted Pod Security Standard, because the provider would
 * send omitted fields as allowed.
 */
export class PodTemplate extends Construct {
  /** Labels that all its pods have. */
  readonly labels: Readonly<Record<string, string>>;

  /** Resources that its pods depend on. */
  readonly ready: ITerraformDependable[];

  private readonly owner: Construct;
  private readonly props: PodTemplateProps;
  private readonly files: ConfigMapV1 | undefined;
  private readonly connections: PodConnections;

  constructor(scope: Construct, id: string, props: PodTemplateProps) {
    super(scope, id);
    const { cluster, namespace, name, files = {}, secrets = {}, secretsBeside = [], after = [] } = props;
    this.owner = scope;
    this.props = props;
    this.labels = podLabels(name);
    this.connections = podConnections(cluster, props.connections ?? [], props);
    for (const { property, ...problem } of [...podProblems(props), ...placementProblems(props)]) refuse(scope, [problem], property);
    refuse(scope, this.connections.problems, "connections");
    refuse(scope, variableProblems(props, this.connections), "env");

    const dependsOn = [...after];
    const account = new ServiceAccountV1(this, "account", {
      metadata: { name, namespace },
      automountServiceAccountToken: false,
      dependsOn,
    });
    if (Object.keys(files).length > 0) {
      this.files = new ConfigMapV1(this, "files", { metadata: { name, namespace }, data: fileData(files), dependsOn });
    }
    const { policy } = new PodTraffic(this, "traffic", { namespace, name, labels: this.labels, ...this.traffic(), after });
    const claims = this.claims(dependsOn);
    const own = [...Object.values(secrets), ...Object.values(props.secretFiles ?? {}), ...secretsBeside].map(({ secret, home }) => ({
      secret,
      home,
    }));
    const { authorities, configMaps } = this.connections;
    const needs = { secrets: [...this.connections.secrets, ...own], authorities, configMaps };
    const connected = NamespaceConnections.need(this, { cluster, namespace, after }, needs);
    if (props.metrics?.monitor) this.monitor(after);
    this.ready = [...after, account, ...(this.files ? [this.files] : []), policy, ...claims, ...connected];
  }

  /** Its pods, as a peer for the rules that allow them. */
  get peer(): Exclude<Peer, string> {
    return { namespace: this.props.namespace, labels: this.labels };
  }

  /** Checks if it has a volume that only one pod can use at a time. */
  get keepsData(): boolean {
    return Object.keys(this.props.volumes ?? {}).length > 0;
  }

  /** Termination grace period of its pods, in seconds. */
  get terminationSeconds(): number {
    const { drain, terminationGracePeriod: grace, graceSeconds = 60 } = this.props;
    return secondsOf(drain, 0) + secondsOf(grace, graceSeconds);
  }

  /** Returns the labels that select the pods of one version. */
  selector(instance = this.props.name): Record<string, string> {
    return { ...this.labels, [INSTANCE]: instance };
  }

  /** Returns the template of a Deployment, a StatefulSet or a Job, in the kubernetes provider's format. */
  version({ image, instance, property = "image" }: PodVersion) {
    const { props } = this;
    this.check(property, image);
    const { name, component, user = WORKLOAD_DEFAULTS.user, ends = false, priority } = props;
    const { nodeSelector, tolerations = [], pullSecrets = [] } = props;
    const selector = this.selector(instance);
    const annotations = {
      "kubectl.kubernetes.io/default-container": name,
      ...(this.files ? { "checksum/files": fileHash(props.files ?? {}, this.files) } : {}),
      ...(this.keepsData ? STAYS : {}),
    };
    return {
      metadata: { labels: { ...props.labels, ...selector, "app.kubernetes.io/component": component }, annotations },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...(ends ? { restartPolicy: "Never" } : {}),
        terminationGracePeriodSeconds: this.terminationSeconds,
        ...(priority ? { priorityClassName: priority } : {}),
        securityContext: {
          runAsNonRoot: true,
          runAsUser: String(user),
          runAsGroup: String(user),
          fsGroup: String(user),
          // Files on a volume already belong to the group: a start must not scan all of them.
          ...(this.keepsData ? { fsGroupChangePolicy: "OnRootMismatch" } : {}),
          seccompProfile: { type: "RuntimeDefault" },
        },
        ...(nodeSelector ? { nodeSelector: { ...nodeSelector } } : {}),
        ...(tolerations.length > 0 ? { toleration: tolerated(tolerations) } : {}),
        ...(pullSecrets.length > 0 ? { imagePullSecrets: [...pullSecrets].sort().map((secret) => ({ name: secret })) } : {}),
        ...(ends ? {} : { topologySpreadConstraint: spread(selector) }),
        initContainer: [
          ...(props.drain ? [this.drainContainer()] : []),
          ...this.connections.initContainers,
          ...(props.initContainers ?? []).map((container) => this.beside(container, image)),
        ],
        container: [this.own(image), ...(props.sidecars ?? []).map((container) => this.drained(this.beside(container, image)))],
        volume: [
          ...(props.drain ? [{ name: DRAIN_VOLUME, emptyDir: { sizeLimit: "8Mi" } }] : []),
          ...this.connections.volumes,
          ...volumes(props),
        ],
      },
    };
  }

  /** Creates the PersistentVolumeClaims of its single pod, which references them by name. */
  private claims(dependsOn: ITerraformDependable[]): readonly PersistentVolumeClaimV1[] {
    const { cluster, namespace, name, volumes: kept = {} } = this.props;
    return Object.keys(kept)
      .sort()
      .filter((path, index, all) => all.findIndex((other) => keptVolume(other) === keptVolume(path)) === index)
      .map((path) => {
        const { size, storageClass = cluster.storageClass, protect = true } = kept[path] as Volume;
        const claim = new PersistentVolumeClaimV1(this, keptVolume(path), {
          metadata: { name: claimName(name, path), namespace, labels: { ...this.labels } },
          spec: { accessModes: ["ReadWriteOnce"], storageClassName: storageClass, resources: { requests: { storage: size } } },
          // Bound when its pod is scheduled, which happens later.
          waitUntilBound: false,
          lifecycle: { preventDestroy: protect },
          dependsOn,
        });
        exempt(claim, "data-lives-apart", "the volume of one workload, which is deployed with it");
        return claim;
      });
  }

  private check(property: string, image: string): void {
    const problem = imageProblem(image);
    if (problem) refuse(this.owner, [{ value: image, ...problem }], property);
  }

  private traffic(): { readonly ingress: readonly TrafficRule[]; readonly egress: readonly TrafficRule[] } {
    const { ingress = [], egress = [], metrics, telemetry } = this.props;
    const port = telemetry && portOf(telemetry.endpoint);
    return {
      ingress: [...ingress, ...(metrics ? [{ name: "metrics", peer: { namespace: metrics.from }, ports: [metrics.port] }] : [])],
      egress: [
        ...this.connections.egress,
        ...egress,
        ...(port ? [{ name: "telemetry", peer: { namespace: telemetry.namespace }, ports: [port, ...(telemetry.otherPorts ?? [])] }] : []),
      ],
    };
  }

  private own(image: string) {
    const {
      cluster,
      name,
      command,
      args,
      cpu = WORKLOAD_DEFAULTS.cpu,
      cpuLimit,
      memory = WORKLOAD_DEFAULTS.memory,
      memoryRequest = memory,
      health,
      probes,
      provesItself,
    } = this.props;
    return this.drained({
      name,
      image: imageFrom(cluster, image),
      imagePullPolicy: "IfNotPresent",
      ...running(command, args),
      env: variables(this.props, this.connections, image),
      port: Object.entries(this.ports()).map(([portName, containerPort]) => ({ name: portName, containerPort })),
      resources: {
        requests: { cpu: String(cpu), memory: memoryRequest },
        limits: { memory, ...(cpuLimit ? { cpu: String(cpuLimit) } : {}) },
      },
      securityContext: this.restricted(),
      ...probesOf(health, probes, provesItself),
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMount: [...this.connections.mounts, ...mounts(this.props), ...secretMounts(this.props)],
    });
  }

  private beside(
    { name, image, command, args, cpu = CONTAINER_DEFAULTS.cpu, memory = CONTAINER_DEFAULTS.memory, env = {}, connected }: Container,
    own: string,
  ) {
    if (image !== undefined) this.check(`${name}.image`, image);
    return {
      name,
      image: imageFrom(this.props.cluster, image ?? own),
      imagePullPolicy: "IfNotPresent",
      ...running(command, args),
      env: [
        ...(connected ? variables(this.props, this.connections, own).filter((variable) => !(variable.name in env)) : []),
        ...values(env),
      ],
      resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
      securityContext: this.restricted(),
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMount: [...(connected ? this.connections.mounts : []), ...mounts(this.props), ...(connected ? secretMounts(this.props) : [])],
    };
  }

  /** Adds the pre-stop delay to a container, also to sidecars, because requests may come through them. */
  private drained<C extends { readonly volumeMount: readonly object[] }>(container: C) {
    const { drain } = this.props;
    const sleep = { exec: { command: [`${DRAIN}/busybox`, "sleep", String(secondsOf(drain, 0))] } };
    return {
      ...container,
      ...(drain ? { lifecycle: { preStop: [sleep] } } : {}),
      volumeMount: [...(drain ? [{ name: DRAIN_VOLUME, mountPath: DRAIN, readOnly: true }] : []), ...container.volumeMount],
    };
  }

  /** Init container that copies the sleep program, a single file. */
  private drainContainer() {
    return {
      name: DRAIN_VOLUME,
      image: imageFrom(this.props.cluster, TOOLS.busyboxStatic),
      imagePullPolicy: "IfNotPresent",
      command: ["cp", "/bin/busybox", `${DRAIN}/busybox`],
      resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
      securityContext: this.restricted(),
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMount: [{ name: DRAIN_VOLUME, mountPath: DRAIN }],
    };
  }

  private restricted() {
    const user = String(this.props.user ?? WORKLOAD_DEFAULTS.user);
    return { ...RESTRICTED, privileged: false, runAsUser: user, runAsGroup: user, seccompProfile: { type: "RuntimeDefault" } };
  }

  /** Container ports by name. Metrics on a port that already has a name use that port. */
  private ports(): Readonly<Record<string, number>> {
    const { health, metrics, morePorts } = this.props;
    const ports = { ...(health ? { [health.path === undefined ? "tcp" : "http"]: health.port } : {}), ...morePorts };
    return metrics && !Object.values(ports).includes(metrics.port) ? { ...ports, metrics: metrics.port } : ports;
  }

  /** Creates a PodMonitor that adds the workload's own labels to its metrics. */
  private monitor(after: readonly ITerraformDependable[]): void {
    const { cluster, namespace, name, metrics, labels = {} } = this.props;
    const [port] = Object.entries(this.ports()).find(([, number]) => number === metrics?.port) ?? [];
    const monitor = {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PodMonitor",
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: { ...this.labels } },
        podTargetLabels: [NAME, ...Object.keys(labels).sort()].filter((label) => !ORIGIN.includes(label)),
        podMetricsEndpoints: [{ port, path: metrics?.path ?? "/metrics" }],
      },
    };
    new CustomResources(this, "monitor", { cluster, namespace, name: `${name}-monitor`, objects: [monitor], after });
  }
}

/** Spreads each version evenly over zones and nodes. Never blocks scheduling, because a zone can be down. */
function spread(matchLabels: Record<string, string>) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: [{ matchLabels }],
    matchLabelKeys: ["pod-template-hash"], // excludes old pods, which are about to stop
  }));
}

function running(command: readonly string[] | undefined, args: readonly string[] | undefined) {
  return { ...(command ? { command: command.map(literal) } : {}), ...(args ? { args: args.map(literal) } : {}) };
}
