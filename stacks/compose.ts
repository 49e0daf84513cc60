import type { App } from "cdktf";
import { type AwsContext, onAws } from "./base/context";
import { type AwsOutputs, type Site, sitesOf } from "./base/site";
import type { PlatformStack } from "./base/stack";
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
import { observabilityStacks } from "./cluster/observability";
import { platformStack } from "./cluster/platform";
import { storeStacks } from "./cluster/stores";
import { eventStoreUsersStacks } from "./cluster/stores/event-store-users";
import { edgeOf } from "./model/derive/endpoints";
import type { Program } from "./model/environment";
import { asDomains } from "./model/shorthand";
import type { System } from "./model/system";
import { domainStacks } from "./workloads/domain";

/** The stacks of one account or environment, in the order in which they are deployed. */
export interface Composition {
  /** The environment's name, or `bootstrap-<account>`. */
  readonly name: string;
  readonly stacks: readonly PlatformStack[];

  /** The clusters that some of these stacks work on. */
  readonly sites: readonly PopulatedSite[];
}

/** A cluster of an environment, and the stacks that work on it. */
export interface PopulatedSite {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/**
 * Every stack of a program, those of its accounts before those of its environments; or only those of one name. One that
 * can't be made is told to `failed`, and left out.
 */
export function compose(
  app: App,
  program: Program,
  only?: string,
  failed: (name: string, error: unknown) => void = rethrown,
): readonly Composition[] {
  const wanted = (name: string) => only === undefined || only === name;
  const accounts = program.accounts
    .filter(({ id }) => wanted(bootstrapName(id)))
    .map((account) => ({
      name: bootstrapName(account.id),
      stacks: [bootstrapStack(app, bootstrapName(account.id), account, program.environments)],
      sites: [],
    }));
  const environments = program.environments
    .filter(({ name }) => wanted(name))
    .flatMap((environment) => {
      try {
        return [{ name: environment.name, ...environmentStacks(app, asDomains(environment), program) }];
      } catch (error) {
        failed(environment.name, error);
        return [];
      }
    });
  const compositions = [...accounts, ...environments];
  for (const { name, stacks } of compositions) program.extend?.({ name, stacks: new Map(stacks.map((stack) => [stack.node.id, stack])) });
  return compositions;
}

function rethrown(_: string, error: unknown): void {
  throw error;
}

/** What an account's own stack is called. */
export function bootstrapName(account: string): string {
  return `bootstrap-${account}`;
}

function environmentStacks(app: App, system: System, { accounts, environments }: Program): Omit<Composition, "name"> {
  const context = onAws(system, accounts);
  const { foundation, stacks } = context ? awsStacks(app, context) : { foundation: undefined, stacks: [] };
  const clusters = sitesOf(system, foundation).map((site) => ({ site, stacks: clusterContents(app, site) }));
  const vendors = foundation ? vendorStacks(app, foundation) : [];
  const users = clusters.flatMap(({ site, stacks: [platform] }) => {
    const before = [platform, foundation?.data, ...vendors].filter((stack) => stack !== undefined);
    return eventStoreUsersStacks(app, site, before).map((stack) => ({ site, stack }));
  });
  const domains = domainStacks(app, system.domains, clusters, [...vendors, ...users.map(({ stack }) => stack)]);
  // What watches workloads is there before them, but none of them waits for it: a repair must not depend on it.
  const watching = clusters.flatMap(({ site, stacks: [platform] }) =>
    observabilityStacks(app, site, platform ? [platform] : []).map((stack) => ({ site, stack })),
  );
  const later = [...users, ...watching, ...domains];
  const sites = clusters.map(({ site, stacks: before }) => ({
    site,
    stacks: [...before, ...later.flatMap(({ site: of, stack }) => (of === site ? [stack] : []))],
  }));
  const before = clusters.flatMap((cluster) => cluster.stacks);
  const edges = foundation ? edgesOf(app, foundation, environments.map(asDomains)) : [];
  // Nobody asks before the answers have been tested.
  const answering = domains.filter(({ domain }) => domain.name === edgeOf(system)?.domain.name);
  for (const edge of edges) for (const { stack } of answering) edge.addDependency(stack);
  return { stacks: [...stacks, ...before, ...vendors, ...later.map(({ stack }) => stack), ...edges], sites };
}

/** What is put on a cluster: what everything needs, then the stores, each in a state of its own. */
function clusterContents(app: App, site: Site): readonly PlatformStack[] {
  const platform = platformStack(app, site);
  const { data, identities } = site.foundation ?? {};
  const before = [platform, ...(data ? [data] : []), ...(identities ? [identities] : [])];
  return [platform, ...storeStacks(app, site, before)];
}

/** What an environment has on AWS, and what of it the stacks on its clusters read. */
function awsStacks(app: App, context: AwsContext): { readonly foundation: AwsOutputs; readonly stacks: readonly PlatformStack[] } {
  const keys = keysStack(app, context);
  const network = networkStack(app, context, keys);
  const clusters = clusterStacks(app, context, keys, network);
  const backup = backupStack(app, context, keys);
  const [data] = dataStacks(app, context, keys, network);
  const [identities] = identitiesStacks(app, context, { keys, clusters, backup, ...(data ? { data } : {}) });
  const present = <T>(stack: T | undefined): readonly T[] => (stack === undefined ? [] : [stack]);
  const [entry] = entryStacks(app, context, network);
  const stacks = [keys, network, ...present(data), ...Object.values(clusters), backup, ...present(identities), ...present(entry)];
  const vendors = eventStoreStacks(app, context, network);
  const optional = { ...(data ? { data } : {}), ...(identities ? { identities } : {}), ...(entry ? { entry } : {}) };
  return { foundation: { context, keys, network, clusters, backup, vendors, ...optional }, stacks };
}

/** What other vendors run for an environment, behind all that does not need it: their providers may be out of reach. */
function vendorStacks(app: App, { context, network, vendors }: AwsOutputs): readonly PlatformStack[] {
  return [...vendors.values(), ...peeringStacks(app, context, network, vendors)];
}

/** What stands before everything else, and comes last. */
function edgesOf(app: App, { context, keys, entry }: AwsOutputs, environments: readonly System[]): readonly PlatformStack[] {
  return entry ? edgeStacks(app, context, { keys, entry, environments }) : [];
}
