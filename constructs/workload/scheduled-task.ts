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
  /** When it runs, as cron has it, in UTC: `"30 2 * * *"`. */
  readonly schedule: string;

  /**
   * What becomes of a run whose time comes while the last one still runs: it is left out, it runs as well, or it takes the
   * other's place.
   * @default "leave-out"
   */
  readonly overlap?: keyof typeof POLICIES;

  /**
   * How long a run may take, retries included.
   * @default "1h"
   */
  readonly timeout?: Duration;

  /**
   * How late a run may begin that could not begin in time.
   * @default "10m"
   */
  readonly startingDeadline?: Duration;

  /**
   * Pods that are tried after the first has failed. A task that can't be run twice has none.
   * @default 2
   */
  readonly retries?: number;

  /**
   * Whether it is left out until somebody says otherwise.
   * @default false
   */
  readonly suspended?: boolean;

  /**
   * Whether the data of its databases may be lost: commands that empty a database are allowed only then.
   * @default false
   */
  readonly disposable?: boolean;
}

const POLICIES = { "leave-out": "Forbid", together: "Allow", replace: "Replace" } as const;

const WEEK = 7 * 24 * 3600;

/** Below ten seconds the controller, which looks every ten, may miss every run (Kubernetes, CronJob). */
const SHORTEST_LATE = 10;

/** Runs that are kept to be looked at. */
const HISTORY = { successful: 1, failed: 3 } as const;

/** A process that runs at its times, comes to an end and leaves nothing behind but its last runs, for a day at most. */
export class ScheduledTask extends Construct {
  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it. */
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
              // These are the cluster's, not Terraform's: nothing runs again because they are gone.
              ttlSecondsAfterFinished: "86400",
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
