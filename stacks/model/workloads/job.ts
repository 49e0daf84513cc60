import type { Duration } from "../../../constructs/core/quantities";
import { seconds } from "../../../constructs/core/quantities";
import { choice, object, optional, quantity } from "../check/shape";
import { command, image, name, variables } from "../common";
import { single } from "./roles";
import type { Workload } from "./workload";
import { container } from "./workload";

/** What changes the shape of a read database before the workloads come that need the shape. */
export interface Migrations extends Omit<Workload, "metrics" | "probes" | "variables"> {
  /**
   * The read database, by its name.
   * @default - the one
   */
  readonly database?: string;

  /**
   * Whether it runs once for the database, or once for each slot of each read model in it, which it is told as `SCHEMA`.
   * @default "database"
   */
  readonly per?: "database" | "slot";

  /** The variables by which it knows the database, in place of the platform's. */
  readonly variables?: Readonly<Record<string, string>>;

  /**
   * How long it may take, at most 6 hours.
   * @default "10m"
   */
  readonly within?: Duration;

  /**
   * What takes the database back, at hand as a suspended CronJob that a person runs. docs/verification.md has the commands.
   * @default - nothing: shapes expand first, and contract in a later release
   */
  readonly down?: {
    readonly command: readonly string[];

    /** @default - the image that migrates */
    readonly image?: string;
  };
}

export const migrationsShape = object<Migrations>({
  ...container,
  ...single("migrations"),
  database: optional(name),
  per: optional(choice(["database", "slot"], "thing that is migrated once")),
  variables: optional(variables),
  within: optional(quantity(seconds)),
  down: optional(object<NonNullable<Migrations["down"]>>({ command, image })),
});
