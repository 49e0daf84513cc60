import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";
import type { Peer } from "../kubernetes";
import { timeProblems } from "./checks";
import type { WorkloadProps } from "./contract";
import { destructionProblems } from "./destruction";
import { DISRUPTIONS_IGNORED } from "./disruptions";
import { retriesProblems } from "./job-limits";
import { PodTemplate } from "./pod-template";
import { secondsOf } from "./probes";
import { scheduleProblems } from "./schedule";

export interface ScheduledTaskProps extends WorkloadProps {
  /** Cron schedule in UTC: `"30 2 * * *"`. */
  readonly schedule: string;

  /**
   * Policy if the previous run is still running: skip the new run (`leave-out`), run both (`together`), or replace the previous one.
   * @default "leave-out"
   */
  readonly overlap?: keyof typeof POLICIES;

  /**
   * Timeout of a run, retries included.
   * @default "1h"
   */
  readonly timeout?: Duration;

  /**
   * Maximum delay of a run that could not start on time.
   * @default "10m"
   */
  readonly startingDeadline?: Duration;

  /**
   * Retries after the first pod has failed. Use 0 for a task that can't run twice.
   * @default 2
   */
  readonly retries?: number;

  /**
   * Suspends the schedule until it is set back to false.
   * @default false
   */
  readonly suspended?: boolean;

  /**
   * Allows commands that empty a database. Only for databases whose data may be lost.
   * @default false
   */
  readonly disposable?: boolean;
}

const POLICIES = { "leave-out": "Forbid", together: "Allow", replace: "Replace" } as const;

const WEEK = 7 * 24 * 3600;

/** The controller checks every 10 s: a shorter deadline may miss every run (Kubernetes, CronJob). */
const SHORTEST_LATE = 10;

/** Completed runs to keep for inspection. */
const HISTORY = { successful: 1, failed: 3 } as const;

/** A process that runs on a schedule to completion. Only its last runs are kept, for a day at most. */
export class ScheduledTask extends Construct {
  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ScheduledTaskProps) {
    super(scope, id);
    const {
      namespace,
      name = id,
      image,
      schedule,
      overlap = "leave-out",
      timeout: within = "1h",
      startingDeadline: late = "10m",
      retries = 2,
      suspended = false,
      disposable = false,
    } = props;
    refuse(this, scheduleProblems(schedule), "schedule");
    refuse(this, timeProblems(within, WEEK), "timeout");
    refuse(this, [...timeProblems(late, WEEK), ...lateProblems(late)], "startingDeadline");
    refuse(this, retriesProblems(retries), "retries");
    if (!disposable) for (const { property, ...problem } of destructionProblems(props)) refuse(this, [problem], property);
    const pod = new PodTemplate(this, "pod", { ...props, name, component: "task", ends: true });
    this.peer = pod.peer;
    this.ready = [
      new CronJobV1(this, "task", {
        metadata: { namespace, name, labels: pod.selector() },
        spec: {
          schedule,
          timezone: "Etc/UTC",
          suspend: suspended,
          concurrencyPolicy: POLICIES[overlap],
          startingDeadlineSeconds: secondsOf(late, SHORTEST_LATE),
          successfulJobsHistoryLimit: HISTORY.successful,
          failedJobsHistoryLimit: HISTORY.failed,
          jobTemplate: {
            metadata: { labels: pod.selector() },
            spec: {
              ...DISRUPTIONS_IGNORED,
              backoffLimit: retries,
              activeDeadlineSeconds: secondsOf(within, WEEK),
              // No time to live: a failed job tells until the next run succeeds, which may be a week later. The limits above delete jobs.
              template: pod.version({ image }),
            },
          },
        },
        dependsOn: pod.ready,
      }),
    ];
  }
}

function lateProblems(late: Duration) {
  const time = seconds(late);
  if (typeof time !== "number" || time >= SHORTEST_LATE) return [];
  return [{ value: late, rule: "is less than its controller takes to look", remedy: `use ${SHORTEST_LATE}s or more` }];
}
