import { ApiError, type KubernetesApi, type KubernetesObject, until } from "./api";
import { keyOf } from "./changes";

/** Seconds in which controllers write down what they have seen. */
const SECONDS = 60;

/** The claims that a set of a name finds rather than makes: what their names begin with, which is its template's name. */
export function templatesOf(set: string, namespace: string, objects: readonly KubernetesObject[]): readonly string[] {
  const found = objects
    .filter(({ kind, metadata }) => kind === "PersistentVolumeClaim" && metadata.namespace === namespace)
    .flatMap(({ metadata }) => metadata.name.match(/^(.+)-\d+$/)?.[1] ?? [])
    .filter((prefix) => prefix.endsWith(`-${set}`))
    .map((prefix) => prefix.slice(0, -set.length - 1));
  return [...new Set(found)];
}

/** The job that a schedule makes, made now. */
export function jobNow({ metadata: { namespace, name }, spec: { jobTemplate } }: KubernetesObject): KubernetesObject {
  const { labels } = jobTemplate.metadata ?? {};
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...(namespace ? { namespace } : {}), name: `${name}-now`, ...(labels ? { labels } : {}) },
    spec: jobTemplate.spec,
  };
}

/** Stand-ins for claims of jobs that a program makes before them, as it does of a snapshot for a drill. */
export function offeredTo(
  jobs: readonly KubernetesObject[],
  objects: readonly KubernetesObject[],
  storageClassName: string,
): readonly KubernetesObject[] {
  const present = new Set(objects.filter(({ kind }) => kind === "PersistentVolumeClaim").map(keyOf));
  const claims = jobs.flatMap(({ metadata: { namespace }, spec }) =>
    ((spec.template.spec.volumes ?? []) as readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]).flatMap(
      ({ persistentVolumeClaim: found }): KubernetesObject[] => {
        if (!found) return [];
        const metadata = { ...(namespace ? { namespace } : {}), name: found.claimName };
        const asked = { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "1Gi" } } };
        return [{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata, spec: asked }];
      },
    ),
  );
  return claims.filter((claim) => !present.has(keyOf(claim)));
}

/** Jobs that have not ended well, of those there are. */
export async function unfinished(api: KubernetesApi): Promise<readonly string[]> {
  const jobs = await api.list({ apiVersion: "batch/v1", kind: "Job" });
  return jobs
    .filter(({ status }) => !(status?.conditions ?? []).some((one: any) => one.type === "Complete" && one.status === "True"))
    .map(({ metadata, status }) => `${metadata.namespace}/${metadata.name}: ${status?.conditions?.[0]?.message ?? "is not complete"}`);
}

/** Workloads of whose pods some are from an older template. */
export async function outdated(api: KubernetesApi): Promise<readonly string[]> {
  const kinds = ["Deployment", "StatefulSet"].map((kind) => ({ apiVersion: "apps/v1", kind }));
  const sets = (await Promise.all(kinds.map((kind) => api.list(kind)))).flat();
  return sets
    .filter(
      ({ metadata, spec, status }) =>
        status?.observedGeneration !== metadata.generation ||
        (status?.updatedReplicas ?? 0) !== spec.replicas ||
        status?.replicas !== spec.replicas,
    )
    .map(
      ({ metadata, spec, status }) => `${metadata.namespace}/${metadata.name}: ${status?.updatedReplicas ?? 0} of ${spec.replicas} are new`,
    );
}

/** Sets of three and more that have no majority, and budgets that are not kept or let another pod go. */
export async function outvoted(api: KubernetesApi, seconds = SECONDS): Promise<readonly string[]> {
  let found: readonly string[] = [];
  await until("budgets", seconds, async () => {
    found = [...(await minorities(api)), ...(await broken(api))];
    return found.length === 0;
  }).catch(() => undefined);
  return found;
}

async function minorities(api: KubernetesApi): Promise<readonly string[]> {
  const sets = await api.list({ apiVersion: "apps/v1", kind: "StatefulSet" });
  return sets
    .filter(({ spec }) => spec.replicas > 2)
    .filter(({ spec, status }) => (status?.readyReplicas ?? 0) <= spec.replicas / 2)
    .map(
      ({ metadata, spec, status }) => `${metadata.namespace}/${metadata.name}: ${status?.readyReplicas ?? 0} of ${spec.replicas} are left`,
    );
}

async function broken(api: KubernetesApi): Promise<readonly string[]> {
  const found: string[] = [];
  const running = (await api.list({ apiVersion: "v1", kind: "Pod" })).filter(({ status }) => status.phase === "Running");
  for (const { metadata, spec, status } of await api.list({ apiVersion: "policy/v1", kind: "PodDisruptionBudget" })) {
    const near = running.filter((pod) => pod.metadata.namespace === metadata.namespace);
    // The pods of a chart are stood in for, under other labels.
    const stoodInFor = near.map((pod) => pod.metadata.labels?.["stands-in-for"]);
    if (stoodInFor.every(Boolean) || stoodInFor.includes(metadata.name)) continue;
    const labels = Object.entries(spec.selector.matchLabels);
    const its = near.filter((pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value));
    const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0, disruptionsAllowed = 0 } = status ?? {};
    const name = `${metadata.namespace}/${metadata.name}`;
    if (expectedPods === 0 || currentHealthy !== its.length || currentHealthy < desiredHealthy)
      found.push(`budget ${name}: ${currentHealthy} of ${expectedPods} are well where ${desiredHealthy} must be, and ${its.length} run`);
    else if (disruptionsAllowed > 0 !== (await mayGo(api, its[0])))
      found.push(`budget ${name}: allows ${disruptionsAllowed}, and the server decides otherwise`);
  }
  return found;
}

/** Whether the server would let a pod go for a drain. */
async function mayGo(api: KubernetesApi, pod: KubernetesObject | undefined): Promise<boolean> {
  if (!pod) return false;
  const { namespace, name } = pod.metadata;
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name }, deleteOptions: { dryRun: ["All"] } };
  return api.call("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction?dryRun=All`, eviction).then(
    () => true,
    (error) => {
      if (error instanceof ApiError && error.status === 429) return false;
      throw error;
    },
  );
}

/** What would lose data, or leads to it: smaller disks, other claims of a set, another number of founders. Each as `what`, and the object. */
export function destructive(objects: readonly KubernetesObject[]): readonly { readonly what: string; readonly object: KubernetesObject }[] {
  return objects.flatMap((object): readonly { readonly what: string; readonly object: KubernetesObject }[] => {
    const name = `${object.metadata.namespace}/${object.metadata.name}`;
    if (object.kind === "PersistentVolumeClaim")
      return [
        { what: `a smaller claim ${name}`, object: { ...object, spec: { ...object.spec, resources: { requests: { storage: "1Gi" } } } } },
      ];
    if (object.kind === "StatefulSet" && object.spec.volumeClaimTemplates) {
      const volumeClaimTemplates = object.spec.volumeClaimTemplates.map((template: any) => ({
        ...template,
        spec: { ...template.spec, resources: { requests: { storage: "2Ti" } } },
      }));
      return [{ what: `other templates of ${name}`, object: { ...object, spec: { ...object.spec, volumeClaimTemplates } } }];
    }
    if (object.kind === "ConfigMap" && object.immutable === true)
      return [{ what: `another ${name}`, object: { ...object, data: { ...object.data, nodes: "7" } } }];
    return [];
  });
}
