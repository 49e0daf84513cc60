import type { ExternalSecret, PushSecret } from "./objects";
import { SECRET_STORE } from "./secret-store";

/** An authority, and the name under which other clusters find it. */
export interface AuthorityPlace {
  readonly namespace: string;

  /** The Secret with `ca.crt`. */
  readonly secretName: string;

  /** The name in Secrets Manager, without what all of the environment begin with. */
  readonly remoteName: string;
}

/** What the value is called there: External Secrets takes a dot for a step into an object. */
const PROPERTY = "certificate";

export interface AuthorityPush extends AuthorityPlace {
  /** All the tags that Terraform gives that place: those that are not said again are taken away. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Says in Secrets Manager who the authority is, and says it again when it changes. Its key stays where it is. */
export function authorityPush({ namespace, secretName, remoteName, tags }: AuthorityPush): PushSecret {
  return {
    apiVersion: "external-secrets.io/v1alpha1",
    kind: "PushSecret",
    metadata: { name: remoteName, namespace },
    spec: {
      refreshInterval: "1h0m0s",
      deletionPolicy: "None",
      secretStoreRefs: [{ kind: "ClusterSecretStore", name: SECRET_STORE }],
      selector: { secret: { name: secretName } },
      data: [
        {
          match: { secretKey: "ca.crt", remoteRef: { remoteKey: remoteName, property: PROPERTY } },
          metadata: {
            apiVersion: "kubernetes.external-secrets.io/v1alpha1",
            kind: "PushSecretMetadata",
            spec: { secretPushFormat: "string", tags },
          },
        },
      ],
    },
  };
}

/** What another cluster has said, as a Secret with `ca.crt`. */
export function authorityCopy({ namespace, secretName, remoteName }: AuthorityPlace): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: secretName, namespace },
    spec: {
      refreshPolicy: "Periodic",
      refreshInterval: "15m",
      secretStoreRef: { kind: "ClusterSecretStore", name: SECRET_STORE },
      target: { name: secretName, creationPolicy: "Owner", deletionPolicy: "Retain" },
      data: [{ secretKey: "ca.crt", remoteRef: { key: remoteName, property: PROPERTY } }],
    },
  };
}
