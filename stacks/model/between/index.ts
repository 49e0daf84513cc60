import type { DraftSystem, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import type { Replicas } from "../common";
import { workloadsIn } from "../derive/workloads";
import { roleDatabaseRules, roleRules } from "../shorthand-rules";
import { auditRules } from "./audit";
import { backupRules } from "./backups";
import {
  awsIsThereForWhatNeedsIt,
  clustersAreChosen,
  clustersAreEitherOneOrTwo,
  clustersAreThere,
  sidesHaveClustersOfTheirOwn,
} from "./clusters";
import { domainRules } from "./domains";
import { edgeRules } from "./edges";
import { exceptionsAreUsed } from "./exceptions";
import { globalDatabaseRules } from "./global-databases";
import { ingressRules } from "./ingress";
import { monitoringRules } from "./monitoring";
import { nameRules } from "./names";
import { clusterRules } from "./nodes";
import { addressesAreEnough, existingSubnetsMatch, regionsAreTwo, runnersHaveClusters, tagsAreAllowed, zonesAreEnough } from "./place";
import { releaseRules } from "./releases";
import { restoreRules } from "./restores";
import { standbyRules } from "./standby";
import { stateIsShared } from "./state";
import { storeRules } from "./stores";
import { workloadRules } from "./workloads";

/** Rules between the values of one environment. */
export const environmentRules: readonly Rule[] = [
  clustersAreEitherOneOrTwo,
  sidesHaveClustersOfTheirOwn,
  awsIsThereForWhatNeedsIt,
  ...roleRules,
  clustersAreThere,
  clustersAreChosen,
  ...monitoringRules,
  ...nameRules,
  scalingHasRoom,
  ...storeRules,
  ...releaseRules,
  ...roleDatabaseRules,
  ...domainRules,
  ...ingressRules,
  ...workloadRules,
  ...edgeRules,
  ...clusterRules,
  ...backupRules,
  ...restoreRules,
  ...standbyRules,
  ...globalDatabaseRules,
  ...auditRules,
  regionsAreTwo,
  zonesAreEnough,
  runnersHaveClusters,
  addressesAreEnough,
  existingSubnetsMatch,
  tagsAreAllowed,
  stateIsShared,
  exceptionsAreUsed,
];

function scalingHasRoom(system: DraftSystem): Finding[] {
  const counts = [
    ...(["cluster", "writeCluster", "readCluster"] as const).map(
      (key) => [[key, "nodes"], (system[key] as { nodes?: Replicas } | undefined)?.nodes] as const,
    ),
    ...workloadsIn(system).map(
      ({ workload: { keys, settings } }) =>
        [[...keys, "replicas"], "replicas" in settings ? (settings.replicas as Replicas | undefined) : undefined] as const,
    ),
  ];
  return counts.flatMap(([keys, count]) => {
    if (typeof count !== "object" || !(count.min > count.max)) return [];
    return [{ keys, value: count, rule: "has a minimum above its maximum", remedy: "swap the two" }];
  });
}
