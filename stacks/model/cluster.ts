import type { Architecture, Generation } from "../../constructs/cluster";
import { generationNames } from "../../constructs/cluster";
import type { Bytes, Cores } from "../../constructs/core/quantities";
import { bytes, millicores } from "../../constructs/core/quantities";
import type { KubernetesVersion } from "../../constructs/core/versions";
import { KUBERNETES } from "../../constructs/core/versions";
import { choice, either, flag, list, object, optional, quantity, records, text, whole } from "./check/shape";
import { anything, type Replicas, replicas } from "./common";

/** A cluster that is made (EKS), or one that exists already and is known by its kubeconfig context. */
export type Cluster = NewCluster | ExistingCluster;

export interface NewCluster {
  /** How many nodes, fixed (`3`) or between two numbers (`{ min: 3, max: 9 }`). */
  readonly nodes: Replicas;

  readonly node: NodeSize;

  /**
   * Its version of Kubernetes. An upgrade raises it by one, then the nodes'.
   * @default "1.35"
   */
  readonly version?: KubernetesVersion;

  /**
   * The version of its nodes, at most three behind.
   * @default - that of the cluster
   */
  readonly nodeVersion?: KubernetesVersion;

  /**
   * What happens when standard support of its version ends: EKS upgrades the control plane automatically (`standard`), or
   * keeps the version for another year at a higher price (`extended`; EKS, pricing), and upgrades it after that.
   * @default "extended", or "standard" with the exception `disposable`
   */
  readonly support?: "standard" | "extended";
}

export interface ExistingCluster {
  /** The kubeconfig context: `kind-orders`. */
  readonly context: string;

  /**
   * The kubeconfig that has it.
   * @default "~/.kube/config"
   */
  readonly kubeconfig?: string;

  /**
   * The storage class of data. Its volumes outlive their claims where the class says `Retain`.
   * @default "standard", which kind has
   */
  readonly storageClass?: string;

  /**
   * Parts of the platform that it has already, and that are left alone. With `cloudnative-pg` goes its backup plugin
   * `plugin-barman-cloud`: both live in one namespace, whose owner installs them. KEDA is looked for in the namespace `keda`.
   * @default - none: everything that the environment needs is installed
   */
  readonly preinstalled?: readonly ExistingPart[];

  /**
   * Whether other environments run on it too. Their namespaces then begin with the name of each, and one of them installs the
   * parts of the platform that the others name in `preinstalled`.
   * @default false
   */
  readonly shared?: boolean;

  /**
   * What its nodes leave to pods, so that what must run is checked against it.
   * @default - unknown: nothing is checked
   */
  readonly allocatable?: Room;
}

/** What the nodes of an existing cluster leave to pods (`kubectl describe node`, Allocatable). */
export interface Room {
  /** Nodes by zone, the value of their label `topology.kubernetes.io/zone`: `{ "dc-1": 2, "dc-2": 2 }`. */
  readonly zones: Readonly<Record<string, number>>;
  readonly cpu: Cores;
  readonly memory: Bytes;

  /**
   * Pods that a node takes.
   * @default 110, as kubelet
   */
  readonly pods?: number;
}

export interface NodeSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly storage: Bytes;

  /**
   * The processors. Graviton is `arm64`.
   * @default "amd64"
   */
  readonly architecture?: Architecture;

  /**
   * Generations of instances that are left out, where a zone has none: `["7a"]`.
   * @default - none: every current one that has exactly this size
   */
  readonly excludeGenerations?: readonly Generation[];
}

/** Whether a cluster is an existing one. */
export function isExistingCluster(cluster: Cluster): cluster is ExistingCluster {
  return "context" in cluster;
}

/** Parts of the platform that a cluster may have from elsewhere. */
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

export type ExistingPart = (typeof EXISTING_PARTS)[number];

/** Where an environment describes a cluster. */
export type ClusterKey = "cluster" | "writeCluster" | "readCluster";

export const nodeSize = object<NodeSize>({
  cpu: quantity(millicores),
  memory: quantity(bytes),
  storage: quantity(bytes),
  architecture: optional(choice(["amd64", "arm64"], "architecture that Kubernetes runs on here")),
  excludeGenerations: optional(
    list(
      choice([...generationNames("amd64"), ...generationNames("arm64")], "generation of instances that nodes are made of"),
      "name the generations that a zone has not",
    ),
  ),
});

export const version = choice(Object.keys(KUBERNETES), "version of Kubernetes that the platform knows");

export const cluster = either(
  "context",
  object<ExistingCluster>({
    context: anything,
    kubeconfig: optional(
      text(/^(~?[/\\]|[A-Za-z]:[/\\])/, "is looked for where Terraform runs, which is elsewhere", "write the whole path, or one from ~/"),
    ),
    storageClass: optional(anything),
    preinstalled: optional(list(choice(EXISTING_PARTS, "part that a cluster may have from elsewhere"), "name parts, or leave it out")),
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
