/** An object with a kind and a name. */
interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Dependencies come before their dependents; unlisted kinds, such as custom resources, come last. */
const KIND_ORDER = [
  "Namespace",
  "PriorityClass",
  "StorageClass",
  "ResourceQuota",
  "LimitRange",
  "NetworkPolicy",
  "ServiceAccount",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "PersistentVolumeClaim",
  "Service",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "PodDisruptionBudget",
  "HorizontalPodAutoscaler",
];

const RANKS: ReadonlyMap<string, number> = new Map(KIND_ORDER.map((kind, rank) => [kind, rank]));

/** Returns objects in an order in which they can be applied, independent of the order of creation. */
export function inOrder<T extends Named>(objects: readonly T[]): readonly T[] {
  const keyed = objects.map((object) => ({ object, rank: RANKS.get(object.kind) ?? KIND_ORDER.length, key: keyOf(object) }));
  return keyed.sort((one, other) => one.rank - other.rank || (one.key < other.key ? -1 : 1)).map(({ object }) => object);
}

function keyOf({ apiVersion, kind, metadata: { namespace = "", name } }: Named): string {
  return [kind, namespace, name, apiVersion].join("\n");
}
