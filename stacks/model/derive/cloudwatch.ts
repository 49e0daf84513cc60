import type { CloudWatchService, RuleSubject } from "../../../constructs/observability";
import type { ClusterKey } from "../cluster";
import { ownPrometheus } from "../monitoring";
import { isExistingNetwork } from "../place";
import { engineOf } from "../stores";
import type { System } from "../system";
import { newClusters } from "./clusters";
import { edgeOf, publicEndpoints } from "./endpoints";
import { hubOf } from "./hub";
import { presentStores, serversOf } from "./members";
import { managedServersOf } from "./servers";

/** Alert subjects of each AWS service. */
const RULES: Readonly<Record<CloudWatchService, readonly RuleSubject[]>> = {
  aurora: ["aws-postgres", "aurora"],
  rds: ["aws-postgres", "rds"],
  elasticache: ["elasticache"],
  "load-balancers": ["load-balancers"],
  "nat-gateways": ["nat-gateways"],
  cloudfront: ["cloudfront"],
  "aws-backup": ["aws-backup"],
};

/**
 * AWS services whose metrics a cluster exports: those that the environment uses, on the hub. None on an existing cluster, whose owner
 * assigns roles to pods, and none with an existing Prometheus.
 */
export function cloudWatchOn(system: System, key: ClusterKey): readonly CloudWatchService[] {
  const made = newClusters(system).some(([cluster]) => cluster === key);
  return made && key === hubOf(system) && ownPrometheus(system.monitoring) ? servicesOf(system) : [];
}

/** Alert subjects of the AWS services whose metrics a cluster exports. */
export function cloudWatchRules(system: System, key: ClusterKey): readonly RuleSubject[] {
  return [...new Set(cloudWatchOn(system, key).flatMap((service) => RULES[service]))];
}

function servicesOf(system: System): readonly CloudWatchService[] {
  const { aws } = system;
  if (!aws) return [];
  const stores = presentStores(system);
  const managed = [...serversOf({ stores }), ...stores].flatMap((store) => engineOf(store)?.cloudWatch ?? []);
  const entered = publicEndpoints(system).length > 0;
  const found: Readonly<Partial<Record<CloudWatchService, boolean>>> = {
    "load-balancers": entered,
    // NAT gateways of an existing network don't have the environment's tags.
    "nat-gateways": !aws.network || !isExistingNetwork(aws.network),
    cloudfront: entered && edgeOf(system)?.edge.provider === "cloudfront",
    "aws-backup": managedServersOf(system).length > 0,
  };
  const others = Object.entries(found).flatMap(([service, there]) => (there ? [service as CloudWatchService] : []));
  return [...new Set(managed), ...others];
}
