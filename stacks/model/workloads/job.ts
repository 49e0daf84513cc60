import type { Duration } from "../../../constructs/core/quantities";
import { seconds } from "../../../constructs/core/quantities";
import { choice, nameOr, object, optional, quantity, whole } from "../check/shape";
import { anything, command, image, name, variables } from "../common";
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
  readonly timeout?: Duration;

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

const { name: _, ...unnamed } = container;

export const migrationsShape = object<Migrations>({
  ...container,
  ...single("job"),
  database: optional(name),
  per: optional(choice(["database", "slot"], "thing that is migrated once")),
  variables: optional(variables),
  timeout: optional(quantity(seconds)),
  down: optional(object<NonNullable<Migrations["down"]>>({ command, image })),
});

/** When a job runs: once before the rest of its domain, once after it, by hand only, or on a schedule in UTC, as cron has it. */
export type When = "before" | "after" | "by-hand" | { readonly schedule: string };

/** What runs to completion. */
export interface Job extends Omit<Workload, "name" | "metrics" | "probes" | "variables"> {
  /**
   * `before` (as a migration does) and `after` run again for every release with another image or configuration. `by-hand` is a
   * suspended CronJob: `kubectl create job --from=cronjob/<name> <name>-1 -n <domain>`.
   */
  readonly when: When;

  /**
   * How long a run may take, retries included.
   * @default "10m" before and after, "1h" otherwise
   */
  readonly timeout?: Duration;

  /**
   * Pods that are tried after the first has failed. A job that can't run twice has 0.
   * @default 2
   */
  readonly retries?: number;

  /**
   * Of a job that runs before: whether it runs once, or once for each slot of each projection of the domain, which it is told as `SCHEMA`.
   * @default "database"
   */
  readonly per?: "database" | "slot";

  /**
   * Of a job that runs before: what undoes it, kept as a suspended CronJob that a person runs.
   * @default - nothing
   */
  readonly down?: Migrations["down"];
}

export const jobShape = object<Job>({
  ...unnamed,
  when: nameOr(choice(["before", "after", "by-hand"], "time for a job"), object<Exclude<When, string>>({ schedule: anything })),
  timeout: optional(quantity(seconds)),
  retries: optional(whole(0, 100)),
  per: optional(choice(["database", "slot"], "thing that is migrated once")),
  down: optional(object<NonNullable<Migrations["down"]>>({ command, image })),
});
