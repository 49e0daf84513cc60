import { dashboard, figure, lines, RATE, table, toLogs, toTraces, UNIT, variable } from "./kit";
import { errorShare, medians, p95, requestRate, WORKLOAD_LINKS } from "./services";

/** Synthesis writes the name of the domain and its namespace in their place. */
const IN = 'cluster=~"$cluster",namespace="__NAMESPACE__"';
const REQUESTS = `kind="http",app_kubernetes_io_name=~"$service",${IN}`;
const BY = "cluster, app_kubernetes_io_name";

// Resources by workload: containers know their pod only.
const byWorkload = (expr: string) =>
  `sum by (cluster, workload) (${expr} * on (cluster, namespace, pod) group_left (workload) max by (cluster, namespace, pod, workload) (pod:kube_workload:info{workload=~"$service.*",${IN}}))`;

const cpu = `sum by (cluster, namespace, pod) (rate(container_cpu_usage_seconds_total{container!="",${IN}}${RATE}))`;
const memory = `sum by (cluster, namespace, pod) (container_memory_working_set_bytes{container!="",${IN}})`;
const requested = (resource: string) =>
  `sum by (cluster, namespace, pod) (kube_pod_container_resource_requests{resource="${resource}",${IN}})`;
const limit = (resource: string) => `sum by (cluster, namespace, pod) (kube_pod_container_resource_limits{resource="${resource}",${IN}})`;

export const domain = dashboard({
  uid: "cqrs-domain-__DOMAIN__",
  title: "Domain: __DOMAIN__",
  description: "Services of the domain __DOMAIN__ (namespace __NAMESPACE__): requests, errors, latency, pods and resources.",
  tags: ["cqrs-domain"],
  variables: [variable("cluster", "Cluster", 'kube_namespace_status_phase{namespace="__NAMESPACE__"}'), serviceVariable()],
  rollouts: IN,
  alerts: IN,
  sections: [
    {
      id: 100,
      title: "Requests",
      panels: [
        figure({
          id: 1,
          title: "Requests",
          description: "Requests per second to all chosen services.",
          unit: UNIT.requests,
          width: 6,
          queries: [{ expr: requestRate("cluster", REQUESTS), legend: "{{cluster}}" }],
        }),
        figure({
          id: 2,
          title: "Errors",
          description: "Requests per second answered with 5xx. More than 0.1 for 2 minutes wakes the owner.",
          unit: UNIT.requests,
          decimals: 2,
          width: 6,
          limits: { critical: { at: 0.1, alert: "RequestErrors" } },
          queries: [
            {
              expr: `max by (cluster) (sum by (${BY}) (service:errors:rate5m{${REQUESTS}})) or 0 * ${requestRate("cluster", REQUESTS)}`,
              legend: "{{cluster}}",
            },
          ],
        }),
        figure({
          id: 3,
          title: "Slowest service",
          description: "The highest 95th percentile of the chosen services.",
          unit: UNIT.seconds,
          width: 6,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [{ expr: p95("cluster", REQUESTS), legend: "{{cluster}}" }],
        }),
        figure({
          id: 4,
          title: "Missing pods",
          description: "Pods that should be available and are not.",
          unit: UNIT.count,
          width: 6,
          limits: { warning: { at: 1, alert: "WorkloadReplicasUnavailable" } },
          queries: [
            {
              expr: `sum by (cluster) (workload:kube_replicas_desired:max{workload=~"$service.*",${IN}} - workload:kube_replicas_available:max{workload=~"$service.*",${IN}})`,
              legend: "{{cluster}}",
            },
          ],
        }),
        lines({
          id: 10,
          title: "Requests by service",
          description: "Requests per second.",
          unit: UNIT.requests,
          width: 12,
          queries: [{ expr: requestRate(BY, REQUESTS), legend: "{{app_kubernetes_io_name}}" }],
          links: WORKLOAD_LINKS,
        }),
        lines({
          id: 11,
          title: "Errors by service",
          description: "Requests per second answered with 5xx.",
          unit: UNIT.requests,
          decimals: 2,
          width: 12,
          limits: { critical: { at: 0.1, alert: "RequestErrors" } },
          queries: [
            {
              expr: `sum by (${BY}) (service:errors:rate5m{${REQUESTS}}) or 0 * ${requestRate(BY, REQUESTS)}`,
              legend: "{{app_kubernetes_io_name}}",
            },
          ],
          links: WORKLOAD_LINKS,
        }),
        lines({
          id: 12,
          title: "Slowest 5% of requests",
          description:
            "95% are faster than this, in the last 5 minutes, by service; with the median. Points are single requests: click one for its trace.",
          unit: UNIT.seconds,
          width: 12,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [
            { expr: p95(BY, REQUESTS), legend: "{{app_kubernetes_io_name}}" },
            ...medians(`app_kubernetes_io_name=~"$service",${IN}`),
          ],
          links: WORKLOAD_LINKS,
        }),
        table({
          id: 13,
          title: "Services",
          description: "Each service now, and by its name the way to its traces and logs.",
          width: 12,
          columns: [
            { label: "cluster", title: "Cluster" },
            {
              label: "app_kubernetes_io_name",
              title: "Service",
              links: [toTraces({ column: "Service" }), toLogs({ column: "Service" }, "service.name")],
            },
            { expr: requestRate(BY, REQUESTS), title: "Requests", unit: UNIT.requests, decimals: 1 },
            {
              expr: errorShare(BY, REQUESTS),
              title: "Failed",
              unit: UNIT.share,
              decimals: 2,
              limits: { critical: { at: 0.01, alert: "RequestErrors" } },
            },
            { expr: p95(BY, REQUESTS), title: "p95", unit: UNIT.seconds, limits: { warning: { at: 1, alert: "RequestsSlow" } } },
          ],
          sort: "Requests",
        }),
      ],
    },
    {
      id: 101,
      title: "Pods and resources",
      panels: [
        lines({
          id: 20,
          title: "Available pods",
          description: "Available and wanted pods by workload.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: `max by (cluster, workload) (workload:kube_replicas_available:max{workload=~"$service.*",${IN}})`,
              legend: "{{workload}}",
            },
          ],
        }),
        lines({
          id: 21,
          title: "CPU used of requests",
          description: "Usage as share of what the pods ask for. Above 1 the pods live on what others leave.",
          unit: UNIT.share,
          width: 8,
          queries: [{ expr: `${byWorkload(cpu)} / ${byWorkload(requested("cpu"))}`, legend: "{{workload}}" }],
        }),
        lines({
          id: 22,
          title: "Memory used of limits",
          description: "Working set as share of the limit. At 1 the kernel kills the container.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [{ expr: `${byWorkload(memory)} / ${byWorkload(limit("memory"))}`, legend: "{{workload}}" }],
        }),
        lines({
          id: 23,
          title: "Restarts",
          description: "Restarts of containers in 10 minutes.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: byWorkload(`sum by (cluster, namespace, pod) (increase(kube_pod_container_status_restarts_total{${IN}}[10m]))`),
              legend: "{{workload}}",
            },
          ],
        }),
        lines({
          id: 24,
          title: "Waiting for CPU",
          description: "Share of the scheduler's periods in which a container was held at its CPU limit. Requests get slower by it.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.25, alert: "WorkloadCpuThrottled" } },
          queries: [
            {
              expr: `${byWorkload(`sum by (cluster, namespace, pod) (rate(container_cpu_cfs_throttled_periods_total{container!="",${IN}}${RATE}))`)} / ${byWorkload(`sum by (cluster, namespace, pod) (rate(container_cpu_cfs_periods_total{container!="",${IN}}${RATE}))`)}`,
              legend: "{{workload}}",
            },
          ],
        }),
        lines({
          id: 25,
          title: "Network",
          description: "Bytes per second received and sent by the namespace's pods.",
          unit: UNIT.bytesPerSecond,
          width: 8,
          queries: [
            { expr: `sum by (cluster) (rate(container_network_receive_bytes_total{${IN}}${RATE}))`, legend: "received" },
            { expr: `sum by (cluster) (rate(container_network_transmit_bytes_total{${IN}}${RATE}))`, legend: "sent" },
          ],
        }),
      ],
    },
  ],
});

// Workloads that don't serve requests have no series of requests, but an owner of their pods.
function serviceVariable() {
  return variable("service", "Service", `workload:kube_replicas_desired:max{${IN}}`, "workload");
}
