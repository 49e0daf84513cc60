import { overlap, parseBlock } from "../../../constructs/network";
import type { DraftSystem, Rule, RuleFinding } from "../check/drafts";
import type { Finding } from "../check/finding";
import { step } from "../check/paths";
import { runsAt, serversOf, usersOf } from "../derive/members";
import { outputName } from "../derive/servers";
import { DEFAULT_CIDR } from "../place";
import { engineOf } from "../stores";
import type { StoreContext } from "../stores/engine";
import type { DomainOf, ServerOf, StoreOf } from "../system";
import { isTaken } from "./names";
import { isGeneral, writtenAt } from "./parts";
import { ownNetwork } from "./place";

/** Rules between the stores of one environment, and between them and the rest of it. */
export const storeRules: readonly Rule[] = [
  enginesAgree,
  managedStoresHaveAws,
  writesAreAcknowledged,
  serversHaveNames,
  instancesHaveNames,
  serversAreNamedByTheirStore,
  storesAreReached,
  storesAreUsed,
  vendorNetworksAreApart,
];

/** Problems that an engine reports in its environment. */
function enginesAgree(system: DraftSystem): Finding[] {
  const { size, exceptions = {}, aws } = system;
  const own = ownNetwork(aws);
  return system.stores.flatMap((store) => {
    const context: StoreContext = {
      path: writtenAt(store),
      ...(size ? { size } : {}),
      exceptions,
      onAws: aws !== undefined,
      ...(own ? { network: own.cidr ?? DEFAULT_CIDR } : {}),
      isSecret: (name) => Object.hasOwn(TAKEN, name),
    };
    const found = engineOf(store)?.problems?.(store.settings, context) ?? [];
    return found.map((problem) => ({ ...problem, keys: [...store.keys, ...problem.keys] }));
  });
}

function managedStoresHaveAws(system: DraftSystem): Finding[] {
  if (system.aws) return [];
  return system.stores
    .filter((store) => runsAt(store) !== "cluster")
    .map((store) => {
      const { keys, settings } = describedIn(system, store);
      return {
        keys: [...keys, "engine"],
        value: settings.engine,
        rule: "lives on AWS, and the environment has no aws",
        remedy: "add aws, or choose one that runs on the cluster itself",
      };
    });
}

/** Location of a store's engine settings: for events in PostgreSQL, those of the server. */
function describedIn(
  { stores }: Pick<DraftSystem, "stores">,
  store: StoreOf,
): Pick<ServerOf<unknown>, "keys"> & { readonly settings: { readonly engine?: string } } {
  return serversOf({ stores: stores.filter((one) => one === store) }).find(({ holdsEvents }) => holdsEvents) ?? store;
}

function writesAreAcknowledged(system: DraftSystem): Finding[] {
  const { asynchronousEvents, disposable } = system.exceptions ?? {};
  return asynchronousEvents === undefined && disposable === undefined ? [...unacknowledgedWrites(system)] : [];
}

/** Settings with which stores acknowledge writes that they may lose. */
export function unacknowledgedWrites({ stores, size }: Pick<DraftSystem, "stores" | "size">): readonly Finding[] {
  return stores.flatMap((store) =>
    (engineOf(store)?.unacknowledged?.(store.settings, size) ?? []).map((problem) => ({
      ...problem,
      keys: [...store.keys, ...problem.keys],
    })),
  );
}

/** Names that PostgreSQL servers can't have, because Services, objects, secrets or security groups use them. */
const TAKEN: Readonly<Record<string, string>> = {
  namespace: "a namespace",
  cache: "the cache",
  broker: "the broker",
  events: "the tables of events",
  nodes: "the nodes of a cluster",
  "write-nodes": "the nodes of a cluster",
  "read-nodes": "the nodes of a cluster",
  api: "a control plane",
  "write-api": "a control plane",
  "read-api": "a control plane",
  "deploy-runners": "the runners of pipelines",
  "aws-endpoints": "the endpoints of AWS services",
  "kurrent-cloud": "the network of a vendor",
  "cache-users": "the users of the cache",
  "cache-password": "the job that tells the cache its password",
  "broker-users": "the users of the broker",
  "grafana-admin": "the administrator of Grafana",
  "elasticsearch-collector": "the user as whom logs are written",
  "elasticsearch-jaeger": "the user of traces",
  "elasticsearch-grafana": "the user as whom logs are read",
  "elasticsearch-metrics": "the user of metrics of Elasticsearch",
  "metrics-sender": "the user as whom samples are sent",
  "metrics-receiver-authority": "the authority of the receiver of samples",
  "field-keys": "the keys of fields",
  "event-store-authority": "the authority of the event store",
};

/** Suffixes of a server's name in the names of its parts. */
const BESIDE = ["roles", "events", "administrator", "migrator", "writer", "reader", "users", "password", "authority"];

/** PostgreSQL server, or another store whose name could conflict with a server's. */
interface Server {
  readonly name: string;
  readonly keys: readonly string[];

  /** Marks a name that the user chose, and where it is set. */
  readonly said: boolean;
  readonly at: readonly string[];

  /** Marks a server with the name of its store, which is compared with all other names. */
  readonly isStore: boolean;
}

function serversHaveNames(system: DraftSystem): Finding[] {
  const servers = serversOf(system).map((server): Server => {
    const { keys, holdsEvents } = server;
    const { said, at } = nameOf(server);
    return { name: String(server.name), keys: isGeneral(server) ? at : keys, said, at, isStore: !holdsEvents || isGeneral(server) };
  });
  const others = system.stores
    .filter((store) => isGeneral(store) && servers.every(({ name }) => name !== store.name))
    .map(({ name, keys }): Server => ({ name, keys, said: true, at: keys, isStore: true }));
  const all = [...servers, ...others];
  return all.flatMap(({ keys, name, said, at, isStore }, index): Finding[] => {
    const found = (rule: string): Finding[] => [
      { keys: at, ...(said ? { value: name } : {}), rule, remedy: said ? "choose another" : "name it otherwise" },
    ];
    const taken = takenBy(name, keys, servers) ?? (isTaken(name, system.name) ? "a part of the platform" : undefined);
    if (taken) return found(`is taken by ${taken}`);
    const twin = all.slice(0, index).find((before) => outputName(before.name) === outputName(name));
    // Equal names are reported by the check of all names. Outputs of stacks can't distinguish orders-1 from orders1.
    if (twin && !(twin.name === name && twin.isStore && isStore)) {
      return found(
        said ? `can't be told from ${twin.name} of ${twin.keys.reduce(step)}` : `is called ${name}, and so is ${twin.keys.reduce(step)}`,
      );
    }
    const owner = all.find((other) => BESIDE.some((end) => name === `${other.name}-${end}`));
    if (owner) return found(`is taken by something of the server ${owner.name}`);
    // Its users and keys are secrets in the same stack.
    return name.startsWith("event-store-") ? found("is taken by something of the event store") : [];
  });
}

/** Place at which the name of a server is set, and whether the user chose it. */
function nameOf(server: ServerOf): Pick<Server, "said" | "at"> {
  const { settings, keys } = server;
  const said = isGeneral(server) || settings.name !== undefined;
  return { said, at: isGeneral(server) ? keys.slice(0, 2) : said ? [...keys, "name"] : keys };
}

/** Instances on AWS, whose names consist of their server's and a number, share one namespace with RDS servers (Amazon RDS). */
function instancesHaveNames(system: DraftSystem): Finding[] {
  const servers = serversOf(system);
  return servers.flatMap((server, index): Finding[] => {
    const twin = servers.slice(0, index).find((before) => areInstancesOf(before, server) || areInstancesOf(server, before));
    const { said, at } = nameOf(server);
    const rule = `${said ? "" : `is called ${server.name}, which `}is a name of instances of ${twin?.name} as well`;
    return twin ? [{ keys: at, ...(said ? { value: server.name } : {}), rule, remedy: said ? "choose another" : "name it otherwise" }] : [];
  });
}

/** Checks if an instance of a server may have the name of one of another server. */
function areInstancesOf(server: ServerOf, other: ServerOf): boolean {
  const [instances, others] = [server, other].map(({ settings }) => engineOf({ settings })?.instances);
  if (!instances || !others || server.name === other.name) return false;
  const beginning = server.name + instances.suffix;
  const isNumbered = other.name.startsWith(beginning) && /^\d+$/.test(other.name.slice(beginning.length));
  return beginning === other.name + others.suffix || (others.named && isNumbered);
}

/** Taken names that entries of `stores` may have all the same, except `events` for a PostgreSQL server. */
const FREE: readonly string[] = ["cache", "broker", "events"];

/** Part that already has a name. */
function takenBy(name: string, keys: readonly string[], servers: readonly Server[]): string | undefined {
  const isServer = servers.some((server) => server.keys === keys);
  if (isGeneral({ keys }) && FREE.includes(name) && !(name === "events" && isServer)) return undefined;
  return Object.hasOwn(TAKEN, name) ? TAKEN[name] : undefined;
}

/** A store in `stores` has its key as its name, and so does its server. */
function serversAreNamedByTheirStore(system: DraftSystem): Finding[] {
  return serversOf(system)
    .filter((server) => server.holdsEvents && isGeneral(server) && server.settings.name !== undefined)
    .map(({ keys, settings }) => ({
      keys: [...keys, "name"],
      value: settings.name,
      rule: "names a server that is called as its store is",
      remedy: "leave it out",
    }));
}

/** Stores on one cluster are not reachable from the other cluster, and an existing cluster gets no connection values from AWS. */
function storesAreReached(system: DraftSystem): Finding[] {
  const { writeCluster, readCluster } = system;
  if (!writeCluster || !readCluster) return [];
  const [existing] = Object.entries({ writeCluster, readCluster }).filter(([, cluster]) => "context" in cluster);
  return system.stores.flatMap((store): Finding[] => {
    const user = usersOf(system, store.name).find(({ domain }) => domain.cluster !== store.cluster);
    if (!user) return [];
    const { keys, settings } = describedIn(system, store);
    const engine = engineOf({ settings });
    if (engine?.withinCluster) return [unreached(store, user.domain, [...keys, "engine"], settings.engine)];
    if (!existing || !engine) return [];
    // Requires a zone and Secrets Manager, which are not available on an existing cluster.
    return [
      {
        keys: [...keys, "engine"],
        value: settings.engine,
        rule: `has names and passwords that don't get to ${user.domain.name} on ${user.domain.cluster}: ${existing[0]} exists already`,
        remedy: "use one cluster for both sides, or have both made",
      },
    ];
  });
}

function unreached(store: StoreOf, user: DomainOf, keys: readonly string[], value: unknown): Finding {
  if (store.kind === "broker") {
    return {
      keys: store.keys,
      rule: `runs on ${store.cluster}, which workloads of ${user.cluster} can't reach`,
      remedy: "write one cluster for both, or leave it out: projections read events of the write side",
    };
  }
  return {
    keys,
    value,
    rule: `runs on ${store.cluster}, and ${user.name} on ${user.cluster} can't reach it`,
    remedy: "use an engine outside of clusters, or one cluster for both sides",
  };
}

/** Vendor networks peered with an environment: overlapping networks can't both be routed. */
function vendorNetworksAreApart({ stores }: DraftSystem): Finding[] {
  const networks = stores.flatMap((store) => {
    const cidr = engineOf(store)?.vendorNetwork?.(store.settings);
    const block = cidr === undefined ? undefined : parseBlock(cidr);
    return block ? [{ store, cidr, block }] : [];
  });
  return networks.flatMap(({ store, cidr, block }, index): Finding[] => {
    const other = networks.slice(0, index).find((before) => overlap(before.block, block));
    if (!other) return [];
    const rule = `overlaps ${other.cidr} of ${writtenAt(other.store)}, and the environment's network is joined to both`;
    return [{ keys: [...store.keys, "network", "cidr"], value: cidr, rule, remedy: "give one of them other addresses" }];
  });
}

/** A store with a name must have a workload that uses it. The stores of roles have their role. */
function storesAreUsed(system: DraftSystem): RuleFinding[] {
  return system.stores
    .filter((store) => isGeneral(store) && usersOf(system, store.name).length === 0)
    .map(({ keys }) => ({ keys, rule: "is used by no workload", remedy: "name it in uses of a workload, or remove it", lacking: true }));
}
