import { ClusterRoleBindingV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-binding-v1";
import { ClusterRoleV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-v1";
import { Construct } from "constructs";

export interface PlannersProps {
  /** Kubernetes group of the identities that plan. On EKS, their access entry names it. */
  readonly group: string;
}

/** Resources that a plan refreshes and view rights on namespaces don't include (EKS, AmazonEKSViewPolicy; Kubernetes, role `view`). */
const BEYOND_VIEW: Readonly<Record<string, readonly string[]>> = {
  "rbac.authorization.k8s.io": ["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
  "scheduling.k8s.io": ["priorityclasses"],
  "storage.k8s.io": ["storageclasses"],
};

/**
 * Allows a group to read what Terraform refreshes during a plan, in addition to view rights on namespaces. Secrets are not included, so a
 * role that must not read any can plan pull requests. It exists after the first apply; the plan before that refreshes nothing.
 */
export class Planners extends Construct {
  constructor(scope: Construct, id: string, { group }: PlannersProps) {
    super(scope, id);
    const role = new ClusterRoleV1(this, "role", {
      metadata: { name: group },
      rule: Object.entries(BEYOND_VIEW).map(([apiGroup, resources]) => ({
        apiGroups: [apiGroup],
        resources: [...resources],
        verbs: ["get", "list", "watch"],
      })),
    });
    new ClusterRoleBindingV1(this, "binding", {
      metadata: { name: group },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: group },
      subject: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
      dependsOn: [role],
    });
  }
}
