import type { App, ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { cloudName } from "../../constructs/core/names";
import type { Duration } from "../../constructs/core/quantities";
import { READINESS_GATES } from "../../constructs/entry";
import { type KubernetesTarget, Namespace, type TrafficRule } from "../../constructs/kubernetes";
import { type Check, type Endpoint, type ServiceVersion, SmokeTest } from "../../constructs/workload";
import { kubernetesStack, type Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { priorityClass } from "../model/derive/priorities";
import { domainQuota } from "../model/derive/sizes";
import type { DomainOf } from "../model/system";
import { publicEndpointOf } from "./gateway";

/** Location of a domain's workloads. */
export interface WorkloadPlace {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly domain: DomainOf;
  readonly namespace: string;

  /**
   * PriorityClass of the domain's permanent pods.
   * @default - none: it has no permanent pods
   */
  readonly priority?: string;
  readonly after: readonly ITerraformDependable[];
}

/** Creates the stack of a domain, in its namespace, after others. */
export function placeOf(app: App, site: Site, domain: DomainOf, after: readonly PlatformStack[]): WorkloadPlace {
  const place = placeIn(app, site, domain, domain.stack, after);
  if (!domain.ownsNamespace) return place;
  const { stack, cluster, namespace } = place;
  const { ready } = new Namespace(stack, "namespace", {
    cluster,
    name: namespace,
    quota: domainQuota(domain),
    ...(publicEndpointOf(site, domain) ? { labels: READINESS_GATES } : {}),
  });
  return { ...place, after: ready };
}

/** Creates the stack of a domain's Gateway and routes, in its namespace, after others. */
export function trafficPlaceOf(app: App, site: Site, domain: DomainOf, after: readonly PlatformStack[]): WorkloadPlace {
  return placeIn(app, site, domain, `${domain.stack}-traffic`, after);
}

function placeIn(app: App, site: Site, domain: DomainOf, part: string, after: readonly PlatformStack[]): WorkloadPlace {
  const { stack, cluster } = kubernetesStack(app, site, part);
  for (const each of after) stack.addDependency(each);
  const { name, namespace, priority } = domain;
  return {
    site,
    stack,
    cluster,
    domain,
    namespace,
    ...(priority === undefined ? {} : { priority: priorityClass(site.environment, name) }),
    after: [],
  };
}

/** Maximum time for replacing all pods of a domain one after the other. */
const WITHIN: Duration = "30m";

/** Workers of partitions: each stops before its successor starts. */
export const ONE_BY_ONE: Duration = "1h";

/** Input for the test at the end of a stack. */
export interface Tested {
  readonly verifies: readonly IConstruct[];
  readonly checks: readonly Check[];

  /** Egress to the targets of checks. */
  readonly egress: readonly TrafficRule[];
  readonly endpoints: readonly Endpoint[];

  /** @default "30m" */
  readonly within?: Duration;
}

/** Name of the test in another stack of the same namespace. */
export const TRAFFIC_TEST = "traffic-test";

/** Creates a test of all resources at the end of a stack. Nothing in the stack depends on it. */
export function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  { verifies, checks, egress: reaches, endpoints, within = WITHIN }: Tested,
  name: "smoke-test" | typeof TRAFFIC_TEST = "smoke-test",
): ITerraformDependable {
  const also = endpoints.length > 0 ? { endpoints } : {};
  return new SmokeTest(stack, name, { cluster, namespace, verifies, checks, timeout: within, egress: reaches, ...also, after }).passed;
}

/**
 * Creates a test of one version of a workload, on which its traffic depends. Other workloads and versions can't fail it.
 * A version that has passed isn't tested again until its image or configuration changes.
 */
export function gateOf(
  { cluster, namespace, after }: WorkloadPlace,
  { backend: { service }, part }: ServiceVersion,
  check: Check,
  port: number,
): ITerraformDependable {
  return new SmokeTest(part, "test", {
    cluster,
    namespace,
    name: cloudName("workload", service, "test"),
    verifies: [part],
    checks: [check],
    timeout: WITHIN,
    rerunsOn: "creation",
    egress: waysTo([port]),
    after,
  }).passed;
}

/** Egress of a test to workloads of its namespace. */
export function waysTo(ports: readonly number[], name = "workloads"): readonly TrafficRule[] {
  return ports.length > 0 ? [{ name, peer: "namespace", ports }] : [];
}
