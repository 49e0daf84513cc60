import type { ApiObject } from "../../constructs/kubernetes";
import type { KubernetesApi, KubernetesObject } from "./api";
import { keyOf } from "./changes";
import { PAUSE } from "./pause";

/** A service account that may patch sets of pods, which a policy limits to restarts. */
interface Holder {
  readonly user: string;
  readonly namespace: string;
  readonly names: readonly string[];
}

/** Checks if a role of these objects lets a service account restart sets of pods. */
export function mayRestart(objects: readonly ApiObject[]): boolean {
  return holdersOf(objects).length > 0;
}

/** Finds what is refused and should not be, or the other way round. Restarts pods of sets that service accounts may restart. */
export async function wrongPolicies(api: KubernetesApi, objects: readonly ApiObject[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = async (allowed: boolean, what: string, answer: Promise<unknown>) => {
    const said = await answer.then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (said === undefined ? !allowed : allowed || !said.includes("may change only the annotation"))
      wrong.push(`${what}: ${said ?? "accepted"}`);
  };
  for (const { user, namespace, names } of holdersOf(objects))
    for (const name of names) {
      const set = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { namespace, name } };
      const patch = (allowed: boolean, who: KubernetesApi, what: string, fields: object) =>
        expect(allowed, `${keyOf(set)}: ${what}`, who.patch(set, fields, "?dryRun=All"));
      // Of pods that have no annotation yet, and of those that have been restarted.
      for (const now of ["2026-11-29T05:30:00Z", "2026-11-30T05:30:00Z"]) {
        for (const [what, fields] of Object.entries(setChanges(await api.get(set)))) {
          await patch(true, api, `${what} by an administrator`, fields);
          await patch(false, api.as(user), what, fields);
          await patch(false, api.as(user), `${what} with a restart`, merged(fields, restart(now)));
        }
        await patch(true, api, "a restart by an administrator", restart(now));
        await api.as(user).patch(set, restart(now));
      }
    }
  return wrong;
}

/** Service accounts that may patch sets of pods, and which. */
function holdersOf(objects: readonly ApiObject[]): readonly Holder[] {
  const all = objects as readonly KubernetesObject[];
  return all
    .filter(({ kind }) => kind === "RoleBinding")
    .flatMap(({ metadata: { namespace = "" }, roleRef, subjects: [subject] }) =>
      all
        .filter(({ kind, metadata }) => kind === "Role" && metadata.namespace === namespace && metadata.name === roleRef.name)
        .flatMap(({ rules }) => rules)
        .filter(({ resources, verbs }) => resources.includes("statefulsets") && verbs.includes("patch"))
        .map(({ resourceNames = [] }) => ({
          user: `system:serviceaccount:${subject.namespace}:${subject.name}`,
          namespace,
          names: resourceNames,
        })),
    );
}

/** As `restart.sh` and `kubectl rollout restart` do it. */
function restart(now: string): object {
  return template({ metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": now } } });
}

/** Changes that are no restart, each as a merge patch of a set. */
function setChanges({ metadata, spec }: KubernetesObject): Readonly<Record<string, object>> {
  const pod = spec.template.spec;
  const [container, ...others] = pod.containers;
  const containers = (changes: object) => template({ spec: { containers: [{ ...container, ...changes }, ...others] } });
  const volume = { name: "stranger", secret: { secretName: "stranger" } };
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "stranger", uid: "00000000-0000-0000-0000-000000000000" };
  return {
    "another image": containers({ image: PAUSE.replace("pause", "stranger") }),
    "another command": containers({ command: ["stranger"] }),
    "other arguments": containers({ args: ["stranger"] }),
    "another variable": containers({ env: [...(container.env ?? []), { name: "STRANGER", value: "1" }] }),
    "other resources": containers({ resources: { requests: { cpu: "3m" } } }),
    "another container": template({ spec: { containers: [...pod.containers, { name: "stranger", image: PAUSE }] } }),
    "another init container": template({ spec: { initContainers: [{ name: "stranger", image: PAUSE }] } }),
    "another volume": template({ spec: { volumes: [...(pod.volumes ?? []), volume] } }),
    "another service account": template({ spec: { serviceAccountName: "stranger" } }),
    "a token": template({ spec: { automountServiceAccountToken: pod.automountServiceAccountToken === false } }),
    "another user": template({ spec: { securityContext: { runAsUser: 4321 } } }),
    "another label of pods": template({ metadata: { labels: { stranger: "1" } } }),
    "another annotation of pods": template({ metadata: { annotations: { stranger: "1" } } }),
    "another number of pods": { spec: { replicas: spec.replicas + 1 } },
    "another strategy": { spec: { updateStrategy: { type: "OnDelete", rollingUpdate: null } } },
    "another label": { metadata: { labels: { stranger: "1" } } },
    "another annotation": { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "1" } } },
    "an owner": { metadata: { ownerReferences: [...((metadata.ownerReferences as object[]) ?? []), owner] } },
    "a finalizer": { metadata: { finalizers: ["example.com/stranger"] } },
  };
}

function template(changes: object): { readonly spec: object } {
  return { spec: { template: changes } };
}

/** Both merge patches in one. */
function merged(one: any, other: any): any {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null || Array.isArray(other)) return other;
  const entries = Object.entries(other).map(([key, value]) => [key, key in one ? merged(one[key], value) : value]);
  return { ...one, ...Object.fromEntries(entries) };
}
