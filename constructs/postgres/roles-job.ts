import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { NeededAuthority, NeededSecret } from "../connection";
import { type Problem, refuse } from "../core/errors";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import { OVERLAP_HOURS, overlapProblems, rotationJobs } from "../rotation";
import type { Postgres } from "./contract";
import { type JobTraffic, PsqlPod } from "./psql-pod";
import { roleName } from "./users";

export interface PostgresRolesProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Where its pods run and find the secrets of the administrator and of the users. */
  readonly namespace: string;

  readonly postgres: Postgres;

  /**
   * The beginning of the roles' names: `orders` for `orders_migrator`, `orders_writer`, `orders_reader`. Roles belong to
   * a server, so that two databases on one have different ones. `postgresUser` makes the secrets of their users.
   * @default - the name of the database
   */
  readonly name?: string;

  /**
   * How often it is looked whether a secret names another user or password, in minutes. A pod that starts between the
   * change of a secret and that look has credentials which are not good yet, and is told so until then.
   * @default 5
   */
  readonly everyMinutes?: number;

  /**
   * Hours for which the user that a secret named before can still sign in after a rotation, so that clients come back
   * with the new one meanwhile. Then its password is removed; sessions that are open stay open.
   * @default 24
   */
  readonly overlapHours?: number;

  /**
   * A database that is there already, in which the administrator may sign in.
   * @default "postgres", which every engine has
   */
  readonly maintenanceDatabase?: string;

  /** What has to be there before: the namespace, the server, the secrets. */
  readonly after?: readonly ITerraformDependable[];
}

/** PostgreSQL, identifiers: 63 bytes; the longest that follows is `_migrator_a`. */
const LONGEST_NAME = 52;

/** The hour's fractions, so that every look is as far from the next. */
const INTERVALS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

/**
 * The database, its roles and their users: `migrator` owns and changes tables, `writer` reads and writes rows, `reader`
 * reads them. A job makes them when they are deployed; another one brings a rotated password to the server, without Terraform.
 * A third, `<server>-revoke`, is there for a person to start: it ends passwords and sessions of users that no secret names.
 */
export class PostgresRoles extends Construct {
  /** What a workload that signs in comes after. */
  readonly ready: ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** What has to be in its namespace. */
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  constructor(scope: Construct, id: string, props: PostgresRolesProps) {
    super(scope, id);
    const {
      cluster,
      namespace,
      postgres,
      name = postgres.database,
      everyMinutes = 5,
      overlapHours = OVERLAP_HOURS,
      maintenanceDatabase = "postgres",
      after = [],
    } = props;
    refuse(this, nameProblems(name), "name");
    refuse(this, intervalProblems(everyMinutes), "everyMinutes");
    refuse(this, overlapProblems(overlapHours), "overlapHours");
    const { administrator, users } = postgres;
    const pod = new PsqlPod(this, "pod", {
      cluster,
      namespace,
      postgres,
      name: `${postgres.name}-roles`,
      files: [join(__dirname, "roles.sh"), join(__dirname, "sql")],
      settings: {
        DATABASE: postgres.database,
        MAINTENANCE_DATABASE: maintenanceDatabase,
        MIGRATOR: roleName(name, "migrator"),
        WRITER: roleName(name, "writer"),
        READER: roleName(name, "reader"),
        OVERLAP: `${overlapHours} hours`,
      },
      credentials: { administrator, ...users },
      ...(props.traffic ? { traffic: props.traffic } : {}),
      after,
    });
    const first = pod.job(this);
    rotationJobs(this, {
      namespace,
      names: { keep: `${postgres.name}-passwords`, revoke: `${postgres.name}-revoke` },
      clock: {
        schedule: everyMinutes === 1 ? "* * * * *" : `*/${everyMinutes} * * * *`,
        concurrencyPolicy: "Forbid",
        // One that was missed is made up for, but not hundreds of them.
        startingDeadlineSeconds: 60 * everyMinutes,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 1,
        suspend: false,
      },
      jobSpecOf: pod.jobSpecOf,
      after: [first.job],
    });
    this.ready = [first.passed];
    this.egress = pod.egress;
    this.secrets = pod.secrets;
    this.authorities = pod.authorities;
  }
}

function nameProblems(name: string): readonly Omit<Problem, "path">[] {
  return /^[a-z_][a-z0-9_]*$/.test(name) && name.length <= LONGEST_NAME && !name.startsWith("pg_")
    ? []
    : [
        {
          value: name,
          rule: "can't begin the names of roles",
          remedy: `use up to ${LONGEST_NAME} lower-case letters, digits and _, not beginning with a digit or pg_`,
        },
      ];
}

function intervalProblems(minutes: number): readonly Omit<Problem, "path">[] {
  return INTERVALS.includes(minutes)
    ? []
    : [{ value: minutes, rule: "minutes don't part an hour evenly", remedy: `use one of ${INTERVALS.join(", ")}` }];
}
