import type { BrokerPurpose } from "../../../constructs/broker";
import type { Bytes } from "../../../constructs/core/quantities";
import { bytes } from "../../../constructs/core/quantities";
import type { Size } from "../../../constructs/sizing";
import { choice, engines, object, optional, quantity, told, whole } from "../check/shape";
import { size } from "../common";

/** What workloads send each other messages by, on the cluster of the read side. */
export interface NatsSettings {
  readonly engine: "nats";

  /** @default - the environment's */
  readonly size?: Size;

  /**
   * `events` are kept nowhere else and are on a majority of disks before they are acknowledged; `messages` may be lost
   * when all servers fail at once.
   * @default "messages"
   */
  readonly purpose?: BrokerPurpose;

  /** 1 for development; 3 tolerate the loss of one, 5 of two. */
  readonly servers?: number;

  /** The disk of each, for streams. */
  readonly storage?: Bytes;

  /**
   * The user of workloads: `workloads-a` or `workloads-b`. A rotation changes it ([steps](docs/secrets.md#alternating-users)).
   * @default "a"
   */
  readonly active?: "a" | "b";
}

export const brokerShape = engines({
  nats: object<NatsSettings>({
    engine: told,
    size: optional(size),
    purpose: optional(choice(["events", "messages"], "purpose")),
    servers: optional(whole(1, 5)),
    storage: optional(quantity(bytes)),
    active: optional(choice(["a", "b"], "user")),
  }),
});
