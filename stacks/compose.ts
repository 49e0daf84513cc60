import type { App } from "cdktf";
import { type AwsContext, onAws } from "./base/context";
import { type AwsOutputs, type Site, sitesOf } from "./base/site";
import type { PlatformStack } from "./base/stack";
import { auditStacks, subjectKeyStacks } from "./cloud/audit";
import { backupStack } from "./cloud/backup";
import { bootstrapStack } from "./cloud/bootstrap";
import { clusterStacks } from "./cloud/cluster";
import { dataStacks } from "./cloud/data";
import { edgeStacks } from "./cloud/edge";
import { entryStacks } from "./cloud/entry";
import { eventStoreStacks } from "./cloud/event-store";
import { identitiesStacks } from "./cloud/identities";
import { keysStack } from "./cloud/keys";
import { networkStack } from "./cloud/network";
import { peeringStacks } from "./cloud/peering";
import { runnersStacks } from "./cloud/runners";
import { auditDigestStacks } from "./cluster/audit";
import { observabilityStacks } from "./cluster/observability";
import { platformStack } from "./cluster/platform";
import { storeStacks } from "./cluster/stores";
import { eventStoreUsersStacks } from "./cluster/stores/event-store-users";
import type { Composition } from "./composition";
import { extended } from "./extension";
import { edgeOf } from "./model/derive/endpoints";
import { joinedGlobalDatabases } from "./model/derive/global-databases";
import { originsOf, restoresFrom } from "./model/derive/restores";
import { deployedParts, primaryOf } from "./model/derive/standby";
import type { Program } from "./model/environment";
import { asDomains } from "./model/shorthand";
import type { System } from "./model/system";
import { domainStacks } from "./workloads/domain";

/**
 * All stacks of a program, accounts first, then environments; or only those with one name. An item that can't be created
 * is passed to `failed` and skipped.
 */
export function compose(
  app: App,
  program: Program,
  only?: string,
  failed: (name: string, error: unknown) => void = rethrown,
): readonly Composition[] {
  const wanted = (name: string) => only === undefined || only === name;
  const described = program.environments.map((environment) => {
    const system = asDomains(environment);
    return { environment, system, deployed: deployedParts(system) };
  });
  const all: AllSystems = { described: described.map(({ system }) => system), deployed: described.map(({ deployed }) => deployed) };
  const bootstrapped = described.map(({ environment, system }) => {
    return { ...environment, restoresFrom: readsFrom(system), globalDatabases: joinedGlobalDatabases(system) };
  });
  const accounts = program.accounts
    .filter(({ id }) => wanted(bootstrapName(id)))
    .map((account) => ({
      name: bootstrapName(account.id),
      stacks: [bootstrapStack(app, bootstrapName(account.id), account, bootstrapped)],
      sites: [],
    }));
  const environments = all.deployed
    .filter(({ name }) => wanted(name))
    .flatMap((system) => {
      try {
        return [{ name: system.name, ...environmentStacks(app, system, program.accounts, all) }];
      } catch (error) {
        failed(system.name, error);
        return [];
      }
    });
  return [...accounts, ...environments].map((composition) => {
    try {
      return extended(app, program, composition);
    } catch (error) {
      failed(composition.name, error);
      return composition;
    }
  });
}

function rethrown(_: string, error: unknown): void {
  throw error;
}

/** Names of the other environments whose backups an environment reads: those of its restores, and the primary of a standby. */
function readsFrom(system: System): readonly string[] {
  return [...new Set([...restoresFrom(system), ...(system.standbyOf === undefined ? [] : [system.standbyOf])])].sort();
}

/** Name of an account's bootstrap stack. */
export function bootstrapName(account: string): string {
  return `bootstrap-${account}`;
}

/** The systems of all environments. */
interface AllSystems {
  readonly described: readonly System[];

  /** Those without what waits in a standby. */
  readonly deployed: readonly System[];
}

function environmentStacks(app: App, system: System, accounts: Program["accounts"], all: AllSystems): Omit<Composition, "name"> {
  const origins = originsOf(
    system,
    restoresFrom(system).flatMap((name) => all.described.filter((one) => one.name === name)),
  );
  const primary = primaryOf(system, all.described);
  const context = onAws(system, accounts, origins, primary);
  const { foundation, stacks } = context ? awsStacks(app, context) : { foundation: undefined, stacks: [] };
  const clusters = sitesOf(system, foundation, origins, primary).map((site) => ({ site, stacks: clusterContents(app, site) }));
  const vendors = foundation ? vendorStacks(app, foundation) : [];
  const users = clusters.flatMap(({ site, stacks: [platform] }) => {
    // A promotion reads the copy of the primary's backup: its role is assigned before.
    const roles = system.standbyOf === undefined ? undefined : foundation?.identities;
    const before = [platform, foundation?.data, roles, ...vendors].filter((stack) => stack !== undefined);
    return eventStoreUsersStacks(app, site, before).map((stack) => ({ site, stack }));
  });
  // Only pods that start after their role is assigned can write audit records.
  const roles = system.audit && foundation?.identities ? [foundation.identities] : [];
  const domains = domainStacks(app, system.domains, clusters, [...vendors, ...users.map(({ stack }) => stack), ...roles]);
  // Monitoring is deployed before workloads, but workloads don't wait for it: a repair must not depend on it.
  const watching = clusters.flatMap(({ site, stacks: [platform] }) =>
    observabilityStacks(app, site, platform ? [platform] : []).map((stack) => ({ site, stack })),
  );
  const later = [...users, ...watching, ...domains];
  const sites = clusters.map(({ site, stacks: before }) => ({
    site,
    stacks: [...before, ...later.flatMap(({ site: of, stack }) => (of === site ? [stack] : []))],
  }));
  const before = clusters.flatMap((cluster) => cluster.stacks);
  const edges = foundation ? edgesOf(app, foundation, all.deployed) : [];
  // Edges wait until the query APIs have passed their test.
  const answering = domains.filter(({ domain }) => domain.name === edgeOf(system)?.domain.name);
  for (const edge of edges) for (const { stack } of answering) edge.addDependency(stack);
  return { stacks: [...stacks, ...before, ...vendors, ...later.map(({ stack }) => stack), ...edges], sites };
}

/** Stacks on a cluster: the platform, then the stores, in separate states. */
function clusterContents(app: App, site: Site): readonly PlatformStack[] {
  const platform = platformStack(app, site);
  const { data, identities } = site.foundation ?? {};
  const before = [platform, ...(data ? [data] : []), ...(identities ? [identities] : [])];
  return [platform, ...storeStacks(app, site, before), ...auditDigestStacks(app, site, [platform])];
}

/** AWS stacks of an environment, and their outputs for the stacks on its clusters. */
function awsStacks(app: App, context: AwsContext): { readonly foundation: AwsOutputs; readonly stacks: readonly PlatformStack[] } {
  const keys = keysStack(app, context);
  const network = networkStack(app, context, keys);
  const clusters = clusterStacks(app, context, keys, network);
  const backup = backupStack(app, context, keys, network);
  const [data] = dataStacks(app, context, keys, network);
  const [audit] = auditStacks(app, context, keys);
  const [subjectKeys] = audit ? subjectKeyStacks(app, context, keys, audit) : [];
  const [identities] = identitiesStacks(app, context, {
    keys,
    clusters,
    backup,
    ...(audit ? { audit } : {}),
    ...(subjectKeys ? { subjectKeys } : {}),
    ...(data ? { data } : {}),
  });
  const present = <T>(stack: T | undefined): readonly T[] => (stack === undefined ? [] : [stack]);
  const [entry] = entryStacks(app, context, network);
  const stacks = [
    keys,
    network,
    ...runnersStacks(app, context, keys, network),
    ...present(data),
    ...Object.values(clusters),
    backup,
    ...present(audit),
    ...present(subjectKeys),
    ...present(identities),
    ...present(entry),
  ];
  const vendors = eventStoreStacks(app, context, network);
  const optional = {
    ...(audit ? { audit } : {}),
    ...(data ? { data } : {}),
    ...(identities ? { identities } : {}),
    ...(entry ? { entry } : {}),
  };
  return { foundation: { context, keys, network, clusters, backup, vendors, ...optional }, stacks };
}

/** Vendor stores of an environment, after all stacks that don't need them: the vendor's API may be unavailable. */
function vendorStacks(app: App, { context, network, vendors }: AwsOutputs): readonly PlatformStack[] {
  return [...vendors.values(), ...peeringStacks(app, context, network, vendors)];
}

/** Edges, which are in front of all other stacks and deployed last. */
function edgesOf(app: App, { context, keys, entry }: AwsOutputs, environments: readonly System[]): readonly PlatformStack[] {
  return entry ? edgeStacks(app, context, { keys, entry, environments }) : [];
}
