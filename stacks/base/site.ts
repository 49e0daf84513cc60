import type { App } from "cdktf";
import { CapacityLedger, type NodePool } from "../../constructs/capacity";
import { addonPods, nodePool } from "../../constructs/cluster";
import { bytes, known, millicores } from "../../constructs/core/quantities";
import { VERSIONS } from "../../constructs/core/versions";
import { KubernetesTarget, type KubernetesTargetProps } from "../../constructs/kubernetes";
import { type Cluster, type ClusterKey, type ExistingCluster, isExistingCluster, type Room } from "../model/cluster";
import { clustersOf } from "../model/derive/clusters";
import { prioritiesOn } from "../model/derive/priorities";
import type { RestoreOrigins } from "../model/derive/restores";
import { zoneNames } from "../model/place";
import type { System } from "../model/system";
import type { AwsContext } from "./context";
import type {
  AuditOutputs,
  Backups,
  ClusterStacks,
  DataOutputs,
  EntryOutputs,
  EventStoreOutputs,
  IdentityOutputs,
  Keys,
  NetworkOutputs,
} from "./outputs";
import { awsStateProps, localStackProps, type Outputs, PlatformStack } from "./stack";

/** Outputs of an environment's AWS stacks for the stacks on its clusters. */
export interface AwsOutputs {
  readonly context: AwsContext;
  readonly keys: PlatformStack<Keys>;
  readonly network: PlatformStack<NetworkOutputs>;
  readonly clusters: ClusterStacks;
  readonly backup: PlatformStack<Backups>;

  /** @default - no audit trail */
  readonly audit?: PlatformStack<AuditOutputs>;

  /** @default - no data stores on AWS */
  readonly data?: PlatformStack<DataOutputs>;

  /** Vendor stores by name. */
  readonly vendors: ReadonlyMap<string, PlatformStack<EventStoreOutputs>>;

  /** @default - no workload calls AWS */
  readonly identities?: PlatformStack<IdentityOutputs>;

  /** @default - no public endpoints */
  readonly entry?: PlatformStack<EntryOutputs>;
}

/** Cluster of an environment, as input for the stacks on it. */
export interface Site {
  readonly environment: System;
  readonly key: ClusterKey;
  readonly cluster: Cluster;

  /** Resource requests of all stacks on its nodes. */
  readonly ledger: CapacityLedger;

  /** Servers from whose backups servers of the environment are created. */
  readonly origins: RestoreOrigins;

  /** Environment for which this one is the standby. */
  readonly primary?: System;

  /** @default - the environment is not on AWS */
  readonly foundation?: AwsOutputs;
}

/** Stacks of every cluster. All other stacks are on one cluster, as their name shows. */
const ON_EACH_CLUSTER: ReadonlySet<string> = new Set(["observability", "platform"]);

/** Name parts of the stacks on a cluster: `production-write-platform`, or `dev-platform` for a single cluster. */
const PREFIX: Readonly<Record<ClusterKey, string>> = { cluster: "", writeCluster: "write-", readCluster: "read-" };

/** Clusters of an environment, each with a ledger of resource requests. */
export function sitesOf(
  environment: System,
  foundation?: AwsOutputs,
  origins: RestoreOrigins = new Map(),
  primary?: System,
): readonly Site[] {
  return clustersOf(environment).map(([key, cluster]) => {
    const priorities = prioritiesOn(environment, key);
    const ledger = new CapacityLedger(
      poolOf(environment, cluster),
      Object.fromEntries(priorities.map(({ name, value }) => [name, value])),
      priorities.flatMap(({ name, preempts }) => (preempts ? [] : [name])),
    );
    if (!isExistingCluster(cluster)) ledger.add(...addonPods());
    return { environment, key, cluster, ledger, origins, ...(primary ? { primary } : {}), ...(foundation ? { foundation } : {}) };
  });
}

/** Creates a stack on a cluster, and the cluster target for it. Its state is stored where the environment's is. */
export function kubernetesStack<O extends Outputs = Outputs>(
  app: App,
  site: Site,
  part: string,
  holdsData = false,
): { readonly stack: PlatformStack<O>; readonly cluster: KubernetesTarget } {
  const { environment, key, foundation } = site;
  const name = ON_EACH_CLUSTER.has(part) ? `${PREFIX[key]}${part}` : part;
  const props = foundation
    ? awsStateProps(foundation.context.environment, foundation.context.account, name, holdsData)
    : localStackProps(environment, name, holdsData);
  const stack = new PlatformStack<O>(app, `${environment.name}-${name}`, props);
  const cluster = targetOf(stack, site);
  stack.cluster = cluster;
  for (const provider of ["kubernetes", "helm"] as const) {
    stack.addOverride(`terraform.required_providers.${provider}.version`, VERSIONS.providers[provider]);
  }
  return { stack, cluster };
}

function targetOf(stack: PlatformStack, { environment, key, cluster, ledger, foundation }: Site): KubernetesTarget {
  const shared: KubernetesTargetProps = { ledger, ...(environment.mirror ? { mirror: environment.mirror } : {}) };
  if (isExistingCluster(cluster))
    return KubernetesTarget.kubeconfig(stack, { ...shared, ...existing(cluster), zones: zonesOf(environment, cluster) });
  const made = foundation?.clusters[key];
  if (!foundation || !made) throw new Error(`${environment.name}.${key} is made by no stack`);
  const { clusterName, clusterEndpoint, clusterCertificateAuthority } = stack.read(made);
  const { environment: onAws } = foundation.context;
  return KubernetesTarget.eks(stack, {
    ...shared,
    clusterName,
    endpoint: clusterEndpoint,
    certificateAuthority: clusterCertificateAuthority,
    region: onAws.aws.region,
    vpcId: stack.read(foundation.network).vpcId,
    zones: zonesOf(environment, cluster),
  });
}

/** Minimum number of nodes of a cluster, and their allocatable capacity. Undefined for an existing cluster without `allocatable`. */
function poolOf(environment: System, cluster: Cluster): NodePool | undefined {
  if (isExistingCluster(cluster)) return cluster.allocatable && roomOf(cluster.allocatable);
  return environment.aws && nodePool(cluster.nodes, cluster.node, zonesOf(environment, cluster));
}

/** Zones of a cluster's nodes, if known. */
function zonesOf(environment: System, cluster: Cluster): readonly string[] {
  if (isExistingCluster(cluster)) return Object.keys(cluster.allocatable?.zones ?? {});
  const { aws } = environment;
  return aws ? zoneNames({ ...environment, aws }) : [];
}

/** Maximum number of volumes per node of an existing cluster: the Kubernetes default for drivers that report none. */
const VOLUMES = 39;

function roomOf({ zones, cpu, memory, pods = 110 }: Room): NodePool {
  return { zones, node: { millicores: known(millicores(cpu)), memoryBytes: known(bytes(memory)), pods, volumes: VOLUMES } };
}

function existing({ context, kubeconfig, storageClass }: ExistingCluster) {
  return {
    context,
    ...(kubeconfig ? { kubeconfig } : {}),
    ...(storageClass ? { storageClass } : {}),
  };
}
