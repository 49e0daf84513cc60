import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";

export interface PublishedAuthorityProps {
  /** Prefix of its name, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** Name of the CA: `event-store-authority`. */
  readonly authority: string;

  /** ARN of the customer-managed KMS key that encrypts it. */
  readonly key: string;

  /** Enables deletion protection. */
  readonly protect: boolean;
}

/**
 * The entry in Secrets Manager in which a cluster publishes the CA certificate of its stores, so that clients on other clusters can verify
 * them. It is not secret. External Secrets writes it (`authorityPush`), so it has no value here.
 */
export class PublishedAuthority extends Construct {
  constructor(scope: Construct, id: string, { name, authority, key, protect }: PublishedAuthorityProps) {
    super(scope, id);
    const secret = new SecretsmanagerSecret(this, "secret", {
      name: cloudName("secret", ...name, authority),
      description: "Certificate of an authority that a cluster has of its own, for the clients on other clusters",
      kmsKeyId: key,
      recoveryWindowInDays: protect ? 30 : 0,
      tags: { "managed-by": "external-secrets" }, // External Secrets writes only to secrets with this tag
      lifecycle: { preventDestroy: protect },
    });
    exempt(secret, "CKV2_AWS_57", "a certificate, which follows its authority");
  }
}
