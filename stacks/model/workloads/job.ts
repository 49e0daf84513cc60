import type { Duration } from "../../../constructs/core/quantities";
import { seconds } from "../../../constructs/core/quantities";
import { choice, nameOr, object, optional, quantity, whole } from "../check/shape";
import { anything, command, image, name, variables } from "../common";
import { single } from "./roles";
import type { Workload } from "./workload";
import { container } from "./workload";

/** Schema migration of a read database. Runs before the workloads that need the new schema. */
export interface Migrations extends Omit<Workload, "metrics" | "probes" | "variables"> {
  /**
   * Name of the read database.
   * @default - the only read database; required if there are several
   */
  readonly database?: string;

  /**
   * Runs once per database, or once per slot of each read model in it, with the slot's schema in `SCHEMA`.
   * @default "database"
   */
  readonly per?: "database" | "slot";

  /** Environment variables for the database, in place of the platform's. */
  readonly variables?: Readonly<Record<string, string>>;

  /**
   * Maximum duration, at most 6 hours.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /**
   * Rollback of the migration, kept as a suspended CronJob that you run manually. docs/verification.md has the commands.
   * @default - none: expand the schema first, and contract it in a later release
   */
  readonly down?: {
    readonly command: readonly string[];

    /** @default - the image of the migration */
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

/** Time at which a job runs: once before or after the rest of its domain, on demand, or on a cron schedule in UTC. */
export type When = "before" | "after" | "by-hand" | { readonly schedule: string };

/** Job that runs to completion. */
export interface Job extends Omit<Workload, "name" | "metrics" | "probes" | "variables"> {
  /**
   * `before` (like a migration) and `after` run again for each release with a new image or configuration. `by-hand` is a
   * suspended CronJob: `kubectl create job --from=cronjob/<name> <name>-1 -n <domain>`.
   */
  readonly when: When;

  /**
   * Maximum duration of a run, including retries.
   * @default "10m" for `before` and `after`, "1h" otherwise
   */
  readonly timeout?: Duration;

  /**
   * Number of retries after the first pod has failed. Set 0 for a job that must not run twice.
   * @default 2
   */
  readonly retries?: number;

  /**
   * For `before` only: runs once, or once per slot of each projection of the domain, with the slot's schema in `SCHEMA`.
   * @default "database"
   */
  readonly per?: "database" | "slot";

  /**
   * For `before` only: rollback of the job, kept as a suspended CronJob that you run manually.
   * @default - none
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
