import { type Cluster, type ClusterKey, type ExistingPart, isExistingCluster } from "../cluster";
import { metricsReader } from "../monitoring";
import type { DomainOf, StoreOf, System } from "../system";
import { exposedOf } from "./endpoints";
import { receivesMetrics } from "./hub";
import { runsAt, serversOf } from "./members";
import { isUsedFromElsewhere } from "./servers";
import { autoscaled, domainsOn } from "./signals";

/** A part of the platform that runs on a cluster. */
export type PlatformPart =
  | ExistingPart
  | "aws-load-balancer-controller"
  | "external-dns"
  | "karpenter"
  | "plugin-barman-cloud"
  | "storage-classes";

/** What decides which parts a cluster needs. */
interface Carried {
  readonly key: ClusterKey;
  readonly system: System;

  /** What is on it. */
  readonly domains: readonly DomainOf[];
  readonly stores: readonly StoreOf[];

  /** Whether EKS runs it, which brings some parts as add-ons. */
  readonly onEks: boolean;

  /** Whether something scales its nodes. */
  readonly scaled: boolean;
}

/** When a cluster needs each part. Nothing is installed for its own sake. */
export const NEEDED: Readonly<Record<PlatformPart, (carried: Carried) => boolean>> = {
  "prometheus-operator-crds": ({ system: { monitoring } }) => metricsReader(monitoring) !== undefined,
  "gateway-api": (carried) => serves(carried) || receives(carried),
  "cert-manager": (carried) => serves(carried) || servesStores(carried) || receives(carried),
  "external-secrets": () => true,
  "metrics-server": ({ onEks }) => !onEks,
  "snapshot-controller": (carried) => !carried.onEks && servesStores(carried),
  "storage-classes": ({ onEks }) => onEks,
  "aws-load-balancer-controller": (carried) => carried.onEks && serves(carried),
  // Everything else is known by names that Terraform makes; the nodes of an event store and the receiver of samples by their pods.
  "external-dns": (carried) =>
    carried.onEks && (receives(carried) || carried.stores.some((store) => isUsedFromElsewhere(carried.system, store))),
  karpenter: ({ onEks, scaled }) => onEks && scaled,
  "nginx-gateway-fabric": (carried) => serves(carried) || receives(carried),
  // Not only where a signal is followed: one that is followed no more is taken away by it, in a later stack.
  keda: ({ domains }) => autoscaled(domains).length > 0,
  "cloudnative-pg": runsPostgres,
  "plugin-barman-cloud": (carried) => carried.onEks && runsPostgres(carried),
};

/** A cluster of an environment. */
interface OnCluster {
  readonly environment: System;
  readonly key: ClusterKey;
  readonly cluster: Cluster;
}

/** The parts that a cluster needs and does not have from elsewhere. */
export function partsOf({ environment: system, key, cluster }: OnCluster): ReadonlySet<PlatformPart> {
  const carried: Carried = {
    key,
    system,
    domains: domainsOn(system, key),
    stores: system.stores.filter((store) => store.cluster === key),
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
  const has = isExistingCluster(cluster) ? (cluster.preinstalled ?? []) : [];
  return new Set<PlatformPart>(has.includes("cloudnative-pg") ? [...has, "plugin-barman-cloud"] : has);
}

/** Whether requests come into it from outside. */
function serves({ domains }: Carried): boolean {
  return domains.some((domain) => exposedOf(domain).length > 0);
}

/** Whether samples of another cluster come in. */
function receives({ system, key }: Carried): boolean {
  return receivesMetrics(system, key);
}

/** Whether servers are on it that have certificates. */
function servesStores({ stores }: Carried): boolean {
  return stores.some((store) => runsAt(store) === "cluster");
}

function runsPostgres({ stores }: Carried): boolean {
  return serversOf({ stores }).some((server) => runsAt(server) === "cluster");
}
