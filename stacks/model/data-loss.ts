import { natsMoveProblems } from "../../constructs/broker";
import type { Problem } from "../../constructs/core/errors";
import { DEFAULT_KURRENT_CLOUD, DEFAULT_KURRENTDB, DEFAULT_POSTGRES } from "../../constructs/core/versions";
import { kurrentDbSize } from "../../constructs/event-store";
import { postgresMoveProblems } from "../../constructs/postgres";
import { valkeyMoveProblems } from "../../constructs/redis";
import { shrinkProblems } from "../../constructs/sizing";
import { type ClusterKey, isExistingCluster } from "./cluster";
import { all } from "./common";
import { clustersOf } from "./derive/clusters";
import { eventServerName, readDatabaseName } from "./derive/servers";
import { brokerSize, cloudNativePgSize, eventSourcingDbSize, rdsStorage, valkeySize } from "./derive/sizes";
import type { Environment } from "./environment";
import { DEFAULT_CIDR, isExistingNetwork } from "./place";
import { type EventStore, type KurrentCloudSettings, kurrentCloudCidr } from "./stores/event-store";
import type { PostgresSettings } from "./stores/postgres";

/** What is wrong, below the path of what it is said about: `storage`, or "" where it is about the whole. */
type Found = Omit<Problem, "path"> & { readonly at?: string };
type Size = NonNullable<Environment["size"]>;

/** A thing as it is, and as it is to be. */
interface Move<T> {
  readonly before: T;
  readonly after: T;
  readonly sizes: { readonly before: Size; readonly after: Size };
}

/**
 * Why an environment that exists can't be changed so without losing what its stores hold, each with the way to get there
 * all the same. Nothing where the change is safe. It compares two descriptions and asks nobody: what was changed by hand it
 * does not know.
 */
export function moves(before: Environment, after: Environment): readonly Problem[] {
  const sizes = { before: before.size ?? "medium", after: after.size ?? "medium" } as const;
  const found: readonly Found[] = [
    ...placeMoves(before, after),
    ...under("eventStore", before.eventStore && eventStoreMoves({ before: before.eventStore, after: after.eventStore, sizes })),
    ...databaseMoves(before, after, sizes),
    ...under("cache", before.cache && cacheMoves({ before: before.cache, after: after.cache, sizes })),
    ...under("broker", before.broker && brokerMoves({ before: before.broker, after: after.broker, sizes })),
  ];
  return found.map(({ at = "", ...problem }) => ({ ...problem, path: join(after.name, at) }));
}

/** What decides where everything is. Another is another place, in which stores begin empty. */
function placeMoves(before: Environment, after: Environment): readonly Found[] {
  const remedy = "make a second environment of that kind, bring over what the stores hold from backups, then send users there";
  const differs = (at: string, one: unknown, other: unknown): Found[] =>
    one === other
      ? []
      : [{ at, ...(other === undefined ? {} : { value: other }), rule: `was ${one}: every store begins empty there`, remedy }];
  const managed = managedStores(before).length > 0;
  return [
    ...differs("system", before.system, after.system),
    ...differs("name", before.name, after.name),
    ...(managed || clustersOf(before).some(([, cluster]) => !isExistingCluster(cluster))
      ? [
          ...differs("aws.account", before.aws?.account, after.aws?.account),
          ...differs("aws.region", before.aws?.region, after.aws?.region),
          ...differs("aws.network", networkOf(before), networkOf(after)),
        ]
      : []),
    ...clusterMoves(before, after),
  ];
}

/** By what the network that stores are in is known. */
function networkOf({ aws }: Environment): string | undefined {
  const { network = {} } = aws ?? {};
  if (!aws) return undefined;
  return isExistingNetwork(network) ? network.vpc : (network.cidr ?? DEFAULT_CIDR);
}

/** Stores that a cluster holds can't go to another. */
function clusterMoves(before: Environment, after: Environment): readonly Found[] {
  const remedy = "move its stores from backups into a second environment, or keep it";
  return storeClusters(before).flatMap((key): Found[] => {
    const was = clusterOf(before, key);
    const now = clusterOf(after, key);
    if (!was) return [];
    if (!now) return [{ at: key, rule: "is gone, and with it the volumes of the stores on it", remedy }];
    const [one, other] = [was, now].map((cluster) =>
      isExistingCluster(cluster) ? `${cluster.kubeconfig ?? ""}#${cluster.context}` : "EKS",
    );
    if (one !== other) {
      return [{ at: key, rule: `is another cluster, on which its stores begin empty`, remedy }];
    }
    const [classBefore, classAfter] = [was, now].map((cluster) => (isExistingCluster(cluster) ? (cluster.storageClass ?? "standard") : ""));
    return classBefore === classAfter
      ? []
      : [
          {
            at: `${key}.storageClass`,
            value: classAfter,
            rule: `was ${classBefore}, and a volume of another class is another volume`,
            remedy: "keep it, and move stores one by one from backups into an environment with the other",
          },
        ];
  });
}

function clusterOf(environment: Environment, key: ClusterKey) {
  return clustersOf(environment).find(([each]) => each === key)?.[1];
}

/** The clusters that hold stores. */
function storeClusters(environment: Environment): readonly ClusterKey[] {
  const { eventStore, readDatabase, cache, broker } = environment;
  const engines = [eventStore?.engine === "postgres" ? eventStore.server.engine : eventStore?.engine];
  const read = [...all(readDatabase).map(({ engine }) => engine), cache?.purpose === "store" ? cache.engine : undefined];
  const carries = (list: readonly (string | undefined)[]) => list.some((engine) => engine !== undefined && !MANAGED.includes(engine));
  return clustersOf(environment)
    .map(([key]) => key)
    .filter((key) => (key !== "readCluster" && carries(engines)) || (key !== "writeCluster" && (carries(read) || broker !== undefined)));
}

const MANAGED: readonly string[] = ["kurrent-cloud", "aurora", "rds", "elasticache"];

function managedStores({ eventStore, readDatabase, cache }: Environment): readonly string[] {
  const engines = [
    eventStore?.engine,
    eventStore?.engine === "postgres" ? eventStore.server.engine : undefined,
    cache?.engine,
    ...all(readDatabase).map(({ engine }) => engine),
  ];
  return engines.filter((engine) => engine !== undefined && MANAGED.includes(engine)) as readonly string[];
}

/** How events get from one engine to another. */
const COPY_EVENTS =
  "make the other in a second environment, stop the write side, append every event there in the order of its position, compare counts, then send users there";

function eventStoreMoves({ before, after, sizes }: Move<EventStore | undefined>): readonly Found[] {
  if (!before) return [];
  if (!after) return [gone("the system of record")];
  if (before.engine !== after.engine) return [another(before.engine, after.engine, "events", COPY_EVENTS)];
  const move = EVENT_STORES[before.engine] as (move: Move<EventStore>) => readonly Found[];
  return move({ before, after, sizes });
}

const EVENT_STORES: {
  readonly [E in EventStore["engine"]]: (move: Move<Extract<EventStore, { engine: E }>>) => readonly Found[];
} = {
  kurrentdb: ({ before, after, sizes }) => {
    const [was, now] = [kurrentDbSize({ size: sizes.before, ...before }), kurrentDbSize({ size: sizes.after, ...after })];
    return [
      ...(was.nodes === now.nodes
        ? []
        : [
            {
              at: "nodes",
              value: now.nodes,
              rule: `nodes would be joined to ${was.nodes} that know of no others, and could choose a leader without the events`,
              remedy: `keep nodes: ${was.nodes}, or restore a backup into a second environment with ${now.nodes}, then send users there`,
            },
          ]),
      ...named(shrinkProblems(was, now, ["storage"])),
      ...older(before.version ?? DEFAULT_KURRENTDB, after.version ?? DEFAULT_KURRENTDB),
    ];
  },
  "kurrent-cloud": ({ before, after }) => [
    ...(before.size === after.size
      ? []
      : [
          {
            at: "size",
            value: after.size,
            rule: `is another topology than ${before.size}, and its vendor changes none: it would be another cluster, and empty`,
            remedy: "back this one up, and restore the backup into a second environment of that size, then send users there",
          },
        ]),
    ...vendorNetworkMoves(before, after),
    ...vendorVersionMoves(before, after),
  ],
  postgres: ({ before, after, sizes }) => {
    const [was, now] = [before, after].map(({ server }) => eventServerName(server));
    if (was !== now)
      return [{ at: "server.name", value: now, rule: `was ${was}: a server of another name is another, and empty`, remedy: `keep ${was}` }];
    return under("server", serverMoves({ before: before.server, after: after.server, sizes }, COPY_EVENTS));
  },
  eventsourcingdb: ({ before, after, sizes }) =>
    named(shrinkProblems(eventSourcingDbSize(before, sizes.before), eventSourcingDbSize(after, sizes.after), ["storage"])),
};

function vendorNetworkMoves(before: KurrentCloudSettings, after: KurrentCloudSettings): readonly Found[] {
  const [was, now] = [kurrentCloudCidr(before), kurrentCloudCidr(after)];
  if (was === now) return [];
  return [
    {
      at: "network.cidr",
      value: now,
      rule: `was ${was}: another network is another cluster, and empty`,
      remedy: `keep ${was}, or restore a backup into a second environment with the other`,
    },
  ];
}

/** The line is what a cluster is made with; its upgrades are patches of a line. */
function vendorVersionMoves(before: KurrentCloudSettings, after: KurrentCloudSettings): readonly Found[] {
  const [was, now] = [before.version ?? DEFAULT_KURRENT_CLOUD, after.version ?? DEFAULT_KURRENT_CLOUD];
  if (was === now) return older(before.patch ?? was, after.patch ?? before.patch ?? was, "patch");
  return older(was, now);
}

/** How read models get from one server to another. */
const REBUILD =
  "add the other beside it under another name, rebuild the read models there from events, send queries there, then take this one away";

function databaseMoves(before: Environment, after: Environment, sizes: Move<never>["sizes"]): readonly Found[] {
  const several = Array.isArray(after.readDatabase);
  return all(before.readDatabase).flatMap((was): readonly Found[] => {
    const index = all(after.readDatabase).findIndex((now) => readDatabaseName(now) === readDatabaseName(was));
    const now = all(after.readDatabase)[index];
    if (!now) return under("readDatabase", [gone(`the server ${readDatabaseName(was)}`)]);
    return under(several ? `readDatabase[${index}]` : "readDatabase", serverMoves({ before: was, after: now, sizes }, REBUILD));
  });
}

function serverMoves({ before, after, sizes }: Move<PostgresSettings>, elsewhere: string): readonly Found[] {
  if (before.engine !== after.engine) return [another(before.engine, after.engine, "what it holds", elsewhere)];
  const versions = older(before.version ?? DEFAULT_POSTGRES, after.version ?? DEFAULT_POSTGRES);
  if (before.engine === "cloudnative-pg" && after.engine === "cloudnative-pg") {
    return [...named(postgresMoveProblems(cloudNativePgSize(before, sizes.before), cloudNativePgSize(after, sizes.after))), ...versions];
  }
  if (before.engine === "rds" && after.engine === "rds") {
    const storage = (settings: typeof before, size: Size) => ({ storage: rdsStorage(settings, size) });
    return [...named(shrinkProblems(storage(before, sizes.before), storage(after, sizes.after), ["storage"])), ...versions];
  }
  return versions; // Aurora's storage is nobody's setting: it grows and shrinks with what is in it
}

/** A cache may forget, and so be replaced by any other. */
function cacheMoves({ before, after, sizes }: Move<Environment["cache"]>): readonly Found[] {
  if (before?.purpose !== "store") {
    return before?.engine === "valkey" && after?.engine === "valkey"
      ? named(valkeyMoveProblems(valkeySize(before, sizes.before), valkeySize(after, sizes.after)))
      : [];
  }
  if (!after) return [gone("what is nowhere else")];
  if (after.purpose !== "store") {
    return [
      {
        at: "purpose",
        value: after.purpose ?? "cache",
        rule: "may forget what it holds as a store, and nothing else has it",
        remedy: 'keep purpose: "store", or move what it holds first',
      },
    ];
  }
  if (before.engine !== "valkey" || after.engine !== "valkey") return [];
  return named(valkeyMoveProblems(valkeySize(before, sizes.before), valkeySize(after, sizes.after)));
}

function brokerMoves({ before, after, sizes }: Move<Environment["broker"]>): readonly Found[] {
  if (!before) return [];
  if (!after) return [gone("its streams")];
  return named(natsMoveProblems(brokerSize(before, sizes.before), brokerSize(after, sizes.after)));
}

function gone(what: string): Found {
  return {
    rule: `is gone, and with it ${what}: the guards of Terraform go with what they guard`,
    remedy: "keep it until what it holds is elsewhere, and take it away alone, with a last backup",
  };
}

function another(before: string, after: string, what: string, remedy: string): Found {
  return { at: "engine", value: after, rule: `was ${before}: another engine begins empty, and ${what} would stay behind`, remedy };
}

/** A server never reads what a later version of it has written. */
function older(before: string, after: string, at = "version"): readonly Found[] {
  const [was, now] = [before, after].map((version) => version.split(".").map(Number)) as [number[], number[]];
  const first = was.findIndex((part, index) => part !== (now[index] ?? part));
  if (first < 0 || (now[first] ?? 0) > (was[first] ?? 0)) return [];
  return [
    {
      at,
      value: after,
      rule: `is before ${before}, and does not read what that has written`,
      remedy: `keep "${before}", or go back to a backup from before the upgrade in a second environment`,
    },
  ];
}

/** Problems of sizes have the name of what they are about in their remedy. */
function named(problems: readonly Omit<Problem, "path">[]): readonly Found[] {
  return problems.map((problem) => ({ ...problem, at: /^keep (\w+):/.exec(problem.remedy)?.[1] ?? "servers" }));
}

function under(path: string, found: readonly Found[] | undefined): readonly Found[] {
  return (found ?? []).map(({ at = "", ...problem }) => ({ ...problem, at: join(path, at) }));
}

function join(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(".");
}
