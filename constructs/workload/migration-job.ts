import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
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
import { VerifiedJob } from "./verified-job";

/** What undoes a migration. */
export interface DownMigration extends Pick<WorkloadProps, "command" | "args"> {
  /** @default - the image that migrates: the newest one knows how to undo what it did */
  readonly image?: string;
}

export interface MigrationJobProps extends WorkloadProps {
  /**
   * What is run by hand to take the database back, once no version runs any more that needs what goes.
   * It is kept as a suspended CronJob: `kubectl create job --from=cronjob/<name>-down <name>-down-1 -n <namespace>`.
   * @default - none: contracting is the next release's migration
   */
  readonly down?: DownMigration;

  /**
   * How long it may take, retries included.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /**
   * Pods that are tried after the first has failed. A migration that can't be run twice has none.
   * @default 2: a database may fail over meanwhile
   */
  readonly retries?: number;

  /**
   * Whether its data may be lost: commands that empty a database are allowed only then.
   * @default false
   */
  readonly disposable?: boolean;
}

/**
 * Brings a database to what the version that comes next needs, before anything of that version runs: it runs again for
 * another image, command or configuration, and what comes after it waits. One that fails ends the apply with what its
 * container said last, and runs again with the next one. The versions beside it go on running, so that it has to leave them
 * what they need: it adds (expands); what nobody needs any more is taken away by a later release (contracts).
 */
export class MigrationJob extends Construct {
  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it, and only if it has done its work: workloads. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: MigrationJobProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, down, timeout: within = "10m", retries = 2, disposable = false } = props;
    refuse(this, timeProblems(within, LONGEST_JOB), "timeout");
    refuse(this, retriesProblems(retries), "retries");
    const destructive = disposable ? [] : [...destructionProblems(props), ...destructionProblems(down ?? {}, "down.")];
    for (const { property, ...problem } of destructive) refuse(this, [problem], property);
    const pod = new PodTemplate(this, "pod", { ...props, name, component: "migration", ends: true });
    this.peer = pod.peer;
    // Under this construct's own addresses.
    const { passed } = new VerifiedJob(this, "Default", {
      cluster,
      namespace,
      name,
      labels: pod.selector(),
      spec: { backoffLimit: retries, activeDeadlineSeconds: secondsOf(within, LONGEST_JOB), template: pod.version({ image }) },
      after: pod.ready,
    });
    if (down) this.down(down, { ...props, name });
    this.ready = [passed];
  }

  private down({ image, command, args }: DownMigration, props: MigrationJobProps & { readonly name: string }): void {
    const { namespace, retries: _, command: __, args: ___, ...rest } = props;
    const name = `${props.name}-down`;
    const at = new Construct(this, "down");
    const pod = new PodTemplate(at, "pod", {
      ...rest,
      namespace,
      name,
      component: "migration",
      ends: true,
      ...(command ? { command } : {}),
      ...(args ? { args } : {}),
    });
    jobByHand(at, "by-hand", { namespace, name, pod, image: image ?? props.image, backoffLimit: 0 });
  }
}
