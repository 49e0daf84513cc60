import type { ClusterSecretStore } from "./objects";

/** Name of the store that every `WorkloadSecret` on AWS reads from. */
export const SECRET_STORE = "environment";

/** Props of a store of secrets in AWS Secrets Manager. */
export interface SecretStoreProps {
  readonly region: string;

  /** Prefix of its secrets' names: system and environment, as in `ManagedSecret`. */
  readonly name: readonly string[];

  /** The namespaces that may read from it. */
  readonly namespaces: readonly string[];
}

/**
 * The environment's secrets in Secrets Manager as a store in a cluster, for the release after the controller. It has no credentials: the
 * controller reads with its own identity, and only for the listed namespaces.
 */
export function secretStore({ region, name, namespaces }: SecretStoreProps): ClusterSecretStore {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ClusterSecretStore",
    metadata: { name: SECRET_STORE },
    spec: {
      provider: { aws: { service: "SecretsManager", region, prefix: `${name.join("-")}-` } },
      conditions: [{ namespaces: [...namespaces].sort() }],
    },
  };
}
