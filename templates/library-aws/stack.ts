import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { type App, S3Backend, TerraformStack } from "cdktf";
import { BackupBucket } from "cdktf-cqrs/constructs/backup";

const [ACCOUNT, REGION] = ["111122223333", "eu-west-1"];

const TAGS = { system: "acme", environment: "production", stack: "acme" };

/** A bucket and a key that exist. */
const STATE = {
  bucket: `acme-state-${ACCOUNT}`,
  key: "acme.tfstate",
  region: REGION,
  encrypt: true,
  kmsKeyId: `arn:aws:kms:${REGION}:${ACCOUNT}:alias/acme-state`,
};

/** A bucket for backups: locked, logged and encrypted under a key of its own. */
export function addStack(app: App): TerraformStack {
  const stack = new TerraformStack(app, "acme");
  new S3Backend(stack, STATE);
  stack.addOverride("terraform.backend.s3.use_lockfile", true);
  new AwsProvider(stack, "aws", { region: REGION, allowedAccountIds: [ACCOUNT], defaultTags: [{ tags: TAGS }] });
  const key = new KmsKey(stack, "key", { enableKeyRotation: true, lifecycle: { preventDestroy: true } });
  new BackupBucket(stack, "backups", { name: ["acme"], account: ACCOUNT, region: REGION, key: key.arn, keepDays: 35 });
  return stack;
}
