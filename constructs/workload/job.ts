import type { ITerraformDependable } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { refuse } from "../core/errors";
import type { Duration } from "../core/quantities";
import type { Peer } from "../kubernetes";
import { jobByHand } from "./by-hand";
import { timeProblems } from "./checks";
import type { WorkloadProps } from "./contract";
import { destructionProblems } from "./destruction";
import { LONGEST_JOB, retriesProblems } from "./job-limits";
import { PodTemplate } from "./pod-template";
import { secondsOf } from "./probes";
import { verifiedIn } from "./verified";
import { VerifiedJob } from "./verified-job";

export interface JobProps extends WorkloadProps {
  /**
   * Trigger. `apply`: it runs once in the apply that creates it, and again if its image, command or configuration changes. `by-hand`: a
   * suspended CronJob that runs only on
   * `kubectl create job --from=cronjob/<name> <name>-1 -n <namespace>`.
   * @default "apply"
   */
  readonly start?: "apply" | "by-hand";

  /**
   * Workloads to run after: the job waits for their release, and runs again whenever Terraform changes one of them. Only with
   * `start: "apply"`.
   * @default - none: releases of other workloads don't rerun it
   */
  readonly follows?: readonly IConstruct[];

  /**
   * Timeout, retries included.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /**
   * Retries after the first pod has failed. Use 0 for a job that can't run twice.
   * @default 2 with `apply`, 0 with `by-hand`
   */
  readonly retries?: number;

  /**
   * Allows commands that empty a database. Only for databases whose data may be lost.
   * @default false
   */
  readonly disposable?: boolean;
}

/**
 * A process that runs to completion once: after a release (`follows`), before other resources (which depend on `ready`), or when an
 * operator starts it. If it fails, the apply ends with the last output of its container, and the next apply runs it again. For schema
 * migrations use a `MigrationJob`, for schedules a `ScheduledTask`.
 */
export class Job extends Construct {
  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on. With `start: "apply"` they are reached only if the job has succeeded. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: JobProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, start = "apply", follows = [], timeout: within = "10m", disposable = false } = props;
    const byHand = start === "by-hand";
    const { retries = byHand ? 0 : 2 } = props;
    refuse(this, timeProblems(within, LONGEST_JOB), "timeout");
    refuse(this, retriesProblems(retries), "retries");
    if (!disposable) for (const { property, ...problem } of destructionProblems(props)) refuse(this, [problem], property);
    if (byHand && follows.length > 0) {
      const remedy = 'leave follows out, or set start to "apply"';
      refuse(this, [{ rule: "can't start a job that an operator starts", remedy }], "follows");
    }
    const verified = follows.flatMap(verifiedIn);
    const pod = new PodTemplate(this, "pod", {
      ...props,
      name,
      component: "job",
      ends: true,
      after: [...(props.after ?? []), ...verified.flatMap((each) => [...(each.followed ? [] : [each.resource]), ...each.after])],
    });
    this.peer = pod.peer;
    const limits = { backoffLimit: retries, activeDeadlineSeconds: secondsOf(within, LONGEST_JOB) };
    if (byHand) {
      this.ready = [jobByHand(this, "by-hand", { namespace, name, pod, image, ...limits })];
      return;
    }
    const { passed } = new VerifiedJob(this, "Default", {
      cluster,
      namespace,
      name,
      labels: pod.selector(),
      spec: { ...limits, template: pod.version({ image }) },
      follows: verified.filter(({ followed }) => followed).map(({ resource }) => resource),
      after: pod.ready,
    });
    this.ready = [passed];
  }
}
