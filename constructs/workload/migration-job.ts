import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import type { Duration } from "../core/quantities";
import { timeProblems } from "./checks";
import type { WorkloadProps } from "./contract";
import { DISRUPTIONS_IGNORED } from "./disruptions";
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
  readonly within?: Duration;

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

/** Longer ones belong beside a deployment: nobody waits for them. */
const LONGEST = 6 * 3600;

/**
 * Commands of the field's tools that empty a database, as they stand in a command line: words, one after the other. With `.*`
 * between them, a long line of the first word would take minutes.
 */
const DESTRUCTIVE: readonly (RegExp | readonly [first: RegExp, then: RegExp])[] = [
  /\bmigrate(\s+|:)reset\b/, // Prisma, AdonisJS, Laravel
  /\bmigrate(\s+|:)fresh\b/, // Laravel
  /\bdb(\s+|:)(drop|reset|purge)\b/, // Rails, Sequelize, Ecto by alias
  [/\bdb\s+push\b/, /--force-reset\b/], // Prisma
  /\becto\.(drop|reset)\b/, // Ecto
  /\bschema:drop\b/, // TypeORM, Doctrine
  /\bdatabase\s+drop\b/, // Entity Framework
  [/\bflyway\b/, /\bclean\b/], // Flyway
  /\bdrop-?all\b/i, // Liquibase
  /\bdropdb\b/, // PostgreSQL
  /\bdrop\s+(database|schema)\b/i,
  [/\bflush\b/, /--no-?input\b/], // Django
];

/**
 * Brings a database to what the version that comes next needs, before anything of that version runs: it runs again for
 * another image, command or configuration, and what comes after it waits. One that fails ends the apply with what its
 * container said last, and runs again with the next one. The versions beside it go on running, so that it has to leave them
 * what they need: it adds (expands); what nobody needs any more is taken away by a later release (contracts).
 */
export class MigrationJob extends Construct {
  /** What comes after it, and only if it has done its work: workloads. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: MigrationJobProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, down, within = "10m", retries = 2, disposable = false } = props;
    refuse(this, timeProblems(within, LONGEST), "within");
    refuse(this, countProblems(retries), "retries");
    if (!disposable) {
      refuse(this, destructionProblems(props), "command");
      if (down) refuse(this, destructionProblems(down), "down.command");
    }
    const pod = new PodTemplate(this, "pod", { ...props, name, component: "migration", ends: true });
    // Under this construct's own addresses.
    const { passed } = new VerifiedJob(this, "Default", {
      cluster,
      namespace,
      name,
      labels: pod.selector(),
      spec: { backoffLimit: retries, activeDeadlineSeconds: secondsOf(within, LONGEST), template: pod.version({ image }) },
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
    const template = pod.version({ image: image ?? props.image });
    new CronJobV1(at, "by-hand", {
      metadata: { namespace, name, labels: pod.selector() },
      spec: {
        // Never by itself: the thirtieth of February, and suspended besides.
        schedule: "0 0 30 2 *",
        timezone: "Etc/UTC",
        suspend: true,
        concurrencyPolicy: "Forbid",
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: { metadata: {}, spec: { ...DISRUPTIONS_IGNORED, backoffLimit: 0, template } },
      },
      dependsOn: pod.ready,
    });
  }
}

function countProblems(value: number): readonly Omit<Problem, "path">[] {
  return Number.isInteger(value) && value >= 0 ? [] : [{ value, rule: "is no number of retries", remedy: "use 0 or more" }];
}

function destructionProblems({ command = [], args = [] }: Pick<WorkloadProps, "command" | "args">): readonly Omit<Problem, "path">[] {
  const value = [...command, ...args].join(" ");
  const isIn = (found: (typeof DESTRUCTIVE)[number]) => {
    if (found instanceof RegExp) return found.test(value);
    const at = value.search(found[0]);
    return at >= 0 && found[1].test(value.slice(at));
  };
  if (!DESTRUCTIVE.some(isIn)) return [];
  return [{ value, rule: "empties the database", remedy: "migrate forwards, or say disposable where the data may be lost" }];
}
