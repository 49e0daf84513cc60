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

  /** Namespace of its pods and of the secrets of the administrator and the users. */
  readonly namespace: string;

  readonly postgres: Postgres;

  /**
   * Prefix of the roles' names: `orders` for `orders_migrator`, `orders_writer`, `orders_reader`. Roles belong to the server, so two
   * databases on one server need different prefixes. `postgresUser` defines the secrets of their users.
   * @default - the name of the database
   */
  readonly name?: string;

  /**
   * Interval in minutes of the check for changed users and passwords in secrets. A pod that starts between a change and the next check gets
   * authentication errors until then.
   * @default 5
   */
  readonly everyMinutes?: number;

  /**
   * Hours for which the former user of a secret can still sign in after a rotation, so that clients can restart with the new one. Then its
   * password is removed; open sessions stay open.
   * @default 24
   */
  readonly overlapHours?: number;

  /**
   * An existing database in which the administrator may sign in.
   * @default "postgres", which every engine has
   */
  readonly maintenanceDatabase?: string;

  /** Resources created before it: the namespace, the server, the secrets. */
  readonly after?: readonly ITerraformDependable[];
}

/** PostgreSQL, identifiers: 63 bytes; the longest suffix is `_migrator_a`. */
const LONGEST_NAME = 52;

/** Divisors of an hour, so that all intervals are equal. */
const INTERVALS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

/**
 * The database, its roles and their users: `migrator` owns and changes tables, `writer` reads and writes rows, `reader` reads them. One job
 * creates them at deployment; a second applies rotated passwords to the server, without Terraform. An operator starts the third,
 * `<server>-revoke`: it ends passwords and sessions of users that no secret names.
 */
export class PostgresRoles extends Construct {
  /** Dependencies for workloads that sign in. */
  readonly ready: ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** Secrets that its namespace must have. */
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
        // A missed run is started late, but not hundreds of them.
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
