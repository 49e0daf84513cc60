import { S3AccountPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-account-public-access-block";
import { Construct } from "constructs";

/** Blocks public access to all buckets of the account, also to those that exist. */
export class PublicBucketsBlocked extends Construct {
  constructor(scope: Construct, id: string, props: { readonly account: string }) {
    super(scope, id);
    new S3AccountPublicAccessBlock(this, "block", {
      accountId: props.account,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  }
}
