import { BY_STORE, dashboard, figure, lines, POD_LOGS, RATE, STORE, storeVariables, table, UNIT } from "./kit";

const CONSUMER = `${BY_STORE}, stream_name, consumer_name`;

// Each replica reports; the leader of a stream or consumer is right.
const LEADS_CONSUMER = `is_consumer_leader="true",${STORE}`;
const LEADS_STREAM = `is_stream_leader="true",${STORE}`;

const storage = (by: string) => `max by (${by}) (pod:nats_storage_used:ratio{${STORE}})`;

const BEHIND = { warning: { at: 1000, alert: "NatsConsumerBehind" } } as const;
const FULL = { critical: { at: 0.9, alert: "NatsStorageFull" } } as const;

export const nats = dashboard({
  uid: "cqrs-nats",
  title: "NATS",
  description: "The message broker: servers, streams and how far consumers are behind.",
  tags: ["cqrs-engine"],
  variables: storeVariables("nats_varz_connections"),
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "Servers missing",
          description: "Servers that should be ready and are not. Streams with three copies go on with one server down.",
          unit: UNIT.count,
          width: 6,
          limits: { warning: { at: 1, alert: "NatsServerDown" } },
          queries: [
            {
              expr: `store:nats_servers:expected{${STORE}} - (store:nats_servers:ready{${STORE}} or 0 * store:nats_servers:expected{${STORE}})`,
              legend: "{{store}}",
            },
          ],
        }),
        figure({
          id: 2,
          title: "Messages not delivered yet",
          description: "Messages that consumers have not been given. A rising number: consumers are too slow or gone.",
          unit: UNIT.count,
          width: 6,
          limits: BEHIND,
          queries: [{ expr: `max by (${BY_STORE}) (consumer:nats_pending:messages{${STORE}})`, legend: "{{store}}" }],
        }),
        figure({
          id: 3,
          title: "Storage used",
          description: "Share of the storage that JetStream may use on the fullest server. Full: publishers are refused.",
          unit: UNIT.share,
          max: 1,
          width: 6,
          limits: FULL,
          queries: [{ expr: storage(BY_STORE), legend: "{{store}}" }],
        }),
        figure({
          id: 4,
          title: "Slow consumers in this time",
          description: "Connections that NATS cut because the client did not read fast enough.",
          unit: UNIT.count,
          decimals: 0,
          width: 6,
          spark: false,
          queries: [{ expr: `sum by (${BY_STORE}) (increase(nats_varz_slow_consumers{${STORE}}[$__range]))`, legend: "{{store}}" }],
        }),
        table({
          id: 5,
          title: "Consumers",
          description: "Each durable consumer: what it has not been given, not acknowledged, and been given again.",
          width: 24,
          height: 8,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "store", title: "Store" },
            { label: "stream_name", title: "Stream" },
            { label: "consumer_name", title: "Consumer" },
            {
              expr: `max by (cluster, store, stream_name, consumer_name) (consumer:nats_pending:messages{${STORE}})`,
              title: "Not delivered",
              unit: UNIT.count,
              limits: BEHIND,
            },
            {
              expr: `max by (cluster, store, stream_name, consumer_name) (nats_consumer_num_ack_pending{${LEADS_CONSUMER}})`,
              title: "Not acknowledged",
              unit: UNIT.count,
            },
            {
              expr: `max by (cluster, store, stream_name, consumer_name) (nats_consumer_num_redelivered{${LEADS_CONSUMER}})`,
              title: "Delivered again",
              unit: UNIT.count,
              limits: { warning: { at: 10, alert: "NatsRedelivered" } },
            },
          ],
          sort: "Not delivered",
        }),
      ],
    },
    {
      id: 101,
      title: "Streams and consumers",
      panels: [
        lines({
          id: 10,
          title: "Messages published",
          description: "Messages per second that each stream stored.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            { expr: `sum by (${BY_STORE}, stream_name) (rate(nats_stream_last_seq{${LEADS_STREAM}}${RATE}))`, legend: "{{stream_name}}" },
          ],
        }),
        lines({
          id: 11,
          title: "Messages not delivered yet",
          description: "By consumer. A saw is normal with batches; a slope is not.",
          unit: UNIT.count,
          width: 8,
          limits: BEHIND,
          queries: [
            { expr: `max by (${CONSUMER}) (consumer:nats_pending:messages{${STORE}})`, legend: "{{stream_name}} / {{consumer_name}}" },
          ],
        }),
        lines({
          id: 12,
          title: "Not acknowledged",
          description: "Messages given to consumers and not acknowledged. At the consumer's limit, delivery stops.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: `max by (${CONSUMER}) (nats_consumer_num_ack_pending{${LEADS_CONSUMER}})`,
              legend: "{{stream_name}} / {{consumer_name}}",
            },
          ],
        }),
        lines({
          id: 13,
          title: "Storage used",
          description: "Share of JetStream's storage by server.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: FULL,
          queries: [{ expr: storage(`${BY_STORE}, pod`), legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
        lines({
          id: 14,
          title: "Size of streams",
          description: "Bytes that each stream holds.",
          unit: UNIT.bytes,
          width: 8,
          queries: [{ expr: `max by (${BY_STORE}, stream_name) (nats_stream_total_bytes{${LEADS_STREAM}})`, legend: "{{stream_name}}" }],
        }),
        lines({
          id: 15,
          title: "Connections and memory",
          description: "Connected clients by server.",
          unit: UNIT.count,
          width: 8,
          queries: [{ expr: `max by (${BY_STORE}, pod) (nats_varz_connections{${STORE}})`, legend: "{{pod}}" }],
          links: POD_LOGS,
        }),
      ],
    },
  ],
});
