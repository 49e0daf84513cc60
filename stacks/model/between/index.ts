import { type DraftEnvironment, each, type Finding, type Rule } from "../check/finding";
import { step } from "../check/paths";
import type { Replicas } from "../common";
import { readDatabaseName } from "../derive/servers";
import type { Environment } from "../environment";
import { WORKLOADS } from "../workloads/roles";
import { backupRules } from "./backups";
import { awsIsThereForWhatNeedsIt, clustersAreEitherOneOrTwo, sidesHaveClustersOfTheirOwn } from "./clusters";
import { edgeRules } from "./edges";
import { eventStoreHasQuorum, kurrentCloudCanBeMade } from "./event-store";
import { exceptionsExceptSomething } from "./exceptions";
import { NAMED, namesAreFree } from "./names";
import { clusterRules } from "./nodes";
import { addressesAreEnough, existingSubnetsMatch, regionsAreTwo, tagsAreAllowed, zonesAreEnough } from "./place";
import { releaseRules } from "./releases";
import { storeRules } from "./stores";
import { workloadRules } from "./workloads";
/** What must hold between the values of one environment. */
export const environmentRules: readonly Rule[] = [
  clustersAreEitherOneOrTwo,
  sidesHaveClustersOfTheirOwn,
  awsIsThereForWhatNeedsIt,
  sidesAreWhole,
  rolesHaveNames,
  namesAreFree,
  scalingHasRoom,
  eventStoreHasQuorum,
  kurrentCloudCanBeMade,
  ...storeRules,
  ...releaseRules,
  ...workloadRules,
  ...edgeRules,
  ...clusterRules,
  ...backupRules,
  regionsAreTwo,
  zonesAreEnough,
  addressesAreEnough,
  existingSubnetsMatch,
  tagsAreAllowed,
  exceptionsExceptSomething,
];
/** What each part can't do without. */
const NEEDS: Readonly<Partial<Record<keyof Environment, readonly { readonly part: keyof Environment; readonly why: string }[]>>> = {
  commandApi: [{ part: "eventStore", why: "commands end as events" }],
  commandProcessors: [{ part: "eventStore", why: "commands end as events" }],
  projections: [
    { part: "eventStore", why: "projections read events" },
    { part: "readDatabase", why: "projections write read models" },
  ],
  queryApi: [{ part: "readDatabase", why: "queries read read models" }],
};

const RUNS_ON_A_CLUSTER = ["commandApi", "commandProcessors", "projections", "queryApi", "monitoring"] as const;

function sidesAreWhole(environment: DraftEnvironment): Finding[] {
  const found = Object.entries(NEEDS).flatMap(([part, needs]) =>
    environment[part as keyof Environment] === undefined
      ? []
      : needs
          .filter((need) => !(need.part in environment))
          .map((need) => ({ keys: [part], rule: `needs ${need.part}: ${need.why}`, remedy: `add ${need.part}` })),
  );
  const { cluster, writeCluster, readCluster } = environment;
  const runs = RUNS_ON_A_CLUSTER.find((part) => environment[part] !== undefined);
  if (runs && !("cluster" in environment || writeCluster || readCluster || cluster)) {
    found.push({ keys: [runs], rule: "has no cluster to run on", remedy: "add writeCluster and readCluster, or one cluster" });
  }
  const { monitoring } = environment;
  if (monitoring?.grafana && !monitoring.prometheus && !("prometheus" in monitoring && monitoring.prometheus === undefined)) {
    found.push({
      keys: ["monitoring", "grafana"],
      rule: "shows what Prometheus collects, and there is none",
      remedy: "turn prometheus on as well",
    });
  }
  return found;
}

function rolesHaveNames(environment: DraftEnvironment): Finding[] {
  const taken = new Map<string, string>();
  return NAMED.flatMap((role) =>
    each(environment, role).flatMap(([keys, { name }], _, several): Finding[] => {
      if (name === undefined && several.length > 1) {
        return [{ keys, rule: `is one of several and has no name`, remedy: "name each" }];
      }
      const called = role === "readDatabase" ? readDatabaseName({ name }) : String(name ?? WORKLOADS[role].name);
      const before = taken.get(called);
      taken.set(called, keys.reduce(step));
      if (before === undefined) return [];
      return name === undefined
        ? [{ keys, rule: `is called ${called}, and so is ${before}`, remedy: "name it otherwise" }]
        : [{ keys: [...keys, "name"], value: name, rule: `is the name of ${before} as well`, remedy: "choose another" }];
    }),
  );
}

function scalingHasRoom(environment: DraftEnvironment): Finding[] {
  const counts = [
    ...(["cluster", "writeCluster", "readCluster"] as const).map(
      (key) => [[key, "nodes"], (environment[key] as { nodes?: Replicas } | undefined)?.nodes] as const,
    ),
    ...(["commandApi", "commandProcessors", "queryApi"] as const).flatMap((role) =>
      each(environment, role).map(([keys, item]) => [[...keys, "replicas"], item.replicas as Replicas | undefined] as const),
    ),
  ];
  return counts.flatMap(([keys, count]) => {
    if (typeof count !== "object" || !(count.min > count.max)) return [];
    return [{ keys, value: count, rule: "has a minimum above its maximum", remedy: "swap the two" }];
  });
}
