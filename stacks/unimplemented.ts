import type { Environment } from "./environment";
import { step } from "./paths";
import { storeBackups } from "./store-backups";

/** A setting that is checked, and that nothing is made from so far. */
export interface Unimplemented {
  /** Where it is set, below its environment: `monitoring.grafana`. */
  readonly setting: string;

  /** What is missing. */
  readonly missing: string;
}

/** The settings of an environment that promise more than its stacks make. */
export function unimplemented(environment: Environment): readonly Unimplemented[] {
  const { aws, eventStore, backup, monitoring, standbyOf } = environment;
  const backups = storeBackups(environment);
  const found: readonly (readonly [set: boolean, keys: readonly string[], missing: string])[] = [
    [
      aws?.recoveryRegion !== undefined && !backups.some(({ inBucket }) => inBucket),
      ["aws", "recoveryRegion"],
      "no store has backups that are copied there",
    ],
    [standbyOf !== undefined, ["standbyOf"], "its stores are not filled from the other environment's"],
    [
      eventStore?.engine === "kurrentdb" && eventStore.backup !== undefined,
      ["eventStore", "backup"],
      "nothing backs up KurrentDB on a cluster",
    ],
    [
      backup?.keep !== undefined && !backups.some(({ followsKeep }) => followsKeep),
      ["backup", "keep"],
      "no store has backups that it applies to",
    ],
    [monitoring?.prometheus === true, ["monitoring", "prometheus"], "definitions and monitors are installed, and no Prometheus"],
    [monitoring?.grafana === true, ["monitoring", "grafana"], "a password is generated, and no Grafana installed"],
    [monitoring?.elasticStack === true, ["monitoring", "elasticStack"], "nothing is installed"],
  ];
  return found.flatMap(([set, keys, missing]) => (set ? [{ setting: keys.reduce(step), missing }] : []));
}
