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
   * What starts it. `apply`: it runs once in the apply that creates it, and again when its image, command or configuration
   * changes. `hand`: it is kept as a suspended CronJob, and runs only on
   * `kubectl create job --from=cronjob/<name> <name>-1 -n <namespace>`.
   * @default "apply"
   */
  readonly start?: "apply" | "hand";

  /**
   * Workloads after whose release it runs: it waits for them, and runs again whenever Terraform changes one of them. Only with
   * `start: "apply"`.
   * @default - none: a release of others is no reason to run again
   */
  readonly follows?: readonly IConstruct[];

  /**
   * How long it may take, retries included.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /**
   * Pods that are tried after the first has failed. A job that can't be run twice has none.
   * @default 2 of an apply, 0 by hand
   */
  readonly retries?: number;

  /**
   * Whether the data of its databases may be lost: commands that empty a database are allowed only then.
   * @default false
   */
  readonly disposable?: boolean;
}

/**
 * A process that runs to completion once: after a release (`follows`), before something else (which comes after `ready`), or
 * when an operator starts it. One that fails ends the apply with what its container said last, and runs again with the next
 * apply. What brings a database to its next schema is a `MigrationJob`, what runs on a schedule a `ScheduledTask`.
 */
export class Job extends Construct {
  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it: of an apply only if it has succeeded. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: JobProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, start = "apply", follows = [], timeout: within = "10m", disposable = false } = props;
    const byHand = start === "hand";
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
