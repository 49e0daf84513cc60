import type { Problem } from "../../constructs/core/errors";
import { step } from "./check/paths";
import { type ClusterKey, isExistingCluster } from "./cluster";
import { clusterOf, clustersOf } from "./derive/clusters";
import { globalDatabaseOf, globalServersOf } from "./derive/global-databases";
import { runsAt, serversOf } from "./derive/members";
import { isWaiting } from "./derive/standby";
import type { Environment } from "./environment";
import { DEFAULT_CIDR, isExistingNetwork } from "./place";
import { asDomains } from "./shorthand";
import { engineOf } from "./stores";
import { anotherEngine, COPY_EVENTS, type SettingProblem, type Sizes, type StoreKind } from "./stores/engine";
import { databaseOf } from "./stores/postgres";
import type { StoreOf, System } from "./system";

/** Problem of a setting below a path: `storage`, or none for the whole part. */
type Found = SettingProblem;

/**
 * Returns why an existing environment can't be changed like this without losing stored data, each with an alternative.
 * Empty if the change is safe. Compares two configurations only: manual changes are not detected.
 */
export function moves(before: Environment, after: Environment): readonly Problem[] {
  const [was, now] = [asDomains(before), asDomains(after)];
  const sizes = { before: before.size ?? "medium", after: after.size ?? "medium" } as const;
  return [
    ...under([], [...placeMoves(was, now), ...promotionMoves(was, now)]),
    ...was.stores.flatMap((store) => storeMoves(store, now, sizes)),
    ...globalMoves(was, now),
  ].map(({ keys, at, ...problem }) => ({ ...problem, path: [[after.name, ...keys].reduce(step), at].filter(Boolean).join(".") }));
}

function under(keys: readonly string[], found: readonly Found[]): readonly (Found & { readonly keys: readonly string[] })[] {
  return found.map((problem) => ({ ...problem, keys }));
}

/** Settings that locate all stores. A change means a new location, in which stores are empty. */
function placeMoves(before: System, after: System): readonly Found[] {
  const remedy = "make a second environment of that kind, bring over what the stores hold from backups, then send users there";
  const differs = (at: string, one: unknown, other: unknown): Found[] =>
    one === other
      ? []
      : [{ at, ...(other === undefined ? {} : { value: other }), rule: `was ${one}: every store begins empty there`, remedy }];
  const managed = before.stores.some((store) => runsAt(store) !== "cluster");
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

/** A promoted standby has events of its own. */
function promotionMoves(before: System, after: System): readonly Found[] {
  if (!before.promoted || before.standbyOf === undefined || after.promoted || after.standbyOf === undefined) return [];
  const rule = "was true: its event stores never follow again, and what appends events would be removed";
  return [{ at: "promoted", rule, remedy: "keep promoted: true, or also remove standbyOf after the old primary has been destroyed" }];
}

/** A server that exists can't join the global database of another environment: AWS only creates secondaries. */
function globalMoves(before: System, after: System): readonly (Found & { readonly keys: readonly string[] })[] {
  if (isWaiting(before)) return [];
  return globalServersOf(after).flatMap(({ server, globalDatabase: { of } }) => {
    const was = serversOf(before).find(({ name }) => name === server.name);
    if (!was || globalDatabaseOf(was) || of === after.name) return [];
    const rule = "can't take in a server that exists, and is not a secondary";
    return [{ keys: server.keys, at: "globalDatabase.of", value: of, rule, remedy: `use "${after.name}"` }];
  });
}

/** Identifier of the network of the stores. */
function networkOf({ aws }: Pick<System, "aws">): string | undefined {
  const { network = {} } = aws ?? {};
  if (!aws) return undefined;
  return isExistingNetwork(network) ? network.vpc : (network.cidr ?? DEFAULT_CIDR);
}

/** Stores on a cluster can't move to another cluster. */
function clusterMoves(before: System, after: System): readonly Found[] {
  const remedy = "move its stores from backups into a second environment, or keep it";
  return storeClusters(before).flatMap((key): Found[] => {
    const was = clusterOf(before, key);
    const now = clusterOf(after, key);
    if (!was) return [];
    if (!now) return [{ at: key, rule: "would be removed, and the volumes of its stores with it", remedy }];
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

/** Clusters that run stores. */
function storeClusters(system: System): readonly ClusterKey[] {
  const holding = system.stores.filter((store) => runsAt(store) === "cluster" && !mayForget(store)).map(({ cluster }) => cluster);
  return clustersOf(system)
    .map(([key]) => key)
    .filter((key) => holding.includes(key));
}

function mayForget(store: StoreOf): boolean {
  return engineOf(store)?.mayForget?.(store.settings) ?? false;
}

/** Description of the data lost with a store of each kind, and how to move it to another engine. */
const KINDS: Readonly<Record<StoreKind, { readonly gone: (store: StoreOf) => string; readonly held: string; readonly elsewhere: string }>> =
  {
    "event-store": { gone: () => "the system of record", held: "events", elsewhere: COPY_EVENTS },
    postgres: {
      gone: ({ name }) => `the server ${name}`,
      held: "what it holds",
      elsewhere:
        "add the other one under another name, rebuild the read models there from events, send queries there, then remove this one",
    },
    redis: {
      gone: () => "what is nowhere else",
      held: "what it holds",
      elsewhere: "add the other under another name, and move what it holds",
    },
    broker: { gone: () => "its streams", held: "its streams", elsewhere: "add the other under another name, and move its streams" },
  };

/** Data-loss problems of one store, matched by name. Stores that may lose data, such as caches, can be replaced. */
function storeMoves(before: StoreOf, { stores }: System, sizes: Sizes): ReturnType<typeof under> {
  const { gone, held, elsewhere } = KINDS[before.kind];
  const after = stores.find(({ name, kind }) => name === before.name && kind === before.kind);
  if (engineOf(before)?.inProcess) {
    return after && engineOf(after)?.inProcess ? [] : under(before.keys, [wasInMemory(before, stores)]);
  }
  if (!after) return mayForget(before) ? [] : under(before.keys, [isGone(gone(before))]);
  const [was, now] = [before, after].map(({ settings }) => settings.engine);
  if (was !== now) return mayForget(before) ? [] : under(after.keys, [anotherEngine(String(was), String(now), held, elsewhere)]);
  return [
    ...databaseMoves(before, after),
    ...under(after.keys, [
      ...placeOfStoreMoves(before, after),
      ...(engineOf(before)?.dataLoss(before.settings, after.settings, sizes) ?? []),
    ]),
  ];
}

/** A store on a cluster keeps its data in its namespace. The removal of a whole cluster is reported for the cluster. */
function placeOfStoreMoves(before: StoreOf, after: StoreOf): readonly Found[] {
  if (mayForget(before) || runsAt(before) !== "cluster") return [];
  const remedy = "keep it where it is, or move what it holds from a backup into a second environment, then send users there";
  const both = before.cluster !== "cluster" && after.cluster !== "cluster";
  if (both && before.cluster !== after.cluster) {
    return [{ at: "cluster", value: after.cluster, rule: `was ${before.cluster}, and a store on another cluster begins empty`, remedy }];
  }
  if (before.namespace === after.namespace) return [];
  return [{ rule: `was in the namespace ${before.namespace}, and begins empty in ${after.namespace}`, remedy }];
}

/** Events in a process's memory can't be copied from it later. */
function wasInMemory({ name }: StoreOf, after: readonly StoreOf[]): Found {
  const next = after.filter(({ kind }) => kind === "event-store" || kind === "postgres").map((store) => store.name);
  return {
    rule: `kept its events in the memory of a process, which ends: ${next.join(", ") || "whatever follows it"} begins empty`,
    remedy: `accept that, or export the events of ${name} through the application while it runs, and append them afterwards`,
  };
}

/** PostgreSQL servers keep their data in their database. */
function databaseMoves(before: StoreOf, after: StoreOf): ReturnType<typeof under> {
  return serversOf({ stores: [before] }).flatMap((was) =>
    serversOf({ stores: [after] }).flatMap((now) => {
      const [one, other] = [databaseOf(was), databaseOf(now)];
      if (one === other || was.name !== now.name) return [];
      const remedy = `keep ${one}, or add a server with the other one, and move its data`;
      return under(now.keys, [{ at: "database", value: other, rule: `was ${one}: another database begins empty`, remedy }]);
    }),
  );
}

function isGone(what: string): Found {
  return {
    rule: `would be removed, and ${what} with it: Terraform's prevent_destroy is removed together with the resource`,
    remedy: "keep it until its data is moved, then remove it in a separate change, after a last backup",
  };
}
