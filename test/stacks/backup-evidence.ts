import type { SynthesizedStack } from "../../constructs/policy";
import type { BackupRow } from "../../stacks";
import { descriptionOf } from "../../stacks/base/refusals";
import type { Body } from "../synth";

/** What synthesized resources make true of a backup. */
export interface Evidence {
  /** Something makes it. */
  readonly backup: boolean;

  /** A lock protects it, in this mode. */
  readonly lock: string | undefined;

  /** It is copied to another region, and the copy is locked like it. */
  readonly copy: boolean;

  /** A rule or an alarm reports that it is late. */
  readonly alert: boolean;

  /** A job or a service restores it. */
  readonly drill: boolean;
}

interface Found {
  readonly stack: string;
  readonly type: string;
  readonly body: Body;

  /** Path of the setting that it is made by. */
  readonly path: string | undefined;

  readonly text: string;
}

/** Resources of an environment, to look for evidence in. */
export class Resources {
  private constructor(private readonly all: readonly Found[]) {}

  static in(stacks: readonly SynthesizedStack[]): Resources {
    const all = stacks.flatMap(({ stack, json }) =>
      Object.entries((json.resource ?? {}) as Record<string, Record<string, Body>>).flatMap(([type, named]) =>
        Object.entries(named).map(([id, body]): Found => {
          // Of what is looked up by its setting: to look for all paths would take long.
          const isOwn =
            /^(aws_db_instance|aws_dynamodb_table|aws_rds_cluster|aws_elasticache|kurrentcloud|helm_release|kubernetes_cron_job)/.test(
              type,
            );
          const path = isOwn ? descriptionOf(stack, `${type}.${id}`) : undefined;
          return { stack: stack.node.id, type, body, path, text: JSON.stringify(body) };
        }),
      ),
    );
    return new Resources(all);
  }

  /** What is left without those of a type. */
  without(type: string, holds: (body: Body) => boolean = () => true): Resources {
    return new Resources(this.all.filter((found) => found.type !== type || !holds(found.body)));
  }

  of(type: string, holds: (found: Found) => boolean = () => true): readonly Found[] {
    return this.all.filter((found) => found.type === type && holds(found));
  }

  /** Resources that the setting at a path makes, or one below it. */
  at(path: string, type: string): readonly Found[] {
    return this.of(
      type,
      (found) =>
        found.path !== undefined && (found.path === path || /^[.[]/.test(found.path.slice(path.length))) && found.path.startsWith(path),
    );
  }
}

type Look = (resources: Resources, row: BackupRow, path: string) => Evidence;

/** Evidence for each kind of backup, by what the table calls it. */
const KINDS: readonly (readonly [RegExp, Look])[] = [
  [
    /^stream backup$/,
    // Of events in PostgreSQL, the row is at their server, and the setting beside it.
    (resources, row, path) => {
      const setting = path.replace(/\.server$/, ".streamBackup");
      return {
        ...bucketOf(resources, row),
        ...byJob(resources, row, setting, "backup"),
        drill: has(resources, setting, /kind\W+CronJob.*(?<!-volume)-drill"/),
      };
    },
  ],
  [
    /^CloudNativePG: /,
    (resources, row, path) => ({
      ...bucketOf(resources, row),
      backup: has(resources, path, /kind\\?": ?\\?"?ScheduledBackup/) && has(resources, path, /kind\\?": ?\\?"?ObjectStore/),
      alert: alerts(resources, row),
      drill: resources.at(path, "kubernetes_cron_job_v1").some(({ body }) => body.metadata.name.endsWith("-drill")),
    }),
  ],
  [
    /^snapshots of a volume$/,
    (resources, row, path) => {
      const [, lock] = resources.at(path, "helm_release").flatMap(({ text }) => /lockMode\W+(\w+)/.exec(text) ?? []);
      return {
        lock,
        copy: isCopied(resources, row, path),
        ...byJob(resources, row, path, "snapshots"),
        drill: has(resources, path, /kind\W+CronJob.*-volume-drill"/),
      };
    },
  ],
  [/ by AWS Backup$/, inVault],
  [/^automated backups of /, (resources, _, path) => bySetting(databases(resources, path), "backup_retention_period")],
  [
    /^point-in-time recovery of DynamoDB$/,
    (resources, row, path) => ({
      ...NONE,
      backup: resources
        .at(path, "aws_dynamodb_table")
        .some(({ body: { point_in_time_recovery: found } }) => found?.enabled && row.kept === `kept ${found.recovery_period_in_days}d`),
      // A copy without its key is unreadable.
      copy:
        resources.of("aws_kms_replica_key").length > 0 &&
        resources
          .at(path, "aws_dynamodb_table")
          .some(({ body }) => body.replica?.some(({ region_name }: Body) => row.where.endsWith(`copied to ${region_name}`))),
    }),
  ],
  [/^snapshots of ElastiCache$/, (resources, _, path) => bySetting(caches(resources, path), "snapshot_retention_limit")],
  [
    /^backups of Kurrent Cloud$/,
    (resources, _, path) => ({ ...NONE, backup: resources.at(path, "kurrentcloud_scheduled_backup").length > 0 }),
  ],
];

const NONE: Evidence = { backup: false, lock: undefined, copy: false, alert: false, drill: false };

export function evidenceOf(resources: Resources, row: BackupRow, path: string): Evidence {
  const look = KINDS.find(([how]) => how.test(row.how))?.[1];
  if (!look) throw new Error(`${row.part}: nobody knows what makes "${row.how}"`);
  return look(resources, row, path);
}

/** What the table says of it. */
export function claimsOf({ locked, where, alert, drill }: BackupRow): Evidence {
  const [, lock] = /^locked \((\w+)\)$/.exec(locked) ?? [];
  return { backup: true, lock, copy: where.includes("copied to"), alert: /^al(ert|arm) /.test(alert), drill: drill.startsWith("drill ") };
}

function has(resources: Resources, path: string, pattern: RegExp): boolean {
  return resources.at(path, "helm_release").some(({ text }) => pattern.test(text.replaceAll('\\"', '"')));
}

function byJob(resources: Resources, row: BackupRow, path: string, suffix: string): Pick<Evidence, "backup" | "alert"> {
  const jobs = resources.at(path, "kubernetes_cron_job_v1");
  return {
    backup: jobs.some(({ body }) => body.metadata.name.endsWith(`-${suffix}`) && !body.spec.suspend),
    alert: alerts(resources, row),
  };
}

/** The job is told the region, and the lock if snapshots are locked, and its role may copy. */
function isCopied(resources: Resources, { where, locked }: BackupRow, path: string): boolean {
  const jobs = resources.at(path, "kubernetes_cron_job_v1").filter(({ body }) => body.metadata.name.endsWith("-snapshots"));
  const variables = jobs.flatMap(({ body }) => body.spec.job_template.spec.template.spec.container[0].env);
  const told = (name: string) => variables.find((variable: Body) => variable.name === name)?.value;
  return (
    where.endsWith(`, copied to ${told("COPY_REGION")}`) &&
    locked === (told("COPY_LOCK") ? `locked (${told("COPY_LOCK")})` : "not locked") &&
    resources.of("aws_iam_role_policy", ({ text }) => text.includes("ec2:CopySnapshot")).length > 0
  );
}

/** The rule is among those that Prometheus gets. */
function alerts(resources: Resources, { alert }: BackupRow): boolean {
  const name = alert.replace("alert ", "");
  return name !== "no alert" && resources.of("helm_release").some(({ text }) => new RegExp(`alert\\W+${name}\\b`).test(text));
}

/** A bucket outside of AWS is in no state: nothing is claimed of it. */
function bucketOf(resources: Resources, { where }: BackupRow): Pick<Evidence, "lock" | "copy"> {
  return where.includes(" at ") ? { lock: undefined, copy: false } : inBucket(resources);
}

/** The bucket of backups: its lock, and its replication to another locked bucket. */
function inBucket(resources: Resources): Pick<Evidence, "lock" | "copy"> {
  const inStack = ({ stack }: Found) => stack.endsWith("-backup");
  const locks = resources
    .of("aws_s3_bucket_object_lock_configuration", inStack)
    .map(({ body }) => body.rule.default_retention.mode.toLowerCase());
  const replications = resources.of("aws_s3_bucket_replication_configuration", inStack);
  return { lock: locks[0], copy: replications.length > 0 && (locks.length === 0 || new Set(locks).size === 1) };
}

function databases(resources: Resources, path: string): readonly Found[] {
  return ["aws_rds_cluster", "aws_db_instance"].flatMap((type) => resources.at(path, type));
}

function caches(resources: Resources, path: string): readonly Found[] {
  return resources.at(path, "aws_elasticache_replication_group");
}

function bySetting(found: readonly Found[], setting: string): Evidence {
  return { ...NONE, backup: found.some(({ body }) => Number(body[setting]) > 0) };
}

/** A plan that selects the database by its tag, into a locked vault, with a copy into another one. */
function inVault(resources: Resources, _: BackupRow, path: string): Evidence {
  const tags = databases(resources, path).flatMap(({ body }) => body.tags?.["backup-plan"] ?? []);
  const isOfIt = ({ body }: Found) => body.selection_tag?.some(({ value }: Body) => tags.includes(value));
  const selections = resources.of("aws_backup_selection", isOfIt);
  const plans = resources.of("aws_backup_plan", ({ body }) => tags.includes(body.name) && selections.length > 0);
  const vaults = resources.of("aws_backup_vault");
  const locks = resources.of("aws_backup_vault_lock_configuration");
  const modes = locks.map(({ body }) => (body.changeable_for_days === undefined ? "governance" : "compliance"));
  const copies = plans.flatMap(({ body }) => body.rule.flatMap(({ copy_action = [] }: Body) => copy_action));
  const type = databases(resources, path).some((found) => found.type === "aws_rds_cluster") ? "Aurora" : "RDS";
  return {
    backup: tags.length === 1 && plans.length === 1,
    lock: locks.length === vaults.length && new Set(modes).size === 1 ? modes[0] : undefined,
    copy: copies.length > 0 && vaults.some(({ body }) => body.provider !== undefined),
    alert: resources
      .of("aws_cloudwatch_metric_alarm")
      .some(({ body }) => body.namespace === "AWS/Backup" && body.dimensions.ResourceType === type),
    drill: resources.of("aws_backup_restore_testing_selection").some(({ text }) => tags.some((tag) => text.includes(`"${tag}"`))),
  };
}
