import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import { TOOLS } from "../core/versions";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { DISRUPTIONS_IGNORED, PodTemplate, podsOf } from "../workload";
import type { EventStore } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";

export interface KurrentDbStreamBackupProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of its jobs and of its service account, `<store>-backup`.
   * @default "event-store"
   */
  readonly store?: string;

  /** Connection data. The jobs sign in with the role `subscriptions`, which may read `$all` and can't append. */
  readonly eventStore: EventStore;

  readonly bucket: StreamBackupBucket;

  /** Time between two backups: one of `STREAM_BACKUP_INTERVALS`. */
  readonly every: Duration;

  /** Time between two full backups in whole days. The bucket must keep objects at least a day longer. */
  readonly fullEvery: Duration;

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** A prefix of an S3 bucket that locks its objects, such as `BackupBucket`. */
export interface StreamBackupBucket extends S3Location {
  /** Prefix of the objects: `event-store/event-store-backup`. No other program may write there. */
  readonly prefix: string;
}

/** Intervals between backups, each with its cron schedule. */
const SCHEDULES: Readonly<Record<string, string>> = {
  ...Object.fromEntries([5, 10, 15, 20, 30].map((minutes) => [`${minutes}m`, `*/${minutes} * * * *`])),
  ...Object.fromEntries([1, 2, 3, 4, 6, 8, 12].map((hours) => [`${hours}h`, hours === 1 ? "0 * * * *" : `0 */${hours} * * *`])),
  "1d": "0 2 * * *",
};

/** Possible intervals between two backups: `5m` to `1d`. */
export const STREAM_BACKUP_INTERVALS: readonly string[] = Object.keys(SCHEDULES);

/** Schedule of stream backups at this interval in cron syntax. Undefined if there is none. */
export function streamBackupSchedule(every: Duration): string | undefined {
  const time = seconds(every);
  const found = STREAM_BACKUP_INTERVALS.find((interval) => seconds(interval as Duration) === time);
  return found === undefined ? undefined : SCHEDULES[found];
}

/** Name of the jobs and of the service account of a store's stream backup: `event-store-backup`. */
export function streamBackupName(store = DEFAULT_STORE_NAME): string {
  return `${store}-backup`;
}

/** Pods of a stream backup, as a peer for the network policies of the store. */
export function streamBackupPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, streamBackupName(store));
}

/** Resource requests of a pod, of which one runs at a time. An object of 8 MiB and an event of 16 MiB take less than 256 MiB. */
export const STREAM_BACKUP_POD = { cpu: "100m", memory: "512Mi" } as const;

/** Check of all objects: once a week, and not at the hour of other jobs. */
const VERIFY = "40 4 * * 0";

/** A first backup of a large store takes hours. A run that is ended continues in the next one. */
const LONGEST = 24 * 3600;

/** Path of the program in its pods. */
export const STREAM_BACKUP_PROGRAM = "/app/stream-backup.mjs";

/**
 * Backups of KurrentDB or Kurrent Cloud as events, in a bucket of S3: a CronJob reads new events from `$all` and stores them as objects,
 * each with its SHA-256 and that of the previous one. A second one checks all objects every week. Full backups begin regularly, because the
 * bucket deletes old objects. Restores: docs/data.md#stream-backup.
 */
export class KurrentDbStreamBackup extends Construct {
  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KurrentDbStreamBackupProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, bucket, every, fullEvery, priority, after = [] } = props;
    const access = s3Access(bucket);
    const schedule = streamBackupSchedule(every);
    if (!schedule) refuse(this, [{ value: every, ...STREAM_BACKUP_INTERVAL_RULE }], "every");
    const name = streamBackupName(store);
    const pod = new PodTemplate(this, "pod", {
      cluster,
      namespace,
      name,
      component: "backup",
      ends: true,
      command: ["bun", "--smol", STREAM_BACKUP_PROGRAM],
      args: ["backup"],
      files: { [STREAM_BACKUP_PROGRAM]: streamBackupProgram() },
      connections: [{ connection: eventStore.connections.subscriptions }],
      env: {
        ...access.env,
        FULL_BUDGET: String(Math.floor((known(seconds(every)) || 0) / 2)),
        FULL_EVERY: String(known(seconds(fullEvery))),
        HOME: "/tmp",
        PREFIX: bucket.prefix,
      },
      secrets: access.secrets,
      secretFiles: access.secretFiles,
      egress: access.egress,
      ...STREAM_BACKUP_POD,
      ...(priority ? { priority } : {}),
      after,
    });
    const job = (part: string, jobName: string, command: string, when: string) =>
      new CronJobV1(this, part, {
        metadata: { namespace, name: jobName, labels: pod.selector(jobName) },
        spec: {
          schedule: when,
          timezone: "Etc/UTC",
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds: 600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            metadata: { labels: pod.selector(jobName) },
            spec: {
              ...DISRUPTIONS_IGNORED,
              // The program repeats failed requests; the next run continues.
              backoffLimit: 0,
              activeDeadlineSeconds: LONGEST,
              ttlSecondsAfterFinished: "86400",
              template: running(pod.version({ image: TOOLS.bun, instance: jobName }), command),
            },
          },
        },
        dependsOn: pod.ready,
      });
    this.ready = [job("backup", name, "backup", schedule ?? VERIFY), job("verify", `${store}-verify`, "verify", VERIFY)];
  }
}

/** Rule of the interval, as part of an error message. */
export const STREAM_BACKUP_INTERVAL_RULE = {
  rule: "must be an interval that a schedule can have",
  remedy: `use one of ${STREAM_BACKUP_INTERVALS.join(", ")}`,
};

type Template = ReturnType<PodTemplate["version"]>;

function running(template: Template, command: string): Template {
  const [container, ...rest] = template.spec.container;
  if (!container) return template;
  return { ...template, spec: { ...template.spec, container: [{ ...container, args: [command] }, ...rest] } };
}

let cached: string | undefined;

/** The program with everything that it imports, as the build bundles it. */
export function streamBackupProgram(): string {
  cached ??= readFileSync(join(__dirname, "stream-backup.mjs"), "utf8");
  return cached;
}
