import type { Connection } from "../connection";

/** The system of record as others know it, whatever engine runs it. Plain data: its values may be outputs of another stack. */
export interface EventStore {
  /** What speaks to it: `kurrentdb` is the protocol of KurrentDB and Kurrent Cloud, `http` that of EventSourcingDB. */
  readonly protocol: "kurrentdb" | "postgres" | "http";

  /**
   * How each side talks to it, with users of its own: `commands` appends and reads, `subscriptions` reads. They carry
   * `EVENT_STORE_URL`. Where the engine knows no rights, both are the same user.
   */
  readonly connections: Readonly<Record<EventStoreRole, Connection>>;
}

/** What a workload does with events: `commands` appends and reads them, `subscriptions` reads them. */
export type EventStoreRole = "commands" | "subscriptions";
