import { GIB } from "../healthy";
import { blind, broker, consumer, type Fault, HOUR, leading, lost, MINUTE, unavailable } from "./happenings";

export const BROKER: readonly Fault[] = [
  {
    name: "no server of the broker runs",
    also: ["workloads"],
    happens: (system) => {
      lost(system, "broker", "broker", [0, 1, 2], 3);
      blind(unavailable(system, "write-side", "command-api", [0, 1], 2));
    },
    told: { NatsDown: ["oncall", "3m"] },
    almost: (system) => system.dip("kube_statefulset_status_replicas_ready", { statefulset: "broker" }, 2, 10 * MINUTE),
  },
  {
    name: "a server of the broker is away",
    happens: (system) => lost(system, "broker", "broker", [2], 3),
    told: { NatsServerDown: ["team", "17m"] },
  },
  {
    name: "JetStream has no meta leader",
    happens: (system) =>
      system
        .relabel("nats_server_jetstream_disabled", { is_meta_leader: "true" }, { is_meta_leader: "false" })
        .relabel("nats_stream_total_messages", { is_stream_leader: "true" }, { is_stream_leader: "false" })
        .relabel("nats_consumer_num_pending", { is_consumer_leader: "true" }, { is_consumer_leader: "false" }),
    told: { NatsNoMetaLeader: ["oncall", "3m"] },
    almost: (system) =>
      system
        .relabel("nats_server_jetstream_disabled", broker(0), { is_meta_leader: "false" })
        .relabel("nats_server_jetstream_disabled", broker(1), { is_meta_leader: "true" }),
  },
  {
    name: "a stream has no leader",
    happens: (system) => system.relabel("nats_stream_total_messages", { is_stream_leader: "true" }, { is_stream_leader: "false" }),
    told: { NatsStreamNoLeader: ["oncall", "4m"] },
  },
  {
    name: "the leader of a stream moves again and again",
    happens: (system) => leading(system, 300),
    told: { NatsLeadersMove: ["team", "33m"] },
    almost: (system) => leading(system, 1800),
  },
  {
    name: "a consumer has no leader",
    happens: (system) => {
      for (const name of ["num_pending", "num_redelivered", "ack_floor_stream_seq"])
        system.relabel(`nats_consumer_${name}`, { is_consumer_leader: "true" }, { is_consumer_leader: "false" });
    },
    told: { NatsConsumerNoLeader: ["oncall", "4m"] },
    almost: (system) =>
      system.relabel("nats_consumer_num_pending", { is_consumer_leader: "true" }, { is_consumer_leader: "false" }, MINUTE),
  },
  {
    name: "a server has turned off JetStream",
    happens: (system) => system.set("nats_server_jetstream_disabled", broker(2), 1),
    told: { NatsJetStreamDisabled: ["oncall", "3m"] },
  },
  {
    name: "a server of the broker is near its memory limit",
    happens: (system) => system.set("nats_varz_mem", broker(1), 3.8 * GIB),
    told: { NatsMemoryHigh: ["team", "17m"] },
    almost: (system) => system.set("nats_varz_mem", broker(1), 3.5 * GIB),
  },
  {
    name: "clients of the broker are cut off",
    happens: (system) => system.set("nats_varz_slow_consumers", broker(1), (_, since) => 1 + Math.floor(since / 300)),
    told: { NatsSlowConsumers: ["team", "5m"] },
  },
  {
    name: "the storage of the broker is nearly full",
    happens: (system) => system.set("nats_server_total_message_bytes", {}, 84 * GIB),
    told: { NatsStorageFull: ["oncall", "7m"] },
    almost: (system) => system.set("nats_server_total_message_bytes", {}, 78 * GIB),
    always: true,
  },
  {
    name: "the storage of the broker is full within a day",
    happens: (system) => system.set("nats_server_total_message_bytes", {}, (_, since) => 60 * GIB + (3 * GIB * since) / HOUR),
    told: { NatsStorageFullWithinDay: ["team", "40m"] },
    almost: (system) => system.set("nats_server_total_message_bytes", {}, (_, since) => 60 * GIB + (GIB * since) / HOUR),
    always: true,
  },
  {
    name: "a consumer acknowledges nothing",
    happens: (system) =>
      system
        .set("nats_consumer_ack_floor_stream_seq", consumer, (before, since) => before - 10 * since)
        .set("nats_consumer_num_pending", consumer, (before, since) => before + 10 * since),
    told: { NatsConsumerStuck: ["team", "24m"] },
    almost: (system) => system.set("nats_consumer_ack_floor_stream_seq", consumer, (before, since) => before - 10 * (since % 600)),
  },
  {
    name: "a consumer is behind",
    happens: (system) => system.set("nats_consumer_num_pending", consumer, 5000),
    told: { NatsConsumerBehind: ["team", "22m"] },
    almost: (system) => system.set("nats_consumer_num_pending", consumer, 900),
  },
  {
    name: "messages are delivered again",
    happens: (system) => system.set("nats_consumer_num_redelivered", consumer, 40),
    told: { NatsRedelivered: ["team", "17m"] },
    almost: (system) => system.set("nats_consumer_num_redelivered", consumer, 8),
  },
];
