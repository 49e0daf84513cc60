import { type Fault, live, MINUTE } from "./happenings";

export const READ_MODELS: readonly Fault[] = [
  {
    name: "a read model is behind",
    happens: (system) => system.set("cqrs_projection_behind_events", live, 5000),
    told: { ReadModelBehind: ["team", "7m"] },
    almost: (system) => system.set("cqrs_projection_behind_events", live, 990),
  },
  {
    name: "a read model stands still",
    happens: (system) =>
      system
        .set("cqrs_projection_position", live, (before, since) => before - 20 * since)
        .set("cqrs_projection_behind_events", live, (before, since) => before + 20 * since),
    told: { ReadModelNotAdvancing: ["oncall", "11m"] },
    almost: (system) => system.set("cqrs_projection_position", live, (before, since) => before - 20 * (since % 150)),
  },
  {
    name: "nobody projects some partitions",
    happens: (system) =>
      system
        .set("cqrs_projection_partitions_unowned", live, 2)
        .set("cqrs_projection_position", live, (before, since) => before - 20 * since)
        .set("cqrs_projection_behind_events", live, (before, since) => before + 20 * since),
    told: { ReadModelPartitionsUnowned: ["oncall", "5m"] },
    almost: (system) => system.dip("cqrs_projection_partitions_unowned", live, 1, 90),
  },
  {
    name: "the end of the event store is not seen",
    happens: (system) => system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - since),
    told: { ReadModelNotSeen: ["team", "6m"] },
    almost: (system) => system.set("cqrs_projection_last_seen_timestamp_seconds", live, (before, since) => before - (since % 45)),
  },
  {
    name: "a read model is ahead of its event store",
    happens: (system) => system.set("cqrs_projection_ahead", live, 1).set("cqrs_projection_behind_events", live, 0),
    told: { ReadModelAhead: ["oncall", "3m"] },
    almost: (system) => system.set("cqrs_projection_ahead", { projection: "orders", slot: "green" }, 1),
  },
  {
    name: "the build of a read model stands still",
    happens: (system) => system.set("cqrs_projection_partitions_unowned", { projection: "orders", slot: "green" }, 2),
    told: { ReadModelBuildStalled: ["team", "17m"] },
    almost: (system) =>
      system
        .set("cqrs_projection_partitions_unowned", { projection: "orders", slot: "green" }, 0)
        .set("cqrs_projection_position", { projection: "orders", slot: "green" }, (before, since) => before + 500 * since),
  },
  {
    name: "the state of read models is unknown",
    happens: (system) =>
      system
        .set("cqrs_projection_exporter_success", {}, 0)
        .set("cqrs_projection_exporter_last_success_timestamp_seconds", {}, (before, since) => before - since),
    told: { ReadModelsUnknown: ["team", "8m"] },
    almost: (system) => system.dip("cqrs_projection_exporter_success", {}, 0, 3 * MINUTE),
  },
];
