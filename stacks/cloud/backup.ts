import type { App } from "cdktf";
import { BackupBucket, SnapshotBucket } from "../../constructs/backup";
import { known, seconds } from "../../constructs/core/quantities";
import type { AwsContext } from "../base/context";
import type { Backups, Keys } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { logSnapshotsOf } from "../model/derive/log-snapshots";
import { DEFAULT_KEEP } from "../model/derive/store-backups";

/** Where the backups of an environment lie, in its own region and in the recovery region. */
export function backupStack(app: App, { environment, account }: AwsContext, keys: PlatformStack<Keys>): PlatformStack<Backups> {
  const { system, name, aws, backup } = environment;
  const stack = new PlatformStack<Backups>(app, `${name}-backup`, awsStackProps(environment, account, "backup", true));
  const { backupKeyArn, recoveryKeyArn } = stack.read(keys);
  const common = { name: [system, name], account: aws.account, region: aws.region, key: backupKeyArn, protect: stack.protect };
  const bucket = new BackupBucket(stack, "bucket", {
    ...common,
    keepDays: known(seconds(backup?.keep ?? DEFAULT_KEEP)) / DAY,
    ...(aws.recoveryRegion
      ? { recovery: { region: aws.recoveryRegion, key: recoveryKeyArn, provider: stack.providerIn(aws.recoveryRegion) } }
      : {}),
  });
  const snapshots = logSnapshotsOf(environment)
    ? new SnapshotBucket(stack, "snapshots", { ...common, accessLogs: bucket.accessLogs })
    : undefined;
  return stack.publish({
    backupBucket: bucket.id,
    backupBucketArn: bucket.arn,
    ...(snapshots ? { snapshotBucket: snapshots.id, snapshotBucketArn: snapshots.arn } : {}),
  });
}

const DAY = 86_400;
