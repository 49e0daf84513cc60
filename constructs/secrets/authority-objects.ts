import { type ExternalSecret, type PushSecret, readsFrom } from "./objects";
import { SECRET_STORE } from "./secret-store";

/** A certificate authority (CA), and the name under which other clusters find it. */
export interface AuthorityPlace {
  readonly namespace: string;

  /** The Secret with `ca.crt`. */
  readonly secretName: string;

  /** Name in Secrets Manager, without the environment's prefix. */
  readonly remoteName: string;
}

/** Key of the value there: External Secrets reads a dot as a path into an object. */
const PROPERTY = "certificate";

/** Secret in Secrets Manager that receives a CA certificate from the cluster. */
export interface AuthorityPush extends AuthorityPlace {
  /** All tags that Terraform sets on that secret: tags that are missing here would be removed. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Pushes the CA certificate to Secrets Manager, and again when it changes. Its private key stays in the cluster. */
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

/** The CA certificate that another cluster pushed, as a Secret with `ca.crt`. */
export function authorityCopy({ namespace, secretName, remoteName }: AuthorityPlace): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: secretName, namespace, ...readsFrom(SECRET_STORE) },
    spec: {
      refreshPolicy: "Periodic",
      refreshInterval: "15m",
      secretStoreRef: { kind: "ClusterSecretStore", name: SECRET_STORE },
      target: { name: secretName, creationPolicy: "Owner", deletionPolicy: "Retain" },
      data: [{ secretKey: "ca.crt", remoteRef: { key: remoteName, property: PROPERTY } }],
    },
  };
}
