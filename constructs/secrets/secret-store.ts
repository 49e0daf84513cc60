import type { ClusterSecretStore } from "./objects";

/** The store that every `WorkloadSecret` on AWS reads from. */
export const SECRET_STORE = "environment";

export interface SecretStoreProps {
  readonly region: string;

  /** What the names of its secrets begin with: system and environment, as those of `ManagedSecret` do. */
  readonly name: readonly string[];

  /** The namespaces that may read from it. */
  readonly namespaces: readonly string[];
}

/**
 * The environment's part of Secrets Manager as a cluster sees it, for the release that comes after the controller. It
 * has no credentials: the controller reads by its own identity, and only for the namespaces that are named.
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
