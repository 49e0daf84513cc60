import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import { type ITerraformDependable, Lazy } from "cdktf";
import { Construct } from "constructs";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { type ExternalSecret, readsFrom, type SecretStore } from "./objects";

export interface SharedSecretsProps {
  readonly cluster: KubernetesTarget;

  /** Source namespace. */
  readonly from: string;

  /** Target namespace. */
  readonly to: string;

  /** The secrets and their keys. A function is called after the whole stack is constructed. */
  readonly secrets: readonly SharedSecret[] | (() => readonly SharedSecret[]);

  /** Resources created before it: both namespaces, the controller. The secrets may be created later. */
  readonly after?: readonly ITerraformDependable[];
}

/** Secret that is copied into other namespaces. */
export interface SharedSecret {
  readonly name: string;

  /**
   * Keys to copy; of a CA its certificate, never its private key.
   * @default - all
   */
  readonly keys?: readonly string[];
}

/** Interval after which a change is copied. */
const REFRESH = "5m";

/**
 * Copies of secrets in another namespace of the same cluster, under the same names: a store's credentials, for its clients. A copy follows
 * its source. External Secrets reads them with a service account that may read these secrets and no others.
 */
export class SharedSecrets extends Construct {
  /** Dependency for workloads that need them. */
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, { cluster, from, to, secrets, after = [] }: SharedSecretsProps) {
    super(scope, id);
    const name = `secrets-of-${from}`;
    const all = typeof secrets === "function" ? secrets : () => secrets;
    const resourceNames = () =>
      all()
        .map((secret) => secret.name)
        .sort();
    const reader = new ServiceAccountV1(this, "reader", {
      metadata: { name, namespace: to },
      automountServiceAccountToken: false, // tokens are requested, not mounted
      dependsOn: [...after],
    });
    const role = new RoleV1(this, "role", {
      metadata: { name: `secrets-for-${to}`, namespace: from },
      rule: [{ apiGroups: [""], resources: ["secrets"], resourceNames: Lazy.listValue({ produce: resourceNames }), verbs: ["get"] }],
      dependsOn: [...after],
    });
    const binding = new RoleBindingV1(this, "binding", {
      metadata: { name: `secrets-for-${to}`, namespace: from },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: `secrets-for-${to}` },
      subject: [{ kind: "ServiceAccount", name, namespace: to, apiGroup: "" }],
      dependsOn: [role, reader],
    });
    const objects = () => [storeOf(name, from, to), ...all().map((secret) => copyOf(secret, name, to))];
    this.release = new CustomResources(this, "objects", { cluster, namespace: to, name, objects, after: [...after, binding] }).release;
  }
}

function storeOf(name: string, from: string, to: string): SecretStore {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "SecretStore",
    metadata: { name, namespace: to },
    spec: {
      provider: {
        kubernetes: {
          remoteNamespace: from,
          server: { caProvider: { type: "ConfigMap", name: "kube-root-ca.crt", key: "ca.crt" } },
          auth: { serviceAccount: { name } },
        },
      },
    },
  };
}

function copyOf({ name, keys }: SharedSecret, store: string, namespace: string): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name, namespace, ...readsFrom(store) },
    spec: {
      refreshPolicy: "Periodic",
      refreshInterval: REFRESH,
      secretStoreRef: { kind: "SecretStore", name: store },
      target: { name, creationPolicy: "Owner", deletionPolicy: "Retain" },
      ...(keys
        ? { data: keys.map((key) => ({ secretKey: key, remoteRef: { key: name, property: key } })) }
        : { dataFrom: [{ extract: { key: name } }] }),
    },
  };
}
