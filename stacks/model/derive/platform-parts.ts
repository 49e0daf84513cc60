import { type Cluster, type ClusterKey, type ExistingPart, isExistingCluster } from "../cluster";
import { metricsReader } from "../monitoring";
import type { DomainOf, StoreOf, System } from "../system";
import { exposedOf, publicPortsOf } from "./endpoints";
import { receivesMetrics } from "./hub";
import { runsAt, serversOf } from "./members";
import { isUsedFromElsewhere } from "./servers";
import { autoscaled, domainsOn } from "./signals";

/** Platform component on a cluster. */
export type PlatformPart =
  | ExistingPart
  | "aws-load-balancer-controller"
  | "external-dns"
  | "karpenter"
  | "plugin-barman-cloud"
  | "storage-classes";

/** Input that determines the components of a cluster. */
interface Carried {
  readonly key: ClusterKey;
  readonly system: System;

  /** Workloads on the cluster. */
  readonly domains: readonly DomainOf[];
  readonly stores: readonly StoreOf[];

  /** Marks an EKS cluster, where some components are add-ons. */
  readonly onEks: boolean;

  /** Marks a cluster whose nodes are autoscaled. */
  readonly scaled: boolean;
}

/** Conditions under which a cluster needs each component. Others aren't installed. */
export const NEEDED: Readonly<Record<PlatformPart, (carried: Carried) => boolean>> = {
  "prometheus-operator-crds": ({ system: { monitoring } }) => metricsReader(monitoring) !== undefined,
  "gateway-api": (carried) => serves(carried) || receives(carried),
  // The webhook of the load balancer controller has a certificate.
  "cert-manager": (carried) => serves(carried) || servesStores(carried) || receives(carried) || bindsTargets(carried),
  "external-secrets": () => true,
  "metrics-server": ({ onEks }) => !onEks,
  "snapshot-controller": (carried) => !carried.onEks && servesStores(carried),
  "storage-classes": ({ onEks }) => onEks,
  "aws-load-balancer-controller": bindsTargets,
  // All other names are created by Terraform. Event store nodes and the metrics receiver have names from their pods.
  "external-dns": (carried) =>
    carried.onEks && (receives(carried) || carried.stores.some((store) => isUsedFromElsewhere(carried.system, store))),
  karpenter: ({ onEks, scaled }) => onEks && scaled,
  "nginx-gateway-fabric": (carried) => serves(carried) || receives(carried),
  // Also without a scaling signal: KEDA must remove a signal that is no longer used, in a later stack.
  keda: ({ domains }) => autoscaled(domains).length > 0,
  "cloudnative-pg": runsPostgres,
  "plugin-barman-cloud": (carried) => (carried.onEks || carried.system.backup?.bucket !== undefined) && runsPostgres(carried),
};

/** Cluster of an environment. */
interface OnCluster {
  readonly environment: System;
  readonly key: ClusterKey;
  readonly cluster: Cluster;
}

/** Components that a cluster needs and that aren't preinstalled. */
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

/** Preinstalled components. The backup plugin is in the operator's namespace, so it is preinstalled with the operator. */
export function partsFromElsewhere(cluster: Cluster): ReadonlySet<PlatformPart> {
  const has = isExistingCluster(cluster) ? (cluster.preinstalled ?? []) : [];
  return new Set<PlatformPart>(has.includes("cloudnative-pg") ? [...has, "plugin-barman-cloud"] : has);
}

/** Checks if it has requests from outside. */
function serves({ domains }: Carried): boolean {
  return domains.some((domain) => exposedOf(domain).length > 0);
}

/** Checks if its pods are targets of load balancers: it has requests or TCP connections from outside, and is on EKS. */
function bindsTargets(carried: Carried): boolean {
  const { onEks, domains } = carried;
  return onEks && (serves(carried) || domains.some(({ services }) => services.some((service) => publicPortsOf(service).length > 0)));
}

/** Checks if it receives metrics from another cluster. */
function receives({ system, key }: Carried): boolean {
  return receivesMetrics(system, key);
}

/** Checks if it runs stores with certificates. */
function servesStores({ stores }: Carried): boolean {
  return stores.some((store) => runsAt(store) === "cluster");
}

function runsPostgres({ stores }: Carried): boolean {
  return serversOf({ stores }).some((server) => runsAt(server) === "cluster");
}
