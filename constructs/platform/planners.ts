import { ClusterRoleBindingV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-binding-v1";
import { ClusterRoleV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-v1";
import { Construct } from "constructs";

export interface PlannersProps {
  /** The group of Kubernetes whose members plan. Of EKS: one that their access entry names. */
  readonly group: string;
}

/** What a plan refreshes and a reader of namespaces does not see (EKS, AmazonEKSViewPolicy; Kubernetes, role `view`). */
const BEYOND_VIEW: Readonly<Record<string, readonly string[]>> = {
  "rbac.authorization.k8s.io": ["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
  "scheduling.k8s.io": ["priorityclasses"],
  "storage.k8s.io": ["storageclasses"],
};

/**
 * Lets a group read what Terraform refreshes when it plans, beside what it may read in namespaces. Secrets are not
 * among it, so a pull request can be planned by a role that must not know any. It exists from the first apply on; the
 * plan before it refreshes nothing.
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
