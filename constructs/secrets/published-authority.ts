import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";

export interface PublishedAuthorityProps {
  /** The beginning of its name, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** The authority: `event-store-authority`. */
  readonly authority: string;

  /** The customer-managed key that encrypts it, by ARN. */
  readonly key: string;

  /** Whether it is guarded against deletion. */
  readonly protect: boolean;
}

/**
 * The place in Secrets Manager in which a cluster says who signs the certificates of its stores, so that the clients on
 * other clusters know them. It is no secret. External Secrets fills it (`authorityPush`), so it has no value here.
 */
export class PublishedAuthority extends Construct {
  constructor(scope: Construct, id: string, { name, authority, key, protect }: PublishedAuthorityProps) {
    super(scope, id);
    const secret = new SecretsmanagerSecret(this, "secret", {
      name: cloudName("secret", ...name, authority),
      description: "Certificate of an authority that a cluster has of its own, for the clients on other clusters",
      kmsKeyId: key,
      recoveryWindowInDays: protect ? 30 : 0,
      tags: { "managed-by": "external-secrets" }, // without which it would not be written to
      lifecycle: { preventDestroy: protect },
    });
    exempt(secret, "CKV2_AWS_57", "a certificate, which follows its authority");
  }
}
