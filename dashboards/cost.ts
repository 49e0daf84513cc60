import { CLUSTER, dashboard, figure, lines, NAMESPACE, number, RATE, table, UNIT, variable } from "./kit";

const BY = "cluster, namespace";

/** Hours of a month, as cloud bills count them. */
const HOURS = 730;

const GIB = 1_073_741_824;

// Pods that have ended ask for nothing, and their requests stay for a while.
const running = `on (cluster, namespace, pod) group_left max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running",${NAMESPACE}} == 1)`;

const requests = (resource: "cpu" | "memory") =>
  `sum by (${BY}) (kube_pod_container_resource_requests{resource="${resource}",${NAMESPACE}} * ${running})`;

const usedCpu = `sum by (${BY}) (rate(container_cpu_usage_seconds_total{container!="",${NAMESPACE}}${RATE}))`;
const usedMemory = `sum by (${BY}) (container_memory_working_set_bytes{container!="",${NAMESPACE}})`;
const volumes = `sum by (${BY}) (kube_persistentvolumeclaim_resource_requests_storage_bytes{${NAMESPACE}})`;

const price = (cpu: string, memory: string) => `(${cpu} * $cpu_price + ${memory} / ${GIB} * $memory_price) * ${HOURS}`;
const asked = price(requests("cpu"), requests("memory"));
const used = price(usedCpu, usedMemory);
const kept = `${volumes} / ${GIB} * $storage_price`;

export const cost = dashboard({
  uid: "cqrs-cost",
  title: "Cost of resources",
  description:
    "Resources asked for and used, with prices that you can change above. Default prices: AWS Fargate and EBS gp3 in us-east-1, on demand, per vCPU-hour, GB-hour and GB-month. They compare namespaces; the bill counts nodes.",
  variables: [
    variable("cluster", "Cluster", "kube_pod_container_resource_requests"),
    variable("namespace", "Namespace", `kube_pod_container_resource_requests{${CLUSTER}}`),
    number("cpu_price", "$ per core-hour", "AWS Fargate, Linux on x86, us-east-1: 0.04048 per vCPU-hour", 0.04048),
    number("memory_price", "$ per GiB-hour", "AWS Fargate, Linux on x86, us-east-1: 0.004445 per GB-hour", 0.004445),
    number("storage_price", "$ per GiB-month", "Amazon EBS gp3, us-east-1: 0.08 per GB-month", 0.08),
  ],
  from: "now-7d",
  sections: [
    {
      id: 100,
      title: "A month at this rate",
      panels: [
        figure({
          id: 1,
          title: "Asked for",
          description: "Requests of CPU and memory of all pods for a month of 730 hours, at the prices above.",
          unit: UNIT.dollars,
          decimals: 0,
          width: 6,
          queries: [{ expr: `sum by (cluster) (${asked})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 2,
          title: "Used",
          description: "CPU and memory in use now, for a month, at the same prices.",
          unit: UNIT.dollars,
          decimals: 0,
          width: 6,
          queries: [{ expr: `sum by (cluster) (${used})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 3,
          title: "Used of what was asked for",
          description: "Value used, as share of the value asked for. Low: requests can be lowered. Near 1: nodes have no reserve.",
          unit: UNIT.share,
          width: 6,
          queries: [{ expr: `sum by (cluster) (${used}) / sum by (cluster) (${asked})`, legend: "{{cluster}}" }],
        }),
        figure({
          id: 4,
          title: "Volumes",
          description: "Sizes of volume claims for a month, used or not.",
          unit: UNIT.dollars,
          decimals: 0,
          width: 6,
          queries: [{ expr: `sum by (cluster) (${kept})`, legend: "{{cluster}}" }],
        }),
        table({
          id: 5,
          title: "Namespaces",
          description: "What each namespace asks for and uses. Sorted by the value asked for.",
          width: 24,
          height: 9,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { expr: requests("cpu"), title: "CPU asked for", unit: UNIT.cores, decimals: 2 },
            { expr: usedCpu, title: "CPU used", unit: UNIT.cores, decimals: 2 },
            { expr: requests("memory"), title: "Memory asked for", unit: UNIT.bytes, decimals: 1 },
            { expr: usedMemory, title: "Memory used", unit: UNIT.bytes, decimals: 1 },
            { expr: volumes, title: "Volumes", unit: UNIT.bytes, decimals: 0 },
            { expr: asked, title: "Asked for per month", unit: UNIT.dollars, decimals: 0 },
            { expr: used, title: "Used per month", unit: UNIT.dollars, decimals: 0 },
          ],
          sort: "Asked for per month",
        }),
      ],
    },
    {
      id: 101,
      title: "Over time",
      panels: [
        lines({
          id: 10,
          title: "CPU used of requests",
          description: "Usage as share of requests. Above 1 the namespace lives on what others leave.",
          unit: UNIT.share,
          width: 12,
          queries: [{ expr: `${usedCpu} / ${requests("cpu")}`, legend: "{{cluster}}/{{namespace}}" }],
        }),
        lines({
          id: 11,
          title: "Memory used of requests",
          description: "Usage as share of requests. Above 1 pods are the first to be evicted when a node is short of memory.",
          unit: UNIT.share,
          width: 12,
          queries: [{ expr: `${usedMemory} / ${requests("memory")}`, legend: "{{cluster}}/{{namespace}}" }],
        }),
        lines({
          id: 12,
          title: "Asked for, per month",
          description: "Value of CPU and memory requests by namespace.",
          unit: UNIT.dollars,
          stacked: true,
          width: 24,
          queries: [{ expr: asked, legend: "{{cluster}}/{{namespace}}" }],
        }),
      ],
    },
  ],
});
