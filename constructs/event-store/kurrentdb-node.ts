import type { StatefulSetV1SpecTemplateSpec } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import type { SecretReference } from "../connection";
import { type Bytes, type Cores, type Duration, known, seconds } from "../core/quantities";
import type { KurrentDbLine } from "../core/versions";
import { RESTRICTED } from "../kubernetes";
import { COMMON_NAME, certificateNames } from "./kurrentdb-certificates";
import { DEFAULTS, type KurrentDbOptions } from "./kurrentdb-options";
import type { KurrentDbSecrets } from "./kurrentdb-secrets";
import { LINES } from "./kurrentdb-versions";

export const PORTS = { http: 2113, replication: 1112, tcp: 1113 } as const;

/** Settings of a node, with all defaults resolved. */
export interface NodeProps {
  readonly name: string;
  readonly namespace: string;
  readonly line: KurrentDbLine;
  readonly image: string;
  readonly nodes: number;
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly recovery: Duration;
  readonly insecure: boolean;
  readonly projections: "none" | "system" | "all";
  readonly standardProjections: boolean;
  readonly atomPub: boolean;
  readonly options: KurrentDbOptions;
  readonly secrets: KurrentDbSecrets;
  readonly placement: Placement;

  /** Requires one node per zone: a pod stays pending rather than share a zone. */
  readonly apart: boolean;
  readonly licence?: SecretReference;
  readonly domain?: string;
  readonly priority?: string;
}

/** Kubernetes nodes that a pod may run on. */
export interface Placement {
  /** Labels that the nodes must have: `{ "example.com/pool": "events" }`. */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /** Taints of the nodes that the pods tolerate. */
  readonly tolerations?: readonly { readonly key: string; readonly value?: string; readonly effect: "NoSchedule" | "NoExecute" }[];
}

/** Labels of the nodes' pods. */
export function nodeLabels(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "node" };
}

/** Returns the name of the headless service, which gives each node a DNS name. */
export function nodesService(name: string): string {
  return `${name}-nodes`;
}

/** Returns the nodes' DNS names inside their cluster, in order. */
export function nodeNames({ name, namespace, nodes }: Pick<NodeProps, "name" | "namespace" | "nodes">): readonly string[] {
  return Array.from({ length: nodes }, (_, index) => `${name}-${index}.${nodesService(name)}.${namespace}.svc.cluster.local`);
}

/** Returns the server options that the platform sets, without prefix. Passwords and the licence come from Secrets in addition. */
export function serverOptions(props: NodeProps): Readonly<Record<string, string>> {
  const { name, namespace, nodes, insecure, projections, domain } = props;
  const host = `$(POD_NAME).${nodesService(name)}.${namespace}.svc.cluster.local`;
  const all: KurrentDbOptions = {
    ...DEFAULTS,
    ...props.options,
    CLUSTER_SIZE: nodes,
    DISCOVER_VIA_DNS: false,
    ...(nodes > 1
      ? {
          GOSSIP_SEED: nodeNames(props)
            .map((seed) => `${seed}:${PORTS.http}`)
            .join(","),
        }
      : {}),
    NODE_IP: "0.0.0.0",
    REPLICATION_IP: "0.0.0.0",
    NODE_HOST_ADVERTISE_AS: host,
    REPLICATION_HOST_ADVERTISE_AS: host,
    ...(domain ? { ADVERTISE_HOST_TO_CLIENT_AS: `$(POD_NAME).${name}.${domain}` } : {}),
    RUN_PROJECTIONS: projections.replace(/^./, (first) => first.toUpperCase()),
    START_STANDARD_PROJECTIONS: props.standardProjections,
    ENABLE_ATOM_PUB_OVER_HTTP: props.atomPub,
    TELEMETRY_OPTOUT: true,
    ...(insecure
      ? { INSECURE: true }
      : {
          CERTIFICATE_FILE: `${NODE_CERTIFICATE}/tls.crt`,
          CERTIFICATE_PRIVATE_KEY_FILE: `${NODE_CERTIFICATE}/tls.key`,
          CERTIFICATE_RESERVED_NODE_COMMON_NAME: COMMON_NAME,
          TRUSTED_ROOT_CERTIFICATES_PATH: TRUSTED,
        }),
  };
  return Object.fromEntries(Object.entries(all).map(([option, value]) => [option, String(value)]));
}

export const SCRIPTS = "/scripts";
export const NODE_CERTIFICATE = "/certificates/node";

/** Contains only the CA certificate: the server accepts as a node any certificate that a CA in this folder has signed. */
export const TRUSTED = "/certificates/trusted";

/** Time in seconds to close indexes and flush writes; a killed node checks its files at the next start. */
const GRACE = 300;

/** Period of the readiness probe, in seconds. */
const LOOK = 10;

/** Returns the pod specification of a node. */
export function nodePod(props: NodeProps): StatefulSetV1SpecTemplateSpec {
  const { name, line, image, insecure, placement, recovery, priority } = props;
  const { data, logs, executable, uid } = LINES[line];
  const scheme = insecure ? "HTTP" : "HTTPS";
  // Succeeds as soon as the server listens, in every state. A node that waits for a leader or catches up must not be killed:
  // it would only start over.
  const listening = { httpGet: { path: "/info", port: String(PORTS.http), scheme }, periodSeconds: LOOK, timeoutSeconds: 5 };
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    // The server would read Kubernetes' service variables as options.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE,
    ...(priority ? { priorityClassName: priority } : {}),
    securityContext: podSecurity(uid),
    ...(placement.nodeSelector ? { nodeSelector: { ...placement.nodeSelector } } : {}),
    ...(placement.tolerations
      ? { toleration: placement.tolerations.map((one) => ({ ...one, operator: one.value ? "Equal" : "Exists" })) }
      : {}),
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector: [{ matchLabels: nodeLabels(name) }] },
        ],
      },
    },
    topologySpreadConstraint: [
      {
        topologyKey: "topology.kubernetes.io/zone",
        maxSkew: 1,
        whenUnsatisfiable: props.apart ? "DoNotSchedule" : "ScheduleAnyway",
        labelSelector: [{ matchLabels: nodeLabels(name) }],
      },
    ],
    container: [
      {
        name: "kurrentdb",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `${SCRIPTS}/start.sh`, executable],
        env: environment(props),
        port: [
          { name: "http", containerPort: PORTS.http },
          { name: "replication", containerPort: PORTS.replication },
          ...(hasTcp(props.options) ? [{ name: "tcp", containerPort: PORTS.tcp }] : []),
        ],
        // The heap is a fraction of the limit, the rest is for indexes in memory and the page cache.
        resources: { requests: { cpu: String(props.cpu), memory: props.memory }, limits: { memory: props.memory } },
        securityContext: CONTAINER_SECURITY,
        startupProbe: { ...listening, failureThreshold: Math.ceil(known(seconds(recovery)) / LOOK) },
        livenessProbe: { ...listening, failureThreshold: 12 },
        terminationMessagePolicy: "FallbackToLogsOnError",
        // Only a leader and its followers are ready: the disruption budget, the Service and the rollout wait until a node has caught up.
        // Three failures in a row, so that an election removes no endpoint.
        readinessProbe: { exec: { command: ready(insecure) }, periodSeconds: LOOK, timeoutSeconds: 5, failureThreshold: 3 },
        volumeMount: [
          { name: "data", mountPath: data },
          { name: "logs", mountPath: logs },
          { name: "scripts", mountPath: SCRIPTS, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
          ...(insecure
            ? []
            : [
                { name: "certificate", mountPath: NODE_CERTIFICATE, readOnly: true },
                { name: "trusted", mountPath: TRUSTED, readOnly: true },
              ]),
        ],
      },
    ],
    volume: [
      { name: "logs", emptyDir: { sizeLimit: "1Gi" } },
      scriptsVolume(name),
      { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
      ...(insecure ? [] : [certificateVolume(name, "tls.crt", "tls.key"), trustedVolume(name)]),
    ],
  };
}

/** Queries the node's state. Needs no name resolution: the certificate includes `localhost`. */
function ready(insecure: boolean): string[] {
  const node = `${insecure ? "http" : "https"}://localhost:${PORTS.http}`;
  return ["sh", `${SCRIPTS}/ready.sh`, node, ...(insecure ? [] : [`${TRUSTED}/ca.crt`])];
}

/** Checks if clients with the legacy TCP protocol are allowed. */
export function hasTcp(options: KurrentDbOptions): boolean {
  return String(options.TCP_PLUGIN__ENABLE_EXTERNAL_TCP).toLowerCase() === "true";
}

export function podSecurity(uid: number) {
  return {
    runAsNonRoot: true,
    runAsUser: String(uid),
    runAsGroup: String(uid),
    fsGroup: String(uid),
    // A version with another user changes the owner of all files once, and not at each start.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

export const CONTAINER_SECURITY = { ...RESTRICTED, privileged: false };

export function scriptsVolume(name: string) {
  return { name: "scripts", configMap: { name: `${name}-scripts`, defaultMode: "0555" } };
}

export function certificateVolume(name: string, ...files: readonly string[]) {
  return { name: "certificate", secret: { secretName: certificateNames(name).node, defaultMode: "0440", items: files.map(sameName) } };
}

export function trustedVolume(name: string) {
  return { name: "trusted", secret: { secretName: certificateNames(name).authority, defaultMode: "0444", items: [sameName("ca.crt")] } };
}

function sameName(key: string) {
  return { key, path: key };
}

export function fromSecret(name: string, secretName: string, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

function environment({ line, insecure, secrets, licence, ...props }: NodeProps) {
  const { prefix, runtime } = LINES[line];
  const plain = { HOME: "/tmp", ...runtime, ...prefixed(prefix, serverOptions({ line, insecure, secrets, ...props })) };
  return [
    // First, because others reference it.
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    ...[
      ...Object.entries(plain).map(([name, value]) => ({ name, value })),
      ...(insecure
        ? []
        : [
            fromSecret(`${prefix}DEFAULT_ADMIN_PASSWORD`, secrets.users.name, "admin"),
            fromSecret(`${prefix}DEFAULT_OPS_PASSWORD`, secrets.users.name, "ops"),
          ]),
      ...(licence ? [fromSecret(`${prefix}LICENSING__LICENSE_KEY`, licence.secret.name, licence.key)] : []),
    ].sort((one, other) => (one.name < other.name ? -1 : 1)),
  ];
}

/** Returns options as environment variables. */
export function prefixed(prefix: string, options: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [prefix + name, value]));
}
