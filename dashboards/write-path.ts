import { BY_STORE, CLUSTER, dashboard, figure, lines, NAMESPACE, RATE, toDashboard, UNIT, variable } from "./kit";
import { errorShare, medians, operations, p95, requestRate, WORKLOAD_LINKS } from "./services";

const COMMANDS = `kind="command",${NAMESPACE}`;
const EVENTS = `kind="event",${NAMESPACE}`;

// The event store lies in a namespace of its own.
const APPENDS = `activity="append",${CLUSTER}`;
const TO_KURRENTDB = toDashboard("KurrentDB", "cqrs-kurrentdb", { store: "${__field.labels.store}" });

export const writePath = dashboard({
  uid: "cqrs-write-path",
  title: "Write path",
  description: "From a command to its event: commands by type, what they wait for, and the event store's appends.",
  variables: [
    variable("cluster", "Cluster", 'service:requests:rate5m{kind="command"}'),
    variable("namespace", "Namespace", `service:requests:rate5m{kind="command",${CLUSTER}}`),
  ],
  rollouts: NAMESPACE,
  sections: [
    {
      id: 100,
      title: "Commands",
      panels: [
        figure({
          id: 1,
          title: "Commands",
          description: "Commands per second, all types.",
          unit: UNIT.requests,
          width: 8,
          queries: [{ expr: requestRate("cluster", COMMANDS), legend: "{{cluster}}" }],
        }),
        figure({
          id: 2,
          title: "Commands that failed",
          description: "Share of commands that ended with an error.",
          unit: UNIT.share,
          width: 8,
          limits: { critical: { at: 0.01, alert: "RequestErrors" } },
          queries: [{ expr: errorShare("cluster", COMMANDS), legend: "{{cluster}}" }],
        }),
        figure({
          id: 3,
          title: "Slowest type of command",
          description: "The highest 95th percentile of all types.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [{ expr: p95("cluster", COMMANDS), legend: "{{cluster}}" }],
        }),
        ...operations("command", [10, 11, 12]),
        lines({
          id: 13,
          title: "Loading an aggregate",
          description: "The 95th percentile of the time that a command spends reading its aggregate's events.",
          unit: UNIT.seconds,
          width: 12,
          queries: [
            {
              expr: `max by (cluster, namespace, app_kubernetes_io_name) (service:aggregate_load_duration_seconds:p95_5m{${NAMESPACE}})`,
              legend: "{{app_kubernetes_io_name}}",
            },
          ],
        }),
        lines({
          id: 14,
          title: "Saving events",
          description: "The 95th percentile of the time that a command spends writing its events.",
          unit: UNIT.seconds,
          width: 12,
          queries: [
            {
              expr: `max by (cluster, namespace, app_kubernetes_io_name) (service:event_store_save_duration_seconds:p95_5m{${NAMESPACE}})`,
              legend: "{{app_kubernetes_io_name}}",
            },
          ],
        }),
        lines({
          id: 15,
          title: "Events handled",
          description: "Events per second, as the application counts them.",
          unit: UNIT.perSecond,
          width: 12,
          queries: [{ expr: requestRate("cluster, namespace, app_kubernetes_io_name", EVENTS), legend: "{{app_kubernetes_io_name}}" }],
          links: WORKLOAD_LINKS,
        }),
        lines({
          id: 16,
          title: "Slowest 5% of event handlers",
          description:
            "95% are faster than this, in the last 5 minutes; with the median of all HTTP requests, whose points lead to traces.",
          unit: UNIT.seconds,
          width: 12,
          queries: [
            { expr: p95("cluster, namespace, app_kubernetes_io_name", EVENTS), legend: "{{app_kubernetes_io_name}}" },
            ...medians(NAMESPACE),
          ],
          links: WORKLOAD_LINKS,
        }),
      ],
    },
    {
      id: 101,
      title: "Event store",
      panels: [
        lines({
          id: 20,
          title: "Events appended",
          description: "Events per second written to the log.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            {
              expr: `store:kurrentdb_events_written:rate5m{${CLUSTER}}`,
              legend: "{{store}}",
            },
          ],
          links: [TO_KURRENTDB],
        }),
        lines({
          id: 21,
          title: "Appends that failed",
          description: "Failed append calls per second. A wrong expected version is one too: two commands on one aggregate at once.",
          unit: UNIT.requests,
          width: 8,
          queries: [
            {
              expr: `sum by (${BY_STORE}) (rate(kurrentdb_grpc_method_duration_seconds_count{status="failed",${APPENDS}}${RATE}))`,
              legend: "{{store}}",
            },
          ],
          links: [TO_KURRENTDB],
        }),
        lines({
          id: 22,
          title: "Appends slower than 10 and 100 ms",
          description: "Share of append calls above boundaries of the event store's histogram.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.05, alert: "KurrentDbAppendsSlow" } },
          queries: ["0.01", "0.1"].map((le) => ({
            expr: `1 - sum by (${BY_STORE}) (rate(kurrentdb_grpc_method_duration_seconds_bucket{le="${le}",${APPENDS}}${RATE})) / sum by (${BY_STORE}) (rate(kurrentdb_grpc_method_duration_seconds_count{${APPENDS}}${RATE}))`,
            legend: `{{store}} > ${Number(le) * 1000} ms`,
          })),
          links: [TO_KURRENTDB],
        }),
      ],
    },
  ],
});
