import type { App, ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { cloudName } from "../../constructs/core/names";
import type { Duration } from "../../constructs/core/quantities";
import { READINESS_GATES } from "../../constructs/entry";
import { Namespace, type Opening } from "../../constructs/kubernetes";
import { type Check, type ServiceVersion, SmokeTest } from "../../constructs/workload";
import { kubernetesStack, type Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import type { Entrance } from "../model/derive/endpoints";
import { NAMESPACES } from "../model/derive/namespaces";
import { priorityClass } from "../model/derive/priorities";
import { workloadQuota } from "../model/derive/sizes";
import { entranceOf } from "./gateway";
import type { WorkloadPlace } from "./pods";

/** A stack on a cluster, after others. */
export function stackOn(app: App, site: Site, part: string, after: readonly PlatformStack[]) {
  const made = kubernetesStack(app, site, part);
  for (const each of after) made.stack.addDependency(each);
  return made;
}

/** The namespaces of workloads, by the end of their stack's id. */
export const NAMESPACE_OF = { "write-side": NAMESPACES.writeSide, "read-side": NAMESPACES.readSide, projections: NAMESPACES.projections };

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

/** A test at the end of a stack, of all that it has brought. Nothing within the stack waits for it. */
export function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  verifies: readonly IConstruct[],
  checks: readonly Check[],
  reaches: readonly Opening[],
  within: Duration = WITHIN,
): ITerraformDependable {
  return new SmokeTest(stack, "smoke-test", { cluster, namespace, verifies, checks, within, reaches, after }).passed;
}

/**
 * A test of one version of a workload, for what sends requests to it. No other workload, and no other version, can fail it; a
 * version that has passed stays so until its image or its configuration is another.
 */
export function gateOf(
  { cluster, namespace, after }: WorkloadPlace,
  { backend: { service, port }, part }: ServiceVersion,
  check: Check,
): ITerraformDependable {
  return new SmokeTest(part, "test", {
    cluster,
    namespace,
    name: cloudName("workload", service, "test"),
    verifies: [part],
    checks: [check],
    within: WITHIN,
    rerunsOn: "creation",
    reaches: waysTo([port]),
    after,
  }).passed;
}

/** For a test, to workloads of its namespace. */
export function waysTo(ports: readonly number[], name = "workloads"): readonly Opening[] {
  return ports.length > 0 ? [{ name, peer: "namespace", ports }] : [];
}
