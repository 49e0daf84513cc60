import { bars, CLUSTER, dashboard, figure, HEALTH, lines, table, toDashboard, UNIT, type ValueLink, variable } from "./kit";
import { budgetLeft } from "./objectives";
import { errorShare, p95, requestRate } from "./services";

const LABELS = "${__field.labels.store}";
const shown = (severity: string) => `${severity},alertname!="Watchdog",${CLUSTER}`;
const SHOWN = shown('severity=~"critical|warning"');
const firing = (alerts: string) => `ALERTS{alertstate="firing",${alerts}}`;
const FIRING = firing(SHOWN);

/** Labels that say what an alert is about, the most telling one last. */
const THINGS = [
  "name",
  "service",
  "app_kubernetes_io_name",
  "job_name",
  "cronjob",
  "instance",
  "node",
  "workload",
  "persistentvolumeclaim",
  "store",
];
const ALERT = "severity, alertname, cluster, namespace, what";
const about = (alerts: string, first: "min" | "max") =>
  `${first} by (${ALERT}) (${THINGS.reduce((of, label) => `label_replace(${of}, "what", "$1", "${label}", "(.+)")`, alerts)})`;

const MODEL = "cluster, namespace, store, projection";
const behind = `max by (${MODEL}) (read_model:behind_events:max{${CLUSTER}} and on (${MODEL}, slot) read_model:live:max{${CLUSTER}} == 1)`;

const WRITE: readonly ValueLink[] = [toDashboard("Write path", "cqrs-write-path")];
const READ: readonly ValueLink[] = [toDashboard("Read path", "cqrs-read-path")];
const MODELS: readonly ValueLink[] = [toDashboard("Read models", "cqrs-projections", { projection: "${__field.labels.projection}" })];
const EVENTS: readonly ValueLink[] = [toDashboard("KurrentDB", "cqrs-kurrentdb", { store: LABELS })];

const part = (name: string) => `min(cqrs:health{part="${name}"})`;

export const overview = dashboard({
  uid: "cqrs-overview",
  title: "System overview",
  description: "The first page for someone just woken: is the system healthy, which part is not, what fires, and where to look next.",
  variables: [variable("cluster", "Cluster", "up")],
  rollouts: CLUSTER,
  sections: [
    {
      id: 100,
      title: "Is the system healthy?",
      panels: [
        figure({
          id: 1,
          title: "Health",
          description: "The whole and its parts. Degraded: it works with less safety, or shows old data. Unhealthy: users are hurt.",
          unit: UNIT.count,
          width: 15,
          height: 5,
          words: HEALTH,
          queries: [
            { expr: part("system"), legend: "System" },
            { expr: part("write_side"), legend: "Write side" },
            { expr: part("event_store"), legend: "Event store" },
            { expr: part("projections"), legend: "Projections" },
            { expr: part("read_side"), legend: "Read side" },
          ],
        }),
        figure({
          id: 2,
          title: "Alerts that fire",
          description: "Critical ones wake someone; warnings wait for the next working day.",
          unit: UNIT.count,
          width: 5,
          height: 5,
          spark: false,
          alarms: { critical: "critical", warning: "warning" },
          queries: [
            { expr: `sum(${firing(shown('severity="critical"'))}) or vector(0)`, legend: "critical" },
            { expr: `sum(${firing(shown('severity="warning"'))}) or vector(0)`, legend: "warning" },
          ],
        }),
        figure({
          id: 3,
          title: "Furthest behind",
          description: "Events that the live read model that is furthest behind has not processed. Queries don't show them yet.",
          unit: UNIT.count,
          width: 4,
          height: 5,
          limits: { warning: { at: 1000, alert: "ReadModelBehind" } },
          queries: [{ expr: `max(${behind})`, legend: "events" }],
          links: [toDashboard("Read models", "cqrs-projections")],
        }),
        table({
          id: 4,
          title: "Which alerts fire, where, and for how long",
          description:
            "Each alert with its place, and the time since its condition holds. Its runbook is linked in the notification, and named after the alert.",
          width: 14,
          height: 7,
          columns: [
            { label: "severity", title: "Severity" },
            { label: "alertname", title: "Alert" },
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "what", title: "What" },
            {
              expr: `time() - ${about(`ALERTS_FOR_STATE{${SHOWN}}`, "min")} and ${about(FIRING, "max")}`,
              title: "Active for",
              unit: UNIT.seconds,
            },
          ],
          sort: "Severity",
          ascending: true,
        }),
        bars({
          id: 5,
          title: "Error budgets left",
          description: "Share of the 30 days' budget of each objective that is left. At 0 the promise is broken.",
          unit: UNIT.share,
          max: 1,
          width: 10,
          height: 7,
          queries: [{ expr: budgetLeft(CLUSTER), legend: "{{service}} {{objective}}" }],
          links: [toDashboard("Service level objectives", "cqrs-slos")],
        }),
      ],
    },
    {
      id: 101,
      title: "Write side",
      panels: [
        lines({
          id: 10,
          title: "Commands",
          description: "Commands per second by service.",
          unit: UNIT.requests,
          width: 8,
          queries: [
            { expr: requestRate("cluster, app_kubernetes_io_name", `kind="command",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" },
          ],
          links: WRITE,
        }),
        lines({
          id: 11,
          title: "Commands that failed",
          description: "Share of commands that ended with an error.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { critical: { at: 0.01, alert: "RequestErrors" } },
          queries: [
            { expr: errorShare("cluster, app_kubernetes_io_name", `kind="command",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" },
          ],
          links: WRITE,
        }),
        lines({
          id: 12,
          title: "Slowest 5% of commands",
          description: "The 95th percentile of the slowest type of command.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [{ expr: p95("cluster, app_kubernetes_io_name", `kind="command",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" }],
          links: WRITE,
        }),
      ],
    },
    {
      id: 102,
      title: "Event store",
      panels: [
        lines({
          id: 20,
          title: "Events written",
          description: "Events per second that the event store took.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [{ expr: `store:kurrentdb_events_written:rate5m{${CLUSTER}}`, legend: "{{store}}" }],
          links: EVENTS,
        }),
        lines({
          id: 21,
          title: "Followers behind the leader",
          description: "Bytes of the log that each node lacks.",
          unit: UNIT.bytes,
          width: 8,
          limits: { warning: { at: 268_435_456, alert: "KurrentDbFollowerBehind" } },
          queries: [{ expr: `pod:kurrentdb_writer_lag:bytes{${CLUSTER}}`, legend: "{{pod}}" }],
          links: EVENTS,
        }),
        lines({
          id: 22,
          title: "Disk of the event store",
          description: "Share of the volume that is used. A full volume stops the node.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { critical: { at: 0.9, alert: "KurrentDbDiskFull" } },
          queries: [{ expr: `max by (cluster, namespace, store, pod) (pod:kurrentdb_disk_used:ratio{${CLUSTER}})`, legend: "{{pod}}" }],
          links: EVENTS,
        }),
      ],
    },
    {
      id: 103,
      title: "Read side",
      panels: [
        lines({
          id: 30,
          title: "Queries",
          description: "Queries per second by service. What a CDN answers does not arrive here.",
          unit: UNIT.requests,
          width: 6,
          queries: [
            { expr: requestRate("cluster, app_kubernetes_io_name", `kind="query",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" },
          ],
          links: READ,
        }),
        lines({
          id: 31,
          title: "HTTP requests that failed",
          description: "Share of requests answered with 5xx, by service.",
          unit: UNIT.share,
          max: 1,
          width: 6,
          limits: { critical: { at: 0.01, alert: "RequestErrors" } },
          queries: [
            { expr: errorShare("cluster, app_kubernetes_io_name", `kind="http",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" },
          ],
          links: READ,
        }),
        lines({
          id: 32,
          title: "Slowest 5% of queries",
          description: "The 95th percentile of the slowest type of query.",
          unit: UNIT.seconds,
          width: 6,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [{ expr: p95("cluster, app_kubernetes_io_name", `kind="query",${CLUSTER}`), legend: "{{app_kubernetes_io_name}}" }],
          links: READ,
        }),
        lines({
          id: 33,
          title: "Read models behind",
          description: "Events that live read models have not processed. Queries don't show them yet.",
          unit: UNIT.count,
          width: 6,
          limits: { warning: { at: 1000, alert: "ReadModelBehind" } },
          queries: [{ expr: behind, legend: "{{projection}}" }],
          links: MODELS,
        }),
      ],
    },
    {
      id: 104,
      title: "What it runs on",
      panels: [
        lines({
          id: 40,
          title: "Missing pods",
          description: "Pods that should be available and are not. Only workloads that lack one are shown.",
          unit: UNIT.count,
          width: 12,
          limits: { warning: { at: 1, alert: "WorkloadReplicasUnavailable" } },
          queries: [
            {
              expr: `workload:kube_replicas_desired:max{${CLUSTER}} - workload:kube_replicas_available:max{${CLUSTER}} > 0`,
              legend: "{{namespace}}/{{workload}}",
            },
          ],
          links: [toDashboard("Releases", "cqrs-releases", { namespace: "${__field.labels.namespace}" })],
        }),
        lines({
          id: 41,
          title: "Nodes: memory available",
          description: "Share of memory that is available on the node that has least, by cluster.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          limits: { warning: { at: 0.05, alert: "NodeMemoryLow" }, below: true },
          queries: [
            {
              expr: `min by (cluster) (node_memory_MemAvailable_bytes{${CLUSTER}} / node_memory_MemTotal_bytes{${CLUSTER}})`,
              legend: "{{cluster}}",
            },
          ],
        }),
      ],
    },
  ],
});
