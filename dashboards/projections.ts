import { dashboard, figure, lines, STORE, storeVariables, table, UNIT, variable, YES } from "./kit";

const MODEL = "cluster, namespace, store, projection, slot";
const OF = `projection=~"$projection",${STORE}`;

// The slot that queries read.
const live = (expr: string) => `${expr} and on (${MODEL}) read_model:live:max{${OF}} == 1`;
const exported = (metric: string) => `max by (${MODEL}) (${metric}{${OF}})`;

const behind = `read_model:behind_events:max{${OF}}`;
const unowned = `read_model:partitions_unowned:max{${OF}}`;
const speed = `clamp_min(read_model:events:rate5m{${OF}}, 0)`;

const BEHIND = { warning: { at: 1000, alert: "ReadModelBehind" } } as const;
const UNOWNED = { critical: { at: 1, alert: "ReadModelPartitionsUnowned" } } as const;

export const projections = dashboard({
  uid: "cqrs-projections",
  title: "Read models and projections",
  description: "How far each read model is behind the event store, how fast it moves, and who works on it.",
  variables: [
    ...storeVariables("cqrs_projection_partitions"),
    variable("projection", "Read model", `cqrs_projection_partitions{${STORE}}`),
  ],
  sections: [
    {
      id: 100,
      title: "Read models that are read",
      panels: [
        figure({
          id: 1,
          title: "Events behind",
          description: "Events that the live slot has not processed: queries don't show them. Below 1,000 is healthy.",
          unit: UNIT.count,
          width: 10,
          limits: BEHIND,
          queries: [{ expr: live(behind), legend: "{{projection}}" }],
        }),
        figure({
          id: 2,
          title: "Partitions without a worker",
          description: "Partitions of live slots that no worker owns. Their events wait; a worker that starts takes them.",
          unit: UNIT.count,
          decimals: 0,
          width: 7,
          limits: UNOWNED,
          queries: [{ expr: live(unowned), legend: "{{projection}}" }],
        }),
        figure({
          id: 3,
          title: "Last event processed",
          description: "Time since a partition last processed an event. In a quiet hour it is large, and so is nothing behind.",
          unit: UNIT.seconds,
          width: 7,
          queries: [{ expr: `time() - (${live(exported("cqrs_projection_last_advanced_timestamp_seconds"))})`, legend: "{{projection}}" }],
        }),
        table({
          id: 4,
          title: "All slots",
          description: "Each read model by slot. The slot that is not live is built for a release; queries do not read it.",
          width: 24,
          height: 6,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "projection", title: "Read model" },
            { label: "slot", title: "Slot" },
            {
              expr: `read_model:live:max{${OF}}`,
              title: "Live",
              unit: UNIT.count,
              words: { 1: { text: "Live", color: "good" }, 0: { text: "Built", color: "warning" } },
            },
            {
              expr: behind,
              title: "Behind",
              unit: UNIT.count,
              limits: BEHIND,
            },
            { expr: speed, title: "Events per second", unit: UNIT.perSecond },
            { expr: `read_model:partitions:max{${OF}}`, title: "Partitions", unit: UNIT.count },
            {
              expr: unowned,
              title: "Without a worker",
              unit: UNIT.count,
              limits: UNOWNED,
            },
            {
              expr: `1 - ${exported("cqrs_projection_ahead")}`,
              title: "Within the store",
              unit: UNIT.count,
              words: YES,
            },
          ],
          sort: "Behind",
        }),
      ],
    },
    {
      id: 101,
      title: "Progress",
      panels: [
        lines({
          id: 10,
          title: "Events behind",
          description: "By read model and slot. A slope of 45 degrees: nothing is processed. Falling: it catches up.",
          unit: UNIT.count,
          width: 12,
          limits: BEHIND,
          queries: [{ expr: behind, legend: "{{projection}} {{slot}}" }],
        }),
        lines({
          id: 11,
          title: "Speed",
          description: "Events per second that the slowest partition passes. 0 with events behind: stuck.",
          unit: UNIT.perSecond,
          width: 12,
          queries: [{ expr: speed, legend: "{{projection}} {{slot}}" }],
        }),
        lines({
          id: 12,
          title: "Position",
          description: "Position that all partitions have passed. A flat line is a quiet store or a stuck partition.",
          unit: UNIT.count,
          width: 12,
          queries: [{ expr: exported("cqrs_projection_position"), legend: "{{projection}} {{slot}}" }],
        }),
        lines({
          id: 13,
          title: "Partitions without a worker",
          description: "By read model and slot. A short peak is a rollout of the workers; a plateau means too few workers.",
          unit: UNIT.count,
          width: 12,
          limits: UNOWNED,
          queries: [{ expr: unowned, legend: "{{projection}} {{slot}}" }],
        }),
        lines({
          id: 14,
          title: "Time since a worker was seen",
          description: "Time since a worker last reported the end of the event store. It rises: workers are down or can't reach the store.",
          unit: UNIT.seconds,
          width: 12,
          limits: { warning: { at: 60, alert: "ReadModelNotSeen" } },
          queries: [
            { expr: `time() - (${exported("cqrs_projection_last_seen_timestamp_seconds")} > 0)`, legend: "{{projection}} {{slot}}" },
          ],
        }),
        lines({
          id: 15,
          title: "Workers",
          description: "Available and wanted replicas in the namespaces of the read models.",
          unit: UNIT.count,
          width: 12,
          queries: [
            {
              expr: `max by (cluster, namespace, workload) (workload:kube_replicas_available:max{cluster=~"$cluster",workload=~".*projection.*"})`,
              legend: "{{workload}} available",
            },
            {
              expr: `max by (cluster, namespace, workload) (workload:kube_replicas_desired:max{cluster=~"$cluster",workload=~".*projection.*"})`,
              legend: "{{workload}} wanted",
            },
          ],
        }),
      ],
    },
  ],
});
