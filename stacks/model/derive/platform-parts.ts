import { type Cluster, type ClusterKey, type ExistingPart, isExistingCluster } from "../cluster";
import { all } from "../common";
import type { Environment } from "../environment";
import { autoscaled } from "./signals";

/** A part of the platform that runs on a cluster. */
export type PlatformPart =
  | ExistingPart
  | "aws-load-balancer-controller"
  | "external-dns"
  | "karpenter"
  | "nginx-gateway-fabric"
  | "plugin-barman-cloud"
  | "storage-classes";

/** What decides which parts a cluster needs. */
interface Carried {
  readonly environment: Environment;

  /** Whether it takes commands, and whether it serves queries; one that carries both does both. */
  readonly writes: boolean;
  readonly reads: boolean;

  /** Whether EKS runs it, which brings some parts as add-ons. */
  readonly onEks: boolean;

  /** Whether something scales its nodes. */
  readonly scaled: boolean;
}

/** When a cluster needs each part. Nothing is installed for its own sake. */
export const NEEDED: Readonly<Record<PlatformPart, (carried: Carried) => boolean>> = {
  "prometheus-operator-crds": ({ environment: { monitoring } }) => monitoring?.prometheus === true,
  "gateway-api": serves,
  "cert-manager": (carried) => serves(carried) || servesStores(carried),
  "external-secrets": () => true,
  "metrics-server": ({ onEks }) => !onEks,
  "snapshot-controller": (carried) => !carried.onEks && servesStores(carried),
  "storage-classes": ({ onEks }) => onEks,
  "aws-load-balancer-controller": (carried) => carried.onEks && serves(carried),
  // Everything else is known by names that Terraform makes; the nodes of an event store are known one by one.
  "external-dns": (carried) => carried.onEks && storesEvents(carried) && carried.environment.readCluster !== undefined,
  karpenter: ({ onEks, scaled }) => onEks && scaled,
  "nginx-gateway-fabric": serves,
  // Not only where a signal is followed: one that is followed no more is taken away by it, in a later stack.
  keda: ({ environment, writes, reads }) =>
    autoscaled(environment, [...(writes ? (["write"] as const) : []), ...(reads ? (["read"] as const) : [])]).length > 0,
  "cloudnative-pg": runsPostgres,
  "plugin-barman-cloud": (carried) => carried.onEks && runsPostgres(carried),
};

/** A cluster of an environment. */
interface OnCluster {
  readonly environment: Environment;
  readonly key: ClusterKey;
  readonly cluster: Cluster;
}

/** The parts that a cluster needs and does not have from elsewhere. */
export function partsOf({ environment, key, cluster }: OnCluster): ReadonlySet<PlatformPart> {
  const carried: Carried = {
    environment,
    writes: key !== "readCluster",
    reads: key !== "writeCluster",
    onEks: !isExistingCluster(cluster),
    scaled: !isExistingCluster(cluster) && typeof cluster.nodes === "object" && cluster.nodes.min < cluster.nodes.max,
  };
  const has = partsFromElsewhere(cluster);
  return new Set(
    Object.entries(NEEDED)
      .filter(([part, needed]) => needed(carried) && !has.has(part as PlatformPart))
      .map(([part]) => part as PlatformPart),
  );
}

/** The parts that a cluster has from elsewhere. The backup plugin lives with the operator, and so comes from where that came from. */
export function partsFromElsewhere(cluster: Cluster): ReadonlySet<PlatformPart> {
  const has = isExistingCluster(cluster) ? (cluster.has ?? []) : [];
  return new Set<PlatformPart>(has.includes("cloudnative-pg") ? [...has, "plugin-barman-cloud"] : has);
}

/** CPU and memory are told by the cluster itself. */
function serves({ environment, writes, reads }: Carried): boolean {
  return (writes && environment.commandApi !== undefined) || (reads && environment.queryApi !== undefined);
}

/** Whether nodes of an event store are on it, known one by one. */
function storesEvents({ environment, writes }: Carried): boolean {
  return writes && environment.eventStore?.engine === "kurrentdb";
}

/** Whether servers are on it that have certificates. */
function servesStores(carried: Carried): boolean {
  const { environment, writes, reads } = carried;
  const { eventStore, cache, broker } = environment;
  return (
    storesEvents(carried) ||
    runsPostgres(carried) ||
    (writes && eventStore?.engine === "eventsourcingdb") ||
    (reads && (cache?.engine === "valkey" || broker !== undefined))
  );
}

function runsPostgres({ environment: { eventStore, readDatabase }, writes, reads }: Carried): boolean {
  return (
    (writes && eventStore?.engine === "postgres" && eventStore.server.engine === "cloudnative-pg") ||
    (reads && all(readDatabase).some(({ engine }) => engine === "cloudnative-pg"))
  );
}
