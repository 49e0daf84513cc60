import { CLUSTER, dashboard, figure, lines, NAMESPACE, table, toLogs, UNIT, variable, YES } from "./kit";

const missing = `workload:kube_replicas_desired:max{${NAMESPACE}} - workload:kube_replicas_available:max{${NAMESPACE}}`;

const BY = "cluster, namespace";

const atMaximum = `kube_horizontalpodautoscaler_status_desired_replicas{${NAMESPACE}} / kube_horizontalpodautoscaler_spec_max_replicas{${NAMESPACE}}`;

const quota = `max by (${BY}, resource) (kube_resourcequota{type="used",resource=~"pods|(requests|limits)[.](cpu|memory)",${NAMESPACE}} / ignoring (type) (kube_resourcequota{type="hard",${NAMESPACE}} > 0))`;

// Rolled out to the end: the controller has seen the latest specification, and all replicas are of it.
const updated = `workload:kube_replicas_updated:max{${NAMESPACE}} / (workload:kube_replicas_desired:max{${NAMESPACE}} > 0)`;

const drill = (measured: string, objective: string) =>
  `max by (${BY}, cronjob) (cronjob:restore_drill_${measured}:last{objective="${objective}",${NAMESPACE}})`;

export const releases = dashboard({
  uid: "cqrs-releases",
  title: "Releases and jobs",
  description: "What runs in which version, whether rollouts get to their end, replicas, autoscaling, jobs, restore drills and quotas.",
  variables: [
    variable("cluster", "Cluster", "workload:kube_replicas_desired:max"),
    variable("namespace", "Namespace", `workload:kube_replicas_desired:max{${CLUSTER}}`),
  ],
  rollouts: NAMESPACE,
  from: "now-24h",
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "Missing replicas",
          description: "Replicas that should be available and are not, over all workloads.",
          unit: UNIT.count,
          width: 6,
          limits: { warning: { at: 1, alert: "WorkloadReplicasUnavailable" } },
          queries: [{ expr: `sum by (cluster) (${missing})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 2,
          title: "Rollouts not finished",
          description: "Workloads of which not all replicas are of the latest version. More than some minutes: it is stuck.",
          unit: UNIT.count,
          width: 6,
          queries: [{ expr: `count by (cluster) (${updated} < 1) or 0 * count by (cluster) (${updated})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 3,
          title: "Failed jobs",
          description: "Jobs that failed and are still there. Migrations and restore drills are among them.",
          unit: UNIT.count,
          width: 6,
          spark: false,
          limits: { warning: { at: 1, alert: "JobFailed" } },
          queries: [{ expr: `sum by (cluster) (kube_job_failed{condition="true",${NAMESPACE}})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 4,
          title: "Restarts in the last hour",
          description: "Restarts of containers. A few after a rollout are normal; a steady number is a crash loop.",
          unit: UNIT.count,
          decimals: 0,
          width: 6,
          queries: [
            { expr: `sum by (cluster) (increase(kube_pod_container_status_restarts_total{${NAMESPACE}}[1h]))`, legend: "{{cluster}}" },
          ],
        }),
      ],
    },
    {
      id: 101,
      title: "Versions and rollouts",
      panels: [
        table({
          id: 10,
          title: "Versions that run",
          description: "Images of running containers, and how many pods run each. Two versions of one workload: a rollout or two slots.",
          width: 12,
          height: 10,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "container", title: "Container" },
            { label: "image", title: "Image" },
            {
              expr: `count by (${BY}, container, image) (kube_pod_container_info{${NAMESPACE}})`,
              title: "Pods",
              unit: UNIT.count,
            },
          ],
          sort: "Namespace",
          ascending: true,
        }),
        table({
          id: 11,
          title: "Workloads",
          description: "Wanted and available replicas, and the share that is of the latest version.",
          width: 12,
          height: 10,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "workload", title: "Workload", links: [toLogs({ column: "Workload" }, "service.name")] },
            { expr: `workload:kube_replicas_desired:max{${NAMESPACE}}`, title: "Wanted", unit: UNIT.count },
            {
              expr: `workload:kube_replicas_available:max{${NAMESPACE}}`,
              title: "Available",
              unit: UNIT.count,
            },
            { expr: updated, title: "Updated", unit: UNIT.share },
          ],
          sort: "Namespace",
          ascending: true,
        }),
        lines({
          id: 12,
          title: "Updated replicas",
          description: "Share of replicas of the latest version. A rollout climbs from 0 to 1; one that stays between is stuck.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          queries: [{ expr: `${updated} < 1`, legend: "{{namespace}}/{{workload}}" }],
        }),
        lines({
          id: 13,
          title: "Missing replicas",
          description: "Replicas that should be available and are not, by workload.",
          unit: UNIT.count,
          width: 12,
          limits: { warning: { at: 1, alert: "WorkloadReplicasUnavailable" } },
          queries: [{ expr: `${missing} > 0`, legend: "{{namespace}}/{{workload}}" }],
        }),
        lines({
          id: 14,
          title: "Restarts",
          description: "Restarts in 10 minutes by container.",
          unit: UNIT.count,
          width: 12,
          queries: [
            {
              expr: `sum by (${BY}, container) (increase(kube_pod_container_status_restarts_total{${NAMESPACE}}[10m])) > 0`,
              legend: "{{namespace}}/{{container}}",
            },
          ],
        }),
        lines({
          id: 15,
          title: "Autoscalers, share of their maximum",
          description: "Replicas as share of the maximum. At 1 more load makes the workload slower.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          queries: [
            { expr: `max by (${BY}, horizontalpodautoscaler) (${atMaximum})`, legend: "{{namespace}}/{{horizontalpodautoscaler}}" },
          ],
        }),
      ],
    },
    {
      id: 102,
      title: "Jobs and quotas",
      panels: [
        table({
          id: 20,
          title: "Scheduled jobs",
          description: "Time since each CronJob last succeeded. Compare it with its schedule; suspended ones do not run.",
          width: 12,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "cronjob", title: "Job" },
            {
              expr: `time() - max by (${BY}, cronjob) (kube_cronjob_status_last_successful_time{${NAMESPACE}})`,
              title: "Last success",
              unit: UNIT.seconds,
            },
            {
              expr: `max by (${BY}, cronjob) (kube_cronjob_spec_suspend{${NAMESPACE}})`,
              title: "Suspended",
              unit: UNIT.count,
              words: { 0: { text: "No", color: "good" }, 1: { text: "Yes", color: "warning" } },
            },
          ],
          sort: "Last success",
        }),
        table({
          id: 21,
          title: "Failed jobs",
          description: "Jobs that failed and are still there. The log of their pod says why.",
          width: 12,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "job_name", title: "Job", links: [toLogs({ column: "Job" }, "service.name")] },
            { rows: `max by (${BY}, job_name) (kube_job_failed{condition="true",${NAMESPACE}}) == 1` },
          ],
          sort: "Namespace",
          ascending: true,
        }),
        lines({
          id: 22,
          title: "Quotas used",
          description: "Share of each namespace's quota. At 1 no further pod is admitted, so that rollouts and autoscalers stop.",
          unit: UNIT.share,
          max: 1,
          width: 24,
          limits: { warning: { at: 0.9, alert: "QuotaNearlyUsed" } },
          queries: [{ expr: quota, legend: "{{namespace}} {{resource}}" }],
        }),
      ],
    },
    {
      id: 103,
      title: "Restore drills",
      panels: [
        table({
          id: 30,
          title: "Last restore drill",
          description: "Result of the last drill of each store. What could not be measured is empty; the log of the job says why.",
          width: 12,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "cronjob", title: "Drill", links: [toLogs({ column: "Drill" }, "service.name")] },
            {
              expr: `time() - cronjob:restore_drill_timestamp_seconds:last{${NAMESPACE}}`,
              title: "Age",
              unit: UNIT.seconds,
            },
            {
              expr: `cronjob:restore_drill_passed:last{${NAMESPACE}}`,
              title: "Passed",
              unit: UNIT.count,
              words: YES,
            },
            { expr: drill("seconds", "rto"), title: "Restore", unit: UNIT.seconds },
            { expr: drill("objective_seconds", "rto"), title: "RTO", unit: UNIT.seconds },
            { expr: drill("seconds", "rpo"), title: "Data loss", unit: UNIT.seconds },
            { expr: drill("objective_seconds", "rpo"), title: "RPO", unit: UNIT.seconds },
          ],
          sort: "Restore",
        }),
        lines({
          id: 31,
          title: "Measured recovery, share of the objective",
          description: "Duration of the restore as share of the RTO, and data loss as share of the RPO. Above 1 a drill fails.",
          unit: UNIT.share,
          width: 12,
          limits: { warning: { at: 1, alert: "RestoreObjectiveExceeded" } },
          queries: [
            {
              expr: `cronjob:restore_drill_seconds:last{${NAMESPACE}} / cronjob:restore_drill_objective_seconds:last{${NAMESPACE}}`,
              legend: "{{namespace}}/{{cronjob}} {{objective}}",
            },
          ],
        }),
      ],
    },
  ],
});
