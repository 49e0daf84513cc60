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

/** Where the workloads of a domain are. */
export interface WorkloadPlace {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly domain: DomainOf;
  readonly namespace: string;

  /**
   * The PriorityClass of what runs there permanently.
   * @default - none: nothing does
   */
  readonly priority?: string;
  readonly after: readonly ITerraformDependable[];
}

/** A stack of a domain, in its namespace, after others. */
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

/** A stack in the namespace of a domain for what sends requests to it from outside, after others. */
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

/** As long as all pods of a domain may take to be replaced one after the other. */
const WITHIN: Duration = "30m";

/** Of workers of partitions each goes before its successor comes. */
export const ONE_BY_ONE: Duration = "1h";

/** What the test at the end of a stack looks at. */
export interface Tested {
  readonly verifies: readonly IConstruct[];
  readonly checks: readonly Check[];

  /** Egress to what the checks ask. */
  readonly egress: readonly TrafficRule[];
  readonly endpoints: readonly Endpoint[];

  /** @default "30m" */
  readonly within?: Duration;
}

/** Another stack has a test in the same namespace. */
export const TRAFFIC_TEST = "traffic-test";

/** A test at the end of a stack, of all that it has brought. Nothing within the stack waits for it. */
export function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  { verifies, checks, egress: reaches, endpoints, within = WITHIN }: Tested,
  name: "smoke-test" | typeof TRAFFIC_TEST = "smoke-test",
): ITerraformDependable {
  const also = endpoints.length > 0 ? { endpoints } : {};
  return new SmokeTest(stack, name, { cluster, namespace, verifies, checks, timeout: within, egress: reaches, ...also, after }).passed;
}

/**
 * A test of one version of a workload, for what sends requests to it. No other workload, and no other version, can fail it; a
 * version that has passed stays so until its image or its configuration is another.
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

/** For a test, to workloads of its namespace. */
export function waysTo(ports: readonly number[], name = "workloads"): readonly TrafficRule[] {
  return ports.length > 0 ? [{ name, peer: "namespace", ports }] : [];
}
