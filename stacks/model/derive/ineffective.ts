import { step } from "../check/paths";
import { all, type OneOrMore } from "../common";
import type { Environment } from "../environment";
import type { Workload } from "../workloads/workload";
import { clustersOf } from "./clusters";
import { storeBackups } from "./store-backups";

/** A setting that changes nothing in its environment. */
export interface Ineffective {
  /** Where it is set, below its environment: `monitoring.grafana`. */
  readonly setting: string;

  /** Why it has no effect, or what is missing. */
  readonly why: string;
}

/** The settings of an environment that promise more than its stacks make, or that apply to nothing in it. */
export function ineffective(environment: Environment): readonly Ineffective[] {
  const found = [...notImplemented(environment), ...withoutCompanion(environment), ...metricsNotRead(environment)];
  return found.flatMap(([set, keys, why]) => (set ? [{ setting: keys.reduce(step), why }] : []));
}

type Entry = readonly [set: boolean, keys: readonly string[], why: string];

function notImplemented(environment: Environment): readonly Entry[] {
  const { aws, eventStore, backup, monitoring, standbyOf } = environment;
  const backups = storeBackups(environment);
  const copied = backups.some(({ inBucket }) => inBucket);
  const kept = backups.some(({ followsKeep }) => followsKeep);
  return [
    [aws?.recoveryRegion !== undefined && !copied, ["aws", "recoveryRegion"], "no store has backups that are copied there"],
    [standbyOf !== undefined, ["standbyOf"], "its stores are not filled from those of the other environment"],
    [
      eventStore?.engine === "kurrentdb" && eventStore.backup !== undefined,
      ["eventStore", "backup"],
      "nothing backs up KurrentDB on a cluster",
    ],
    [backup?.keep !== undefined && !kept, ["backup", "keep"], "no store has backups that it applies to"],
    [monitoring?.prometheus === true, ["monitoring", "prometheus"], "definitions and monitors are installed, and no Prometheus"],
    [monitoring?.grafana === true, ["monitoring", "grafana"], "a password is generated, and no Grafana installed"],
    [monitoring?.elasticStack === true, ["monitoring", "elasticStack"], "nothing is installed"],
  ];
}

function withoutCompanion(environment: Environment): readonly Entry[] {
  const { aws, authentication, authorization, encryptedFields, mirror, monitoring } = environment;
  const { commandApi, commandProcessors, queryApi, projections } = environment;
  const served = commandApi !== undefined || queryApi !== undefined;
  const runs = served || commandProcessors !== undefined || projections !== undefined;
  return [
    [aws?.zone !== undefined && !served, ["aws", "zone"], "there is no API that has a name in it"],
    [authentication !== undefined && !served, ["authentication"], "there is no API that is told of it"],
    [authorization !== undefined && !served, ["authorization"], "there is no API that is told of it"],
    [
      encryptedFields !== undefined && queryApi === undefined && projections === undefined,
      ["encryptedFields"],
      "there is no workload that is told of them",
    ],
    [mirror !== undefined && clustersOf(environment).length === 0, ["mirror"], "there is no cluster that pulls from it"],
    [monitoring?.telemetry !== undefined && !runs, ["monitoring", "telemetry"], "there is no workload that is told of it"],
  ];
}

const MEASURED = ["commandApi", "commandProcessors", "queryApi", "projections"] as const;

function metricsNotRead(environment: Environment): readonly Entry[] {
  const read = environment.monitoring?.prometheus === true;
  return MEASURED.flatMap((role) => {
    const written = environment[role] as OneOrMore<Workload> | undefined;
    return all(written).map(({ metrics }, index): Entry => {
      const keys = Array.isArray(written) ? [role, String(index)] : [role];
      return [metrics !== undefined && !read, [...keys, "metrics"], "nothing reads them without monitoring.prometheus"];
    });
  });
}
