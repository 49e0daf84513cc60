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

/** The rollback of a migration. */
export interface DownMigration extends Pick<WorkloadProps, "command" | "args"> {
  /** @default - the migration's image: the newest one can undo its own changes */
  readonly image?: string;
}

export interface MigrationJobProps extends WorkloadProps {
  /**
   * A rollback of the schema that an operator starts, once no running version needs what it removes.
   * It is a suspended CronJob: `kubectl create job --from=cronjob/<name>-down <name>-down-1 -n <namespace>`.
   * @default - none: contracting is the next release's migration
   */
  readonly down?: DownMigration;

  /**
   * Timeout, retries included.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /**
   * Retries after the first pod has failed. Use 0 for a migration that can't run twice.
   * @default 2: a database may fail over meanwhile
   */
  readonly retries?: number;

  /**
   * Allows commands that empty a database. Only for databases whose data may be lost.
   * @default false
   */
  readonly disposable?: boolean;
}

/**
 * A schema migration that runs before the next version starts; its dependents wait. Another image, command or configuration runs it again.
 * If it fails, the apply ends with the last output of its container, and the next apply runs it again. Current versions keep running, so it
 * must leave what they need: it adds (expands); a later release removes what no version needs (contracts).
 */
export class MigrationJob extends Construct {
  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources that workloads depend on, reached only if the migration has succeeded. */
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
    // Keeps the Terraform addresses of this construct.
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
