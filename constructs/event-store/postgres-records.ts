import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import type { KubernetesTarget } from "../kubernetes";
import { type JobTraffic, type Postgres, PsqlPod } from "../postgres";
import { BY_THE_CLOCK, scheduleProblems } from "../workload";

export interface EventRecordsProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods, with the migrator's secret. */
  readonly namespace: string;

  /** The server with the events of `PostgresEvents`. */
  readonly postgres: Postgres;

  /**
   * Cron schedule (UTC) at which number, last position and hash of all events are printed, as a line of JSON in the log of the job
   * `<server>-record`. Keep these lines outside of the cluster: they show if a restore is complete.
   * @default - no records
   */
  readonly schedule?: string;

  /**
   * Compares the events once with a record, as it was printed, and fails if they differ. An empty string has no record: then all events are
   * read, so that damaged pages are found.
   * @default - no comparison
   */
  readonly verify?: string;

  /** Resources to create first: the tables of events. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the job that prints records of the events in a server. */
export function eventRecordsName(server: string): string {
  return `${server}-record`;
}

/** Name of the job that compares restored events with a record. */
export function eventVerificationName(server: string): string {
  return `${server}-verify`;
}

const SCRIPTS = join(__dirname, "records");

/** SQL for psql that computes number, last position and hash of the events up to `:until`. */
export function eventsDigest(): string {
  return readFileSync(join(SCRIPTS, "digest.sql"), "utf8");
}

/** Records of the events in a PostgreSQL, and the comparison of restored events with one of them. */
export class EventRecords extends Construct {
  /** Dependencies of clients: reached only if the events are those of the record. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { schedule, verify, ...props }: EventRecordsProps) {
    super(scope, id);
    if (schedule !== undefined) refuse(this, scheduleProblems(schedule), "schedule");
    const { namespace, postgres, after = [] } = props;
    const pod = (action: string, settings: Readonly<Record<string, string>>) =>
      new PsqlPod(this, action, {
        ...props,
        name: `${postgres.name}-${action}`,
        files: ["records.sh", "record.sql", "verify.sql", "digest.sql"].map((file) => join(SCRIPTS, file)),
        settings: { PGDATABASE: postgres.database, ...settings },
        credentials: { ".": postgres.users.migrator },
      });
    if (schedule !== undefined) {
      const { jobSpecOf } = pod("record", {});
      new CronJobV1(this, "records", {
        metadata: { namespace, name: eventRecordsName(postgres.name) },
        spec: {
          ...BY_THE_CLOCK,
          schedule,
          failedJobsHistoryLimit: 1,
          suspend: false,
          jobTemplate: { metadata: {}, spec: jobSpecOf("record") },
        },
        dependsOn: [...after],
      });
    }
    this.ready = verify === undefined ? [] : [pod("verify", { RECORD: verify }).job(this, "verify").passed];
  }
}
