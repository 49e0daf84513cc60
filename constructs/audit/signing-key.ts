import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { policyDocument } from "../core/policy-document";

export interface AuditSigningKeyProps {
  /** Alias of the key, without `alias/`. */
  readonly alias: string;

  /** Description of what it signs, shown in the console. */
  readonly description: string;

  /** The account that administers it, and whose identity policies control its use. */
  readonly account: string;

  /**
   * IAM roles that may sign, by ARN. Wildcards are allowed. All other principals are denied it, also administrators.
   * @default - all principals of the account that have the permission
   */
  readonly signers?: readonly string[];

  /** Protects the key from deletion. Its public key can be exported, and verifies signatures also without it. */
  readonly protect: boolean;
}

/** Key that signs the digests of an audit trail: its private part never leaves KMS, and its public part verifies them anywhere. */
export class AuditSigningKey extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { alias, description, account, signers = [], protect }: AuditSigningKeyProps) {
    super(scope, id);
    const administration = {
      Sid: "Account",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    };
    const key = new KmsKey(this, "key", {
      description,
      keyUsage: "SIGN_VERIFY",
      customerMasterKeySpec: "ECC_NIST_P256",
      deletionWindowInDays: protect ? 30 : 7, // KMS's maximum and minimum
      policy: policyDocument([administration, ...(signers.length > 0 ? [onlyFor(signers)] : [])]),
      lifecycle: { preventDestroy: protect },
    });
    new KmsAlias(this, "alias", { name: `alias/${alias}`, targetKeyId: key.keyId });
    this.arn = key.arn;
  }
}

function onlyFor(signers: readonly string[]): object {
  return {
    Sid: "OnlySigners",
    Effect: "Deny",
    Principal: { AWS: "*" },
    Action: ["kms:CreateGrant", "kms:Sign"],
    Resource: "*",
    Condition: { ArnNotLike: { "aws:PrincipalArn": signers } },
  };
}
