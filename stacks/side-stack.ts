import type { App, ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import type { Duration } from "../constructs/core/quantities";
import { READINESS_GATES } from "../constructs/entry";
import { Namespace } from "../constructs/kubernetes";
import { type Check, SmokeTest } from "../constructs/workload";
import type { Entrance } from "./entrances";
import { entranceOf } from "./gateway";
import { kubernetesStack, type Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import { priorityClass } from "./priorities";
import { workloadQuota } from "./sizes";
import type { PlatformStack } from "./stack";
import type { WorkloadPlace } from "./workloads";

/** A stack on a cluster, after others. */
export function stackOn(app: App, site: Site, part: string, after: readonly PlatformStack[]) {
  const made = kubernetesStack(app, site, part);
  for (const each of after) made.stack.addDependency(each);
  return made;
}

const NAMESPACE_OF = { "write-side": NAMESPACES.writeSide, "read-side": NAMESPACES.readSide, projections: NAMESPACES.projections };

const SIDE_OF: Readonly<Record<keyof typeof NAMESPACE_OF, Entrance["side"] | undefined>> = {
  "write-side": "write",
  "read-side": "read",
  projections: undefined,
};

/** A stack with a namespace of its own. */
export function placeOf(app: App, site: Site, part: keyof typeof NAMESPACE_OF, after: readonly PlatformStack[]): WorkloadPlace {
  const { stack, cluster } = stackOn(app, site, part, after);
  const name = NAMESPACE_OF[part];
  const side = SIDE_OF[part];
  const { ready } = new Namespace(stack, "namespace", {
    cluster,
    name,
    quota: workloadQuota(site.environment, part),
    ...(side && entranceOf(site, side) ? { labels: READINESS_GATES } : {}),
  });
  return { site, stack, cluster, namespace: name, priority: priorityClass(site.environment, part), after: ready };
}

/** As long as all pods of a side may take to be replaced one after the other. */
const WITHIN: Duration = "30m";

/** A test of what a stack has brought; what sends requests to it comes after. */
export function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  verifies: readonly IConstruct[],
  checks: readonly Check[],
  ports: readonly number[],
  within: Duration = WITHIN,
): ITerraformDependable {
  const reaches = ports.length > 0 ? [{ name: "workloads", peer: "namespace" as const, ports }] : [];
  return new SmokeTest(stack, "smoke-test", { cluster, namespace, verifies, checks, within, reaches, after }).passed;
}
