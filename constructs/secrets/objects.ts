import type { ApiObject } from "../kubernetes";

/**
 * Label with the store that an ExternalSecret reads from. Of all labels, external-secrets passes only the recommended ones on to its
 * metrics, and alerts about a store and its secrets need it.
 */
export function readsFrom(store: string) {
  return { labels: { "app.kubernetes.io/part-of": store } } as const;
}

/** An ExternalSecret, which fills a Kubernetes Secret (external-secrets.io/v1), with the fields used here. */
export interface ExternalSecret extends ApiObject {
  readonly apiVersion: "external-secrets.io/v1";
  readonly kind: "ExternalSecret";
  readonly spec: {
    /** `CreatedOnce`: filled once and not updated. `Periodic`: read again after each interval. */
    readonly refreshPolicy: "CreatedOnce" | "Periodic";
    readonly refreshInterval?: string;
    readonly secretStoreRef?: { readonly kind: "ClusterSecretStore" | "SecretStore"; readonly name: string };
    readonly target: {
      readonly name: string;

      /** `Owner`: the Secret is deleted with this object. `Orphan`: it is kept, and so are changes that others make to it. */
      readonly creationPolicy: "Owner" | "Orphan";
      readonly deletionPolicy: "Retain";
      readonly immutable?: boolean;
      readonly template?: {
        readonly type?: string;

        /** `Replace`: only the data of the template. */
        readonly mergePolicy: "Merge" | "Replace";
        readonly data: Readonly<Record<string, string>>;
      };
    };
    readonly data?: readonly { readonly secretKey: string; readonly remoteRef: { readonly key: string; readonly property?: string } }[];
    readonly dataFrom?: readonly (
      | { readonly extract: { readonly key: string } }
      | { readonly sourceRef: { readonly generatorRef: { readonly apiVersion: string; readonly kind: "Password"; readonly name: string } } }
    )[];
  };
}

/** A generator of random values (generators.external-secrets.io/v1alpha1). */
export interface Password extends ApiObject {
  readonly apiVersion: "generators.external-secrets.io/v1alpha1";
  readonly kind: "Password";
  readonly spec: {
    readonly length: number;
    readonly digits: number;
    readonly symbols: number;
    readonly symbolCharacters: string;
    readonly noUpper: boolean;
    readonly allowRepeat: boolean;
    readonly secretKeys: readonly string[];
  };
}

/** The store that secrets are read from, for some namespaces (external-secrets.io/v1). */
export interface ClusterSecretStore extends ApiObject {
  readonly apiVersion: "external-secrets.io/v1";
  readonly kind: "ClusterSecretStore";
  readonly spec: {
    readonly provider: { readonly aws: { readonly service: "SecretsManager"; readonly region: string; readonly prefix: string } };
    readonly conditions: readonly { readonly namespaces: readonly string[] }[];
  };
}

/** A store that reads secrets from another namespace of the same cluster (external-secrets.io/v1). */
export interface SecretStore extends ApiObject {
  readonly apiVersion: "external-secrets.io/v1";
  readonly kind: "SecretStore";
  readonly spec: {
    readonly provider: {
      readonly kubernetes: {
        readonly remoteNamespace: string;
        readonly server: { readonly caProvider: { readonly type: "ConfigMap"; readonly name: string; readonly key: string } };
        readonly auth: { readonly serviceAccount: { readonly name: string } };
      };
    };
  };
}

/** A PushSecret, which writes a key of a Secret to an external store (external-secrets.io/v1alpha1). */
export interface PushSecret extends ApiObject {
  readonly apiVersion: "external-secrets.io/v1alpha1";
  readonly kind: "PushSecret";
  readonly spec: {
    readonly refreshInterval: string;
    readonly deletionPolicy: "None";
    readonly secretStoreRefs: readonly { readonly kind: "ClusterSecretStore"; readonly name: string }[];
    readonly selector: { readonly secret: { readonly name: string } };
    readonly data: readonly {
      readonly match: { readonly secretKey: string; readonly remoteRef: { readonly remoteKey: string; readonly property: string } };
      readonly metadata: { readonly apiVersion: string; readonly kind: "PushSecretMetadata"; readonly spec: object };
    }[];
  };
}
