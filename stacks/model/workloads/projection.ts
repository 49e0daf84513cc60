import type { ReadModelSlot } from "../../../constructs/projection";
import { choice, flag, object, optional, text, whole } from "../check/shape";
import { image, name, nameOf } from "../common";
import { single } from "./roles";
import type { Health, Workload } from "./workload";
import { health, workload } from "./workload";

export interface Projections extends Workload {
  /** Worker processes, each owning its share of the partitions. */
  readonly workers: number;

  /** Partitions that a worker projects at once. */
  readonly parallelism: number;

  /**
   * How many partitions there are. Fixed as long as a read model lives: other workers take others of them, and another
   * number takes a rebuild in the other slot.
   * @default - `workers` times `parallelism`
   */
  readonly partitions?: number;

  /**
   * The read database that it writes, by its name.
   * @default - the first
   */
  readonly database?: string;

  /**
   * The read model in its slots, two of them while it is built anew. docs/projections.md has the steps.
   * @default - slot a, with `partitions`
   */
  readonly readModel?: ReadModelSettings;

  /**
   * Where a worker says that it is well, and in which field of the answer, of JSON, how many events it is behind: fewer
   * than 1,000 when a release is done.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health & { readonly lag?: string };

  /**
   * Whether workers tell the read database how far they are, as docs/projections.md has it: a release is done when that knows
   * of fewer than 1,000 events behind.
   * @default false
   */
  readonly reportsProgress?: boolean;
}

/** A read model in its slots. */
export interface ReadModelSettings {
  /** The slots that workers project into. */
  readonly slots: { readonly [Slot in ReadModelSlot]?: FilledSlot };

  /**
   * The slot that is read.
   * @default "a"
   */
  readonly live?: ReadModelSlot;

  /**
   * Whether `live` is switched without looking whether it has caught up: the other slot is wrong. For one apply.
   * @default false
   */
  readonly skipCatchUpCheck?: boolean;
}

export interface FilledSlot {
  /** Fixed as long as the slot lives. */
  readonly partitions: number;

  /**
   * What projects into it, by version or digest.
   * @default - the image of the projections
   */
  readonly image?: string;

  /**
   * The image that makes its tables, by version or digest: a new shape is made in its own slot, and the other keeps its own.
   * Needs migrations with `per: "slot"`.
   * @default - the image of the migrations
   */
  readonly migrations?: string;
}

export const filledSlot = object<FilledSlot>({ partitions: whole(1, 10_000), image, migrations: image });

export const projections = {
  ...workload,
  // Workers are called after their slot as well: <name>-a.
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
      lag: optional(text(/^[A-Za-z0-9_-]+$/, "is no name of a field", "use letters, digits, _ and -")),
    }),
  ),
  reportsProgress: optional(flag),
};

export const projectionsShape = object<Projections>(projections);
