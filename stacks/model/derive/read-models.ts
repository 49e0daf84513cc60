import type { ReadModelSlot } from "../../../constructs/projection";
import { all } from "../common";
import type { Environment } from "../environment";
import type { FilledSlot, Projections, ReadModelSettings } from "../workloads/projection";
import { WORKLOADS } from "../workloads/roles";
import { readDatabaseName } from "./servers";

/** A read model, and the workers that project into it. */
export interface ReadModelOf {
  readonly settings: Projections;

  /** What its workload is called. */
  readonly workload: string;

  /** What is projected: the beginning of the names of its schemas. */
  readonly projection: string;

  /** The read database that has it. */
  readonly database: string;

  readonly slots: ReadModelSettings["slots"];
  readonly live: ReadModelSlot;
}

/** The read models of an environment. One that has no name is called after the system. */
export function readModelsOf(environment: Pick<Environment, "projections" | "readDatabase" | "system">): readonly ReadModelOf[] {
  const [first] = all(environment.readDatabase);
  return all(environment.projections).map((settings) => {
    const { name, workers, parallelism, partitions = workers * parallelism, readModel } = settings;
    const { slots = { a: { partitions } }, live = "a" } = readModel ?? {};
    return {
      settings,
      workload: name ?? WORKLOADS.projections.name,
      projection: (name ?? environment.system).replaceAll("-", "_"),
      database: settings.database ?? readDatabaseName(first),
      slots,
      live,
    };
  });
}

/** The slots of a read model that have workers. */
export function slotsOf({ slots }: Pick<ReadModelOf, "slots">): readonly (readonly [slot: ReadModelSlot, filled: FilledSlot])[] {
  return (["a", "b"] as const).flatMap((slot) => (slots[slot] ? [[slot, slots[slot]] as const] : []));
}
