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

/** A cluster of an environment, and what is on it already. */
interface Populated {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/** A stack of workloads, and the cluster that it is on. */
export interface DomainStack {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly domain: DomainOf;
}

/**
 * The stacks of the domains of an environment. Each comes after those that its domain names and those whose secrets it copies,
 * and ends in a test that it has to pass. Gateways and routes that come after other domains follow in stacks of their own.
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
    // Whoever copies a secret is let read it in the namespace that it is at home in.
    const homes = isExistingCluster(site.cluster) ? secretHomesOf(site.environment, domain) : [];
    const previous = found
      .filter((made) => domain.after.includes(made.domain.name) || homes.includes(made.domain.namespace))
      .map(({ stack }) => stack);
    found.push({ site, domain, stack: domainStack(app, site, domain, [...stacks, ...before, ...previous]) });
  }
  return [...found, ...found.flatMap((one) => trafficStack(app, one, found))];
}

/** The Gateway and the routes of a domain that come after other domains. */
function trafficStack(app: App, { site, domain, stack }: DomainStack, all: readonly DomainStack[]): readonly DomainStack[] {
  const { trafficAfter } = domain;
  if (!trafficAfter || exposedOf(domain).length === 0) return [];
  const others = all.filter((other) => other.stack !== stack && trafficAfter.includes(other.domain.name));
  const place = trafficPlaceOf(app, site, domain, [stack, ...others.map((other) => other.stack)]);
  tested(place, trafficOf(place), TRAFFIC_TEST);
  return [{ site, domain, stack: place.stack }];
}

/** What a domain deploys, in its order: what runs before, services, workers and projections, the test, what runs after. */
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

/** Secrets that workloads are given and that are at home here: other namespaces have copies. */
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
