import type { App } from "cdktf";
import { auditBuckets } from "../../constructs/audit";
import { type BackedUpDatabase, BackupBucket, backupBuckets, CopyNotices, DatabaseBackups, SnapshotBucket } from "../../constructs/backup";
import { cloudName } from "../../constructs/core/names";
import { type Duration, daysIn } from "../../constructs/core/quantities";
import type { AwsContext } from "../base/context";
import type { Backups, Keys, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { logSnapshotsOf } from "../model/derive/log-snapshots";
import { type ManagedServer, managedServersOf, outputName, promotedServersOf } from "../model/derive/servers";
import { DEFAULT_KEEP } from "../model/derive/store-backups";
import { DEFAULT_SNAPSHOT } from "../model/stores/postgres";

/** Backups of an environment: their storage in its own region and in the recovery region, and the backup plans of databases. */
export function backupStack(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
): PlatformStack<Backups> {
  const { system, name, aws, backup = {} } = environment;
  const stack = new PlatformStack<Backups>(app, `${name}-backup`, awsStackProps(environment, account, "backup", true));
  const { backupKeyArn, recoveryKeyArn, dataKeyArn } = stack.read(keys);
  const keep = backup.keep ?? DEFAULT_KEEP;
  const recovery = aws.recoveryRegion
    ? { recovery: { region: aws.recoveryRegion, key: recoveryKeyArn, provider: stack.providerIn(aws.recoveryRegion) } }
    : {};
  const common = { name: [system, name], account: aws.account, protect: stack.protect };
  const shared = { ...common, ...(backup.lock ? { lock: backup.lock } : {}), ...recovery };
  const bucket = new BackupBucket(stack, "bucket", { ...shared, region: aws.region, key: backupKeyArn, keepDays: daysIn(keep) });
  const snapshots = logSnapshotsOf(environment)
    ? new SnapshotBucket(stack, "snapshots", { ...common, region: aws.region, key: backupKeyArn, accessLogs: bucket.accessLogs })
    : undefined;
  const servers = managedServersOf(environment);
  const later = promotedServersOf(environment);
  if (servers.length + later.length > 0) {
    const groups = stack.read(network) as Partial<NetworkOutputs>;
    new DatabaseBackups(stack, "vaults", {
      ...shared,
      keys: { backup: backupKeyArn, data: dataKeyArn },
      databases: servers.map((server) => databaseOf(shared.name, server, keep, groups)),
      later: later.map((server) => ({ keepDays: keepDaysOf(server, keep) })),
      ...(backup.notify ? { notify: backup.notify } : {}),
    });
  }
  const place = { ...common, region: aws.region };
  if (aws.recoveryRegion) {
    const copied = (names: readonly string[]) => ({ from: names[0] ?? "", to: names[2] ?? "" });
    new CopyNotices(stack, "copies", {
      ...common,
      key: backupKeyArn,
      copies: {
        backups: copied(backupBuckets(place, aws.recoveryRegion)),
        ...(environment.audit ? { audit: copied(auditBuckets(place, aws.recoveryRegion)) } : {}),
      },
      ...(backup.notify ? { notify: backup.notify } : {}),
    });
  }
  return stack.publish({
    backupBucket: bucket.id,
    backupBucketArn: bucket.arn,
    ...(snapshots ? { snapshotBucket: snapshots.id, snapshotBucketArn: snapshots.arn } : {}),
  });
}

/** Resource type of each engine in AWS Backup. */
const TYPES: Readonly<Record<ManagedServer["settings"]["engine"], BackedUpDatabase["type"]>> = { aurora: "Aurora", rds: "RDS" };

function databaseOf(parts: readonly string[], server: ManagedServer, keep: Duration, groups: Partial<NetworkOutputs>): BackedUpDatabase {
  const { name: store, settings } = server;
  return {
    store,
    type: TYPES[settings.engine],
    every: settings.backup?.every ?? DEFAULT_SNAPSHOT,
    keepDays: keepDaysOf(server, keep),
    network: {
      subnetGroup: cloudName("database", ...parts, store),
      securityGroupIds: [groups[`${outputName(store)}SecurityGroupId`] ?? ""],
    },
  };
}

function keepDaysOf({ settings }: ManagedServer, ofEnvironment: Duration): number {
  return daysIn(settings.backup?.keep ?? ofEnvironment);
}
