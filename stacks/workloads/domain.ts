import type { App } from "cdktf";
import { WorkloadSecret } from "../../constructs/secrets";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { isExistingCluster } from "../model/cluster";
import { exposedOf } from "../model/derive/endpoints";
import { FIELD_KEYS, fieldKeysHome, secretHomesOf, workloadSecrets } from "../model/derive/secrets";
import type { DomainOf } from "../model/system";
import { followingJobs, keptJobs, prepared } from "./jobs";
import { ONE_BY_ONE, placeOf, TRAFFIC_TEST, tested, trafficPlaceOf, type WorkloadPlace } from "./place";
import { progressTested, projectionsOf } from "./projections";
import { servicesOf, trafficOf } from "./services";
import { workersOf } from "./workers";

/** Cluster of an environment, and the stacks already on it. */
interface Populated {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/** Stack of a domain, and its cluster. */
export interface DomainStack {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly domain: DomainOf;
}

/**
 * Stacks of an environment's domains. Each follows the stacks in `after` and those whose secrets it copies, and ends with
 * a test that must pass. Gateways and routes with `trafficAfter` are in separate stacks.
 */
export function domainStacks(
  app: App,
  domains: readonly DomainOf[],
  sites: readonly Populated[],
  before: readonly PlatformStack[],
): readonly DomainStack[] {
  const found: DomainStack[] = [];
  for (const domain of domains) {
    const populated = sites.find(({ site }) => site.key === domain.cluster);
    if (!populated) continue;
    const { site, stacks } = populated;
    // A domain that copies a secret gets permission to read it in the secret's home namespace.
    const homes = isExistingCluster(site.cluster) ? secretHomesOf(site.environment, domain) : [];
    const previous = found
      .filter((made) => domain.after.includes(made.domain.name) || homes.includes(made.domain.namespace))
      .map(({ stack }) => stack);
    found.push({ site, domain, stack: domainStack(app, site, domain, [...stacks, ...before, ...previous]) });
  }
  return [...found, ...found.flatMap((one) => trafficStack(app, one, found))];
}

/** Stack with the Gateway and routes of a domain that has `trafficAfter`. */
function trafficStack(app: App, { site, domain, stack }: DomainStack, all: readonly DomainStack[]): readonly DomainStack[] {
  const { trafficAfter } = domain;
  if (!trafficAfter || exposedOf(domain).length === 0) return [];
  const others = all.filter((other) => other.stack !== stack && trafficAfter.includes(other.domain.name));
  const place = trafficPlaceOf(app, site, domain, [stack, ...others.map((other) => other.stack)]);
  tested(place, trafficOf(place), TRAFFIC_TEST);
  return [{ site, domain, stack: place.stack }];
}

/** Resources of a domain in order of deployment: preparing jobs, services, workers and projections, the test, following jobs. */
function domainStack(app: App, site: Site, domain: DomainOf, after: readonly PlatformStack[]): PlatformStack {
  const empty = placeOf(app, site, domain, after);
  const secrets = secretsAtHome(empty);
  const ready = prepared(secrets);
  const place = { ...secrets, after: [...secrets.after, ...ready] };
  const services = servicesOf(place);
  const workers = workersOf(place);
  const projections = projectionsOf(place);
  keptJobs(place);
  const parts = [services, workers, projections];
  const verifies = parts.flatMap((part) => part.verifies);
  if (verifies.length === 0) {
    followingJobs(place, [], []);
    return place.stack;
  }
  const passed = tested(empty, {
    verifies,
    checks: parts.flatMap(({ checks }) => checks),
    egress: parts.flatMap(({ egress: reaches }) => reaches),
    endpoints: parts.flatMap(({ endpoints }) => endpoints),
    ...(workers.within || projections.within ? { within: ONE_BY_ONE } : {}),
  });
  progressTested(place, projections.reporting, passed);
  followingJobs(place, verifies, [passed]);
  return place.stack;
}

/** Workload secrets whose home is this namespace. Other namespaces have copies. */
function secretsAtHome(place: WorkloadPlace): WorkloadPlace {
  const { site, stack, cluster, namespace, after } = place;
  const { environment, key } = site;
  const keys = fieldKeysHome(environment);
  const placed = [...(keys ? [{ ...keys, spec: FIELD_KEYS }] : []), ...workloadSecrets(environment)];
  const made = placed
    .filter((one) => one.cluster === key && one.namespace === namespace)
    .map(({ spec }) => new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after }).release);
  return { ...place, after: [...after, ...made] };
}
