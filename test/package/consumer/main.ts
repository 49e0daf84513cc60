import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { BackupBucket } from "cdktf-cqrs/constructs/backup";
import { Construct } from "constructs";

/** A construct that knows nothing of the platform. */
class Announcement extends Construct {
  constructor(scope: Construct, id: string, props: { readonly name: string; readonly value: string }) {
    super(scope, id);
    new SsmParameter(this, "parameter", { type: "String", ...props });
  }
}

class Archive extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: "archive.tfstate" });
    new AwsProvider(this, "aws", { region: "eu-west-1" });
    const key = new KmsKey(this, "key", { enableKeyRotation: true });
    const bucket = new BackupBucket(this, "invoices", {
      name: ["invoices"],
      account: "111122223333",
      region: "eu-west-1",
      key: key.arn,
      keepDays: 30,
    });
    new Announcement(this, "announcement", { name: "/invoices/bucket", value: bucket.arn });
  }
}

/** What must not compile: if the types were lost on the way, all of it would. */
export function misuse(scope: Construct): void {
  // @ts-expect-error days are a number
  new BackupBucket(scope, "wrong", { name: ["x"], account: "111122223333", region: "eu-west-1", key: "arn", keepDays: "30d" });
}

const app = new App({ outdir: "cdktf.out" });
new Archive(app, "archive");
app.synth();
