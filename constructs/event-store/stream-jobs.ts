import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import type { Connection } from "../connection";
import { bundled } from "../core/bundles";
import { type Duration, seconds } from "../core/quantities";
import { TOOLS } from "../core/versions";
import type { KubernetesTarget } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { DISRUPTIONS_IGNORED, type Metrics, PodTemplate } from "../workload";
import type { EventStore } from "./contract";

/** A prefix of an S3 bucket that locks its objects, such as `BackupBucket`. */
export interface StreamBackupBucket extends S3Location {
  /** Prefix of the objects: `event-store/event-store-backup`. No other program may write there. */
  readonly prefix: string;
}

/** Intervals between runs, each with its cron schedule. */
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

/** Rule of the interval, as part of an error message. */
export const STREAM_BACKUP_INTERVAL_RULE = {
  rule: "must be an interval that a schedule can have",
  remedy: `use one of ${STREAM_BACKUP_INTERVALS.join(", ")}`,
};

/** Resource requests of a pod, of which one runs at a time. An object of 8 MiB and an event of 16 MiB take less than 256 MiB. */
export const STREAM_BACKUP_POD = { cpu: "100m", memory: "512Mi" } as const;

/** Time of a run in seconds: all events of a large store take hours. A run that is ended continues in the next one. */
const LONGEST = 24 * 3600;

/** Path of the program in its pods. */
const STREAM_BACKUP_PROGRAM = "/app/stream-backup.mjs";

export interface StreamPodProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Name of its service account, and of its pods. */
  readonly name: string;

  /** @default "backup" */
  readonly component?: string;

  /**
   * User ID of its containers.
   * @default - that of a pod
   */
  readonly user?: number;

  /**
   * Command of the program.
   * @default "backup"
   */
  readonly command?: string;

  /** Protocol of the store. */
  readonly protocol: EventStore["protocol"];

  /** Connection with the user that the program signs in as. */
  readonly connection: Connection;
  readonly bucket: StreamBackupBucket;
  readonly env: Readonly<Record<string, string>>;

  /**
   * Files of the pod by path, in addition to the program.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /** @default - none */
  readonly metrics?: Metrics;
  readonly priority?: string | undefined;
  readonly after: readonly ITerraformDependable[];
}

/** Pods that run the stream backup program. */
export function streamPod(scope: Construct, props: StreamPodProps): PodTemplate {
  const {
    cluster,
    namespace,
    name,
    component = "backup",
    user,
    command = "backup",
    protocol,
    connection,
    bucket,
    env,
    files,
    metrics,
    priority,
    after,
  } = props;
  const access = s3Access(bucket);
  return new PodTemplate(scope, "pod", {
    cluster,
    namespace,
    name,
    component,
    ends: true,
    ...(user === undefined ? {} : { user }),
    command: ["bun", "--smol", STREAM_BACKUP_PROGRAM],
    args: [command],
    files: { ...files, [STREAM_BACKUP_PROGRAM]: bundled(__dirname, `${protocol === "postgres" ? "postgres-" : ""}stream-backup.mjs`) },
    connections: [{ connection }],
    env: { ...access.env, ...env, HOME: "/tmp", PREFIX: bucket.prefix },
    secrets: access.secrets,
    secretFiles: access.secretFiles,
    egress: access.egress,
    ...STREAM_BACKUP_POD,
    ...(metrics ? { metrics } : {}),
    ...(priority ? { priority } : {}),
    after,
  });
}

/** Specification of a job that runs a command of the program. The program repeats failed requests; the next run continues. */
export function streamJob(pod: PodTemplate, name: string, command: string) {
  return {
    ...DISRUPTIONS_IGNORED,
    backoffLimit: 0,
    activeDeadlineSeconds: LONGEST,
    template: running(pod.version({ image: TOOLS.bun, instance: name }), command),
  };
}

/** A command of the program on a schedule, one run at a time. */
export function streamCronJob(
  scope: Construct,
  id: string,
  { pod, namespace, name, command, schedule }: { pod: PodTemplate; namespace: string; name: string; command: string; schedule: string },
): CronJobV1 {
  return new CronJobV1(scope, id, {
    metadata: { namespace, name, labels: pod.selector(name) },
    spec: {
      schedule,
      timezone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: pod.selector(name) },
        // No time to live: a failed verification tells until the next week's. The limits above delete jobs.
        spec: streamJob(pod, name, command),
      },
    },
    dependsOn: pod.ready,
  });
}

type Template = ReturnType<PodTemplate["version"]>;

function running(template: Template, command: string): Template {
  const [container, ...rest] = template.spec.container;
  if (!container) return template;
  return { ...template, spec: { ...template.spec, container: [{ ...container, args: [command] }, ...rest] } };
}
