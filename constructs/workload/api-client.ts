import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1, type RoleV1Config } from "@cdktf/provider-kubernetes/lib/role-v1";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Variables of a program that calls the Kubernetes API as its pod's service account. */
export const API_CLIENT = {
  API: "https://kubernetes.default.svc",
  API_CA: `${ACCOUNT}/ca.crt`,
  TOKEN: `${ACCOUNT}/token`,
} as const;

/** A pod template whose containers have the token of the service account. */
export function withToken<T extends { readonly spec: object }>(template: T) {
  return { ...template, spec: { ...template.spec, automountServiceAccountToken: true } };
}

/** Rights of a service account in its own namespace. */
export interface OwnRights {
  /** Name of the service account, of the role and of the binding. */
  readonly name: string;
  readonly namespace: string;
  readonly rule: RoleV1Config["rule"];
  readonly after: readonly ITerraformDependable[];
}

/** Grants a service account rights in its own namespace: creates a role, and returns its binding. */
export function ownRights(scope: Construct, { name, namespace, rule, after }: OwnRights): RoleBindingV1 {
  const metadata = { namespace, name };
  const role = new RoleV1(scope, "role", { metadata, rule, dependsOn: [...after] });
  return new RoleBindingV1(scope, "binding", {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subject: [{ kind: "ServiceAccount", name, namespace }],
    dependsOn: [role],
  });
}
