import type { ReadModelSlot } from "../../../constructs/projection";
import { choice, flag, object, optional, text, whole } from "../check/shape";
import { image, name, nameOf } from "../common";
import { single } from "./roles";
import type { Health, Workload } from "./workload";
import { health, workload } from "./workload";

/** Workers that project events into a read model. */
export interface Projections extends Workload {
  /** Number of worker processes. Each owns a share of the partitions. */
  readonly workers: number;

  /** Number of partitions that a worker projects concurrently. */
  readonly parallelism: number;

  /**
   * Number of partitions. Fixed for the lifetime of a read model: workers can be added or removed, but another number of
   * partitions requires a rebuild in the other slot.
   * @default - `workers` times `parallelism`
   */
  readonly partitions?: number;

  /**
   * Name of the read database to write to.
   * @default - the first read database
   */
  readonly database?: string;

  /**
   * Slots of the read model, two during a rebuild. docs/projections.md has the steps.
   * @default - slot a, with `partitions`
   */
  readonly readModel?: ReadModelSettings;

  /**
   * Health endpoint of a worker, and the field of its JSON response that has the lag in events. A release is complete
   * below a lag of 1,000.
   * @default - none: a running worker counts as healthy
   */
  readonly health?: Health & { readonly lag?: string };

  /**
   * Workers report their progress to the read database (docs/projections.md). A release is complete when the reported lag
   * is below 1,000 events.
   * @default false
   */
  readonly reportsProgress?: boolean;
}

/** Slots of a read model. */
export interface ReadModelSettings {
  /** Slots into which workers project. */
  readonly slots: { readonly [Slot in ReadModelSlot]?: FilledSlot };

  /**
   * Slot that queries read.
   * @default "a"
   */
  readonly live?: ReadModelSlot;

  /**
   * Switches `live` without checking that the new slot has caught up, because the other slot is wrong. For one apply.
   * @default false
   */
  readonly skipCatchUpCheck?: boolean;
}

/** Version of a read model: its workers, and their image. */
export interface FilledSlot {
  /** Number of partitions, fixed for the slot's lifetime. */
  readonly partitions: number;

  /**
   * Image of the workers of this slot, by version or digest.
   * @default - the image of the projections
   */
  readonly image?: string;

  /**
   * Image of the migrations for this slot, by version or digest: a new schema is created in its own slot, and the other
   * slot keeps its schema. Requires migrations with `per: "slot"`.
   * @default - the image of the migrations
   */
  readonly migrations?: string;
}

export const filledSlot = object<FilledSlot>({ partitions: whole(1, 10_000), image, migrations: image });

export const projections = {
  ...workload,
  // Names of workers include their slot: <name>-a.
  name: optional(nameOf(38)),
  ...single("projection"),
  workers: whole(1, 1000),
  parallelism: whole(1, 1000),
  partitions: optional(whole(1, 10_000)),
  database: optional(name),
  readModel: optional(
    object<ReadModelSettings>({
      slots: object<ReadModelSettings["slots"]>({ a: optional(filledSlot), b: optional(filledSlot) }),
      live: optional(choice(["a", "b"], "slot of a read model")),
      skipCatchUpCheck: optional(flag),
    }),
  ),
  health: optional(
    object<NonNullable<Projections["health"]>>({
      ...health,
      lag: optional(text(/^[A-Za-z0-9_-]+$/, "is not a valid field name", "use letters, digits, _ and -")),
    }),
  ),
  reportsProgress: optional(flag),
};

export const projectionsShape = object<Projections>(projections);
