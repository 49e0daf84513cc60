import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, DEFAULT_SERVICE_ACCOUNT, ROLE, ROLE_BINDING, SERVICE_ACCOUNT } from "./access";
import { CONFIG_MAP, LIMIT_RANGE, NAMESPACE, PRIORITY_CLASS, RESOURCE_QUOTA, STORAGE_CLASS } from "./cluster";
import { type Block, block, type Fields, type Finish, terraform } from "./schema";
import { finishSecret, SECRET } from "./secret";
import { NETWORK_POLICY, SERVICE } from "./traffic";
import { CLAIM } from "./volumes";
import { AUTOSCALER, CRON_JOB, DAEMON_SET, DEPLOYMENT, DISRUPTION_BUDGET, JOB, STATEFUL_SET } from "./workloads";

/** The API kind of a Terraform resource. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly block: Block;
}

const RBAC = "rbac.authorization.k8s.io/v1";

/** All supported resources, by their Terraform type: provider kubernetes 2.38. */
export const KINDS: Readonly<Record<string, Kind>> = {
  kubernetes_namespace_v1: kind("v1", "Namespace", NAMESPACE),
  kubernetes_resource_quota_v1: kind("v1", "ResourceQuota", RESOURCE_QUOTA),
  kubernetes_limit_range_v1: kind("v1", "LimitRange", LIMIT_RANGE),
  kubernetes_priority_class_v1: kind("scheduling.k8s.io/v1", "PriorityClass", PRIORITY_CLASS),
  kubernetes_storage_class_v1: kind("storage.k8s.io/v1", "StorageClass", STORAGE_CLASS),
  kubernetes_network_policy_v1: kind("networking.k8s.io/v1", "NetworkPolicy", NETWORK_POLICY),
  kubernetes_service_account_v1: kind("v1", "ServiceAccount", SERVICE_ACCOUNT),
  kubernetes_default_service_account_v1: kind("v1", "ServiceAccount", DEFAULT_SERVICE_ACCOUNT),
  kubernetes_role_v1: kind(RBAC, "Role", ROLE),
  kubernetes_role_binding_v1: kind(RBAC, "RoleBinding", ROLE_BINDING),
  kubernetes_cluster_role_v1: kind(RBAC, "ClusterRole", CLUSTER_ROLE),
  kubernetes_cluster_role_binding_v1: kind(RBAC, "ClusterRoleBinding", CLUSTER_ROLE_BINDING),
  kubernetes_config_map_v1: kind("v1", "ConfigMap", CONFIG_MAP),
  kubernetes_secret_v1: kind("v1", "Secret", SECRET, finishSecret),
  kubernetes_service_v1: kind("v1", "Service", SERVICE),
  kubernetes_persistent_volume_claim_v1: kind("v1", "PersistentVolumeClaim", { ...CLAIM, wait_until_bound: terraform }),
  kubernetes_deployment_v1: kind("apps/v1", "Deployment", DEPLOYMENT),
  kubernetes_stateful_set_v1: kind("apps/v1", "StatefulSet", STATEFUL_SET),
  kubernetes_daemon_set_v1: kind("apps/v1", "DaemonSet", DAEMON_SET),
  kubernetes_daemonset: kind("apps/v1", "DaemonSet", DAEMON_SET),
  kubernetes_job_v1: kind("batch/v1", "Job", JOB),
  kubernetes_cron_job_v1: kind("batch/v1", "CronJob", CRON_JOB),
  kubernetes_pod_disruption_budget_v1: kind("policy/v1", "PodDisruptionBudget", DISRUPTION_BUDGET),
  kubernetes_horizontal_pod_autoscaler_v2: kind("autoscaling/v2", "HorizontalPodAutoscaler", AUTOSCALER),
};

function kind(apiVersion: string, name: string, fields: Fields, finish?: Finish): Kind {
  return { apiVersion, kind: name, block: block({ ...fields, id: terraform }, finish) };
}
