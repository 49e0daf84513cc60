import { ago, DAY } from "../healthy";
import { blind, ended, evicted, type Fault, MINUTE, place, unavailable, waits } from "./happenings";

export const WORKLOADS: readonly Fault[] = [
  {
    name: "no pod of a service works",
    happens: (system) => unavailable(system, "write-side", "command-api", [0, 1], 2),
    told: { WorkloadDown: ["oncall", "5m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "command-api" }, 0, 90),
  },
  {
    name: "a pod of a service doesn't work",
    happens: (system) => unavailable(system, "read-side", "query-api", [1], 2),
    told: { WorkloadReplicasUnavailable: ["team", "17m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "query-api" }, 1, 12 * MINUTE),
  },
  {
    name: "a container crashes again and again",
    happens: (system) => waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "CrashLoopBackOff"),
    told: { WorkloadCrashLooping: ["team", "12m"] },
    almost: (system) => system.set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, 2),
  },
  {
    name: "a container restarts every twelve minutes",
    happens: (system) =>
      system.set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, (_, since) => Math.floor(since / 720)),
    told: { WorkloadRestarts: ["team", "40m"] },
    almost: (system) =>
      system.set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, (_, since) => Math.floor(since / 2700)),
  },
  {
    name: "pods are evicted",
    happens: (system) => evicted(evicted(system, "query-api-6d9f-0"), "query-api-6d9f-1"),
    told: { WorkloadPodsEvicted: ["team", "4m"] },
    almost: (system) => evicted(system, "query-api-6d9f-0"),
  },
  {
    name: "an image can't be pulled",
    happens: (system) => waits(unavailable(system, "read-side", "query-api", [1], 2), "query-api-6d9f-1", "ImagePullBackOff"),
    told: { WorkloadContainerWaiting: ["team", "12m"] },
    almost: (system) => waits(system, "query-api-6d9f-1", "PodInitializing"),
  },
  {
    name: "a container exceeds its memory limit",
    happens: (system) =>
      system
        .add(
          "kube_pod_container_status_last_terminated_reason",
          { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1", container: "query-api", reason: "OOMKilled" },
          1,
        )
        .set("kube_pod_container_status_restarts_total", { pod: "query-api-6d9f-1" }, (_, since) => 1 + Math.floor(since / 200)),
    told: { WorkloadOutOfMemory: ["team", "9m"] },
  },
  {
    name: "a pod fits on no node",
    happens: (system) =>
      unavailable(system, "read-side", "query-api", [1], 2).add(
        "kube_pod_status_unschedulable",
        { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1" },
        1,
      ),
    told: { WorkloadPodsUnschedulable: ["team", "12m"] },
  },
  {
    name: "pods are refused",
    happens: (system) =>
      unavailable(system, "read-side", "query-api", [1], 2).add(
        "kube_deployment_status_condition",
        { ...place(system), namespace: "read-side", deployment: "query-api", condition: "ReplicaFailure", status: "true" },
        1,
      ),
    told: { WorkloadPodsRefused: ["team", "7m"] },
  },
  {
    name: "a rollout doesn't advance",
    happens: (system) =>
      system
        .relabel("kube_deployment_status_condition", { deployment: "query-api" }, { status: "false" })
        .set("kube_deployment_status_replicas_updated", { deployment: "query-api" }, 1),
    told: { WorkloadRolloutStuck: ["team", "17m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_updated", { deployment: "query-api" }, 1, 10 * MINUTE),
  },
  {
    name: "an autoscaler is at its maximum",
    happens: (system) => system.set("kube_horizontalpodautoscaler_status_desired_replicas", {}, 10),
    told: { WorkloadAutoscalerAtMaximum: ["team", "17m"] },
    almost: (system) => system.set("kube_horizontalpodautoscaler_status_desired_replicas", {}, 9),
  },
  {
    name: "an autoscaler can't read its signal",
    happens: blind,
    told: { WorkloadAutoscalerFailing: ["team", "12m"] },
  },
  {
    name: "a quota is nearly used",
    happens: (system) => system.set("kube_resourcequota", { resource: "requests.cpu", type: "used" }, 9.5),
    told: { QuotaNearlyUsed: ["team", "17m"] },
    almost: (system) => system.set("kube_resourcequota", { resource: "requests.cpu", type: "used" }, 8.9),
  },
  {
    name: "a disruption budget allows nothing",
    happens: (system) =>
      system
        .set("kube_poddisruptionbudget_status_current_healthy", {}, 1)
        .set("kube_poddisruptionbudget_status_pod_disruptions_allowed", {}, 0),
    told: { WorkloadDisruptionBudgetAtLimit: ["nobody", "33m"] },
  },
  {
    name: "a migration has failed",
    happens: (system) =>
      system.add("kube_job_failed", { ...place(system), namespace: "write-side", job_name: "migrate-2", condition: "true" }, 1),
    told: { JobFailed: ["team", "3m"] },
  },
  {
    name: "the last job of a schedule has failed",
    happens: (system) => ended(system, "failed", "write-side", "expire-orders", "2", 60),
    told: { CronJobFailed: ["team", "5m"] },
    almost: (system) => ended(system, "failed", "write-side", "expire-orders", "0", DAY),
  },
  {
    name: "a job is not started at its time",
    happens: (system) => system.set("kube_cronjob_next_schedule_time", { cronjob: "expire-orders" }, ago(-20 * MINUTE)),
    told: { CronJobLate: ["team", "18m"] },
  },
];
