import { ApiError, type Kind, type KubernetesApi, type KubernetesObject } from "./api";

/**
 * What Terraform can leave on a cluster. Not definitions: charts keep theirs, or Helm never deletes them. Not leases
 * either, which controllers make.
 */
const KINDS: readonly (Kind & { readonly are?: (object: KubernetesObject) => boolean })[] = [
  ...["Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"].map((kind) => ({
    apiVersion: "v1",
    kind,
  })),
  ...["DaemonSet", "Deployment", "StatefulSet"].map((kind) => ({ apiVersion: "apps/v1", kind })),
  ...["CronJob", "Job"].map((kind) => ({ apiVersion: "batch/v1", kind })),
  ...["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].map((kind) => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind })),
  ...[
    "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
  ].map((kind) => ({ apiVersion: "admissionregistration.k8s.io/v1", kind })),
  { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" },
  { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass" },
  // The server makes one for each definition.
  { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", are: ({ spec }) => spec.service !== undefined },
];

/** Everything of these kinds, each by kind, namespace and name. */
export async function found(api: KubernetesApi): Promise<readonly string[]> {
  const lists = await Promise.all(
    KINDS.map(async ({ are = () => true, ...kind }) => {
      const objects = await api.list(kind).catch((error): readonly KubernetesObject[] => {
        if (error instanceof ApiError && error.status === 404) return []; // a kind that this server does not know
        throw error;
      });
      return objects.filter(are).map(({ metadata: { namespace, name } }) => `${kind.kind} ${namespace ? `${namespace}/` : ""}${name}`);
    }),
  );
  return lists.flat();
}
