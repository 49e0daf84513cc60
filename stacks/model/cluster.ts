import type { Architecture, Generation } from "../../constructs/cluster";
import { generationNames } from "../../constructs/cluster";
import type { Bytes, Cores } from "../../constructs/core/quantities";
import { bytes, millicores } from "../../constructs/core/quantities";
import type { KubernetesVersion } from "../../constructs/core/versions";
import { KUBERNETES } from "../../constructs/core/versions";
import { choice, either, flag, list, object, optional, quantity, records, text, whole } from "./check/shape";
import { anything, objectName, type Replicas, replicas } from "./common";

/** EKS cluster to create, or an existing cluster, identified by its kubeconfig context. */
export type Cluster = NewCluster | ExistingCluster;

/** EKS cluster to create: nodes, version and support policy. */
export interface NewCluster {
  /** Number of nodes, fixed (`3`) or a range (`{ min: 3, max: 9 }`). */
  readonly nodes: Replicas;

  readonly node: NodeSize;

  /**
   * Kubernetes version of the control plane. Upgrade it by one minor version at a time, then the nodes.
   * @default "1.36"
   */
  readonly version?: KubernetesVersion;

  /**
   * Version of the nodes, at most three minor versions behind.
   * @default - the version of the cluster
   */
  readonly nodeVersion?: KubernetesVersion;

  /**
   * Support policy at the end of standard support: EKS upgrades the control plane automatically (`standard`), or keeps
   * the version for another year at a higher price (`extended`; EKS, pricing) and upgrades it after that.
   * @default "extended", or "standard" with the exception `disposable`
   */
  readonly support?: "standard" | "extended";
}

/** Existing cluster, identified by its kubeconfig context. Any Kubernetes, on premises or in a cloud. */
export interface ExistingCluster {
  /** Context in the kubeconfig: `kind-orders`. */
  readonly context: string;

  /**
   * Path of the kubeconfig file.
   * @default "~/.kube/config"
   */
  readonly kubeconfig?: string;

  /**
   * Storage class of data volumes. With the reclaim policy `Retain`, volumes outlive their claims.
   * @default "standard", which exists on kind
   */
  readonly storageClass?: string;

  /**
   * Platform components that are already installed; the platform doesn't change them. `cloudnative-pg` includes its
   * backup plugin `plugin-barman-cloud`, because both are in one namespace. KEDA must be in the namespace `keda`.
   * @default - none: every component that the environment needs is installed
   */
  readonly preinstalled?: readonly ExistingPart[];

  /**
   * Allows other environments on the same cluster. Namespaces are then prefixed with the environment's name, and one
   * environment installs the platform components that the others list in `preinstalled`.
   * @default false
   */
  readonly shared?: boolean;

  /**
   * Allocatable capacity of the nodes, against which resource requests are checked.
   * @default - unknown: capacity isn't checked
   */
  readonly allocatable?: Room;
}

/** Allocatable capacity of the nodes of an existing cluster (`kubectl describe node`, Allocatable). */
export interface Room {
  /** Number of nodes by zone (node label `topology.kubernetes.io/zone`): `{ "dc-1": 2, "dc-2": 2 }`. */
  readonly zones: Readonly<Record<string, number>>;
  readonly cpu: Cores;
  readonly memory: Bytes;

  /**
   * Maximum pods per node.
   * @default 110, as in kubelet
   */
  readonly pods?: number;
}

/** Size of each node. Instance types with exactly this size are used. */
export interface NodeSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly storage: Bytes;

  /**
   * CPU architecture of the nodes. Graviton is `arm64`.
   * @default "amd64"
   */
  readonly architecture?: Architecture;

  /**
   * Instance generations to exclude, for example because a zone doesn't offer them: `["7a"]`.
   * @default - none: every current generation with exactly this size
   */
  readonly excludeGenerations?: readonly Generation[];
}

/** Checks if a cluster is an existing one. */
export function isExistingCluster(cluster: Cluster): cluster is ExistingCluster {
  return "context" in cluster;
}

/** Platform components that an existing cluster may already have. */
export const EXISTING_PARTS = [
  "cert-manager",
  "cloudnative-pg",
  "external-secrets",
  "gateway-api",
  "keda",
  "metrics-server",
  "nginx-gateway-fabric",
  "prometheus-operator-crds",
  "snapshot-controller",
] as const;

/** Platform component that an existing cluster may already have. */
export type ExistingPart = (typeof EXISTING_PARTS)[number];

/** Setting of an environment that defines a cluster. */
export type ClusterKey = "cluster" | "writeCluster" | "readCluster";

export const nodeSize = object<NodeSize>({
  cpu: quantity(millicores),
  memory: quantity(bytes),
  storage: quantity(bytes),
  architecture: optional(choice(["amd64", "arm64"], "node architecture")),
  excludeGenerations: optional(
    list(
      choice([...generationNames("amd64"), ...generationNames("arm64")], "instance generation"),
      "name the generations that a zone has not",
    ),
  ),
});

export const version = choice(Object.keys(KUBERNETES), "version of Kubernetes");

export const cluster = either(
  "context",
  object<ExistingCluster>({
    context: anything,
    kubeconfig: optional(
      text(/^(~?[/\\]|[A-Za-z]:[/\\])/, "is looked for where Terraform runs, which is elsewhere", "write the whole path, or one from ~/"),
    ),
    storageClass: optional(objectName),
    preinstalled: optional(list(choice(EXISTING_PARTS, "preinstalled component"), "name parts, or leave it out")),
    shared: optional(flag),
    allocatable: optional(
      object<Room>({
        zones: records(whole(1, 1000)),
        cpu: quantity(millicores),
        memory: quantity(bytes),
        pods: optional(whole(1, 1000)),
      }),
    ),
  }),
  object<NewCluster>({
    nodes: replicas,
    node: nodeSize,
    version: optional(version),
    nodeVersion: optional(version),
    support: optional(choice(["standard", "extended"], "kind of support")),
  }),
);
