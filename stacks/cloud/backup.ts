import type { App } from "cdktf";
import { BackupBucket } from "../../constructs/backup";
import { known, seconds } from "../../constructs/core/quantities";
import type { AwsContext } from "../base/context";
import type { Backups, Keys } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { DEFAULT_KEEP } from "../model/derive/store-backups";

/** Where the backups of an environment lie, in its own region and in the recovery region. */
export function backupStack(app: App, { environment, account }: AwsContext, keys: PlatformStack<Keys>): PlatformStack<Backups> {
  const { system, name, aws, backup } = environment;
  const stack = new PlatformStack<Backups>(app, `${name}-backup`, awsStackProps(environment, account, "backup", true));
  const { backupKeyArn, recoveryKeyArn } = stack.read(keys);
  const bucket = new BackupBucket(stack, "bucket", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    key: backupKeyArn,
    keepDays: known(seconds(backup?.keep ?? DEFAULT_KEEP)) / DAY,
    protect: stack.protect,
    ...(aws.recoveryRegion
      ? { recovery: { region: aws.recoveryRegion, key: recoveryKeyArn, provider: stack.providerIn(aws.recoveryRegion) } }
      : {}),
  });
  return stack.publish({ backupBucket: bucket.id, backupBucketArn: bucket.arn });
}

const DAY = 86_400;
