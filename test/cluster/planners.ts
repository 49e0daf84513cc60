import { KINDS } from "../../constructs/kubernetes/objects/kinds";
import type { Kind, KubernetesApi, KubernetesObject } from "./api";

/** What stands for AmazonEKSViewPolicy, by which those who plan read what runs in namespaces. */
export function viewOf(group: string): KubernetesObject {
  const apiGroup = "rbac.authorization.k8s.io";
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: "stands-in-for-view" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "view" },
    subjects: [{ apiGroup, kind: "Group", name: group }],
  };
}

/** What those who plan may and should not, or should and may not. */
export async function wrongRights(api: KubernetesApi, group: string, namespaces: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  const expect = async (allowed: boolean, verb: string, kind: Kind, where: { namespace?: string; part?: string } = {}) => {
    if ((await api.may(group, verb, kind, where)) === allowed) return;
    const what = [kind.kind, where.part, where.namespace].filter(Boolean).join(" ");
    found.push(`${group} may${allowed ? " not" : ""} ${verb} ${what}`);
  };
  for (const kind of KINDS_OF_STACKS) {
    if (kind.kind !== SECRET.kind) await expect(true, "get", kind);
    for (const verb of ["create", "update", "patch", "delete"]) await expect(false, verb, kind);
  }
  await expect(true, "list", { apiVersion: "v1", kind: "ConfigMap" }); // releases
  for (const verb of ["get", "list", "watch"])
    for (const where of [{}, ...namespaces.map((namespace) => ({ namespace }))]) await expect(false, verb, SECRET, where);
  // Ways around: the token of who may read them, and a shell beside them.
  await expect(false, "create", { apiVersion: "v1", kind: "ServiceAccount" }, { part: "token" });
  for (const part of ["exec", "attach", "portforward", "ephemeralcontainers"])
    for (const verb of ["get", "create", "patch"]) await expect(false, verb, { apiVersion: "v1", kind: "Pod" }, { part });
  return found;
}

const SECRET: Kind = { apiVersion: "v1", kind: "Secret" };

const KINDS_OF_STACKS: readonly Kind[] = [...new Map(Object.values(KINDS).map((kind) => [kind.kind, kind])).values()];
