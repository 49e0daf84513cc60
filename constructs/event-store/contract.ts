import type { Connection } from "../connection";

/** Connection data of an event store, for any engine. Plain data: its values may be outputs of another stack. */
export interface EventStore {
  /** Client protocol: `kurrentdb` for KurrentDB and Kurrent Cloud, `http` for EventSourcingDB. */
  readonly protocol: "kurrentdb" | "postgres" | "http";

  /**
   * Connections of each role, with separate users: `commands` appends and reads, `subscriptions` reads. They set `EVENT_STORE_URL`. If the
   * engine has no permissions, both use the same user.
   */
  readonly connections: Readonly<Record<EventStoreRole, Connection>>;
}

/** Access of a workload to events: `commands` appends and reads, `subscriptions` reads. */
export type EventStoreRole = "commands" | "subscriptions";
