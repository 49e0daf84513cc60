import { type BrokerPurpose, NATS_SIZES, type NatsSettings as NatsServers, natsMoveProblems, natsUsers } from "../../../constructs/broker";
import type { Bytes } from "../../../constructs/core/quantities";
import { bytes } from "../../../constructs/core/quantities";
import type { Size } from "../../../constructs/sizing";
import { choice, engines, object, optional, quantity, told, whole } from "../check/shape";
import { size } from "../common";
import { bySetting, type StoreEngine } from "./engine";

/** NATS message broker between workloads. */
export interface NatsSettings {
  readonly engine: "nats";

  /** @default - the size of the environment */
  readonly size?: Size;

  /**
   * `events`: the only copy; a majority of servers has an event on disk before it is acknowledged. `messages`: may be
   * lost if all servers fail at once.
   * @default "messages"
   */
  readonly purpose?: BrokerPurpose;

  /** Number of servers: 1 for development; 3 tolerate one failure, 5 two. */
  readonly servers?: number;

  /** Disk size per server, for streams. */
  readonly storage?: Bytes;

  /**
   * Active user of workloads: `workloads-a` or `workloads-b`. A rotation switches it
   * ([steps](../../../docs/secrets.md#alternating-users)).
   * @default "a"
   */
  readonly active?: "a" | "b";
}

/** Resolved settings of the NATS servers. */
export function brokerSize({ engine: _, purpose: __, active: ___, size: own, ...said }: NatsSettings, size: Size): NatsServers {
  return { ...NATS_SIZES[own ?? size], ...said };
}

export const nats: StoreEngine<NatsSettings> = {
  rules: ["nats"],
  kind: "broker",
  runs: "cluster",
  secrets: (name) => [natsUsers(name)],
  shape: object<NatsSettings>({
    engine: told,
    size: optional(size),
    purpose: optional(choice(["events", "messages"], "purpose")),
    servers: optional(whole(1, 5)),
    storage: optional(quantity(bytes)),
    active: optional(choice(["a", "b"], "user")),
  }),
  withinCluster: true,
  resolved: (own, { size: of }) => {
    const { servers, cpu, memory, storage } = brokerSize(own, of);
    return { settings: { servers, cpu, memory, storage }, pods: { count: servers, cpu, memory, volumes: 1 } };
  },
  backup: ({ purpose }) => ({ methods: [], ...(purpose === "events" ? {} : { expendable: "messages may be lost" }) }),
  dataLoss: (before, after, sizes) => bySetting(natsMoveProblems(brokerSize(before, sizes.before), brokerSize(after, sizes.after))),
};

export const brokerShape = engines({ nats: nats.shape });
