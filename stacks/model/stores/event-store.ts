import type { Bytes, Cores } from "../../../constructs/core/quantities";
import { bytes, millicores, seconds } from "../../../constructs/core/quantities";
import type { KurrentCloudVersion, KurrentDbLine } from "../../../constructs/core/versions";
import { KURRENT_CLOUD_VERSIONS, KURRENTDB } from "../../../constructs/core/versions";
import type { KurrentCloudSize, PersistentSubscription, SubscriptionFilter } from "../../../constructs/event-store";
import type { Size } from "../../../constructs/sizing";
import type { BackupSchedule } from "../backup";
import { schedule } from "../backup";
import { choice, engines, flag, list, object, optional, quantity, records, text, told, whole } from "../check/shape";
import { anyText, anything, nameOf, scalar, size, someTexts } from "../common";
import type { PostgresSettings } from "./postgres";
import { postgres } from "./postgres";

export type EventStore = KurrentCloudSettings | KurrentDbSettings | PostgresEventsSettings | EventSourcingDbSettings;

/** The managed event store, run by its vendor. */
export interface KurrentCloudSettings {
  readonly engine: "kurrent-cloud";

  /** `production`: three nodes over three zones, `m32`, 1 TiB each. `development`: one node, `c4`, 100 GiB. */
  readonly size: KurrentCloudSize;

  /** `every` from an hour; the vendor counts what it keeps: `{ every: "1h", keep: "30d" }` are 720 backups. */
  readonly backup: BackupSchedule;

  /**
   * The vendor's network for it, which this environment's is joined to.
   * @default - `10.128.0.0/20`
   */
  readonly network?: {
    /** Its addresses, from /8 to /24. Another block is another cluster. */
    readonly cidr: string;
  };

  /**
   * The line of KurrentDB that it is made with. By itself it upgrades nothing.
   * @default "26.0"
   */
  readonly version?: KurrentCloudVersion;

  /**
   * The patch of that line: `26.0.3`. A change of it is an upgrade.
   * @default - the newest of the line when it is made, and that from then on
   */
  readonly patch?: string;

  /**
   * The projections that it runs itself: none, its own (`system`: streams by category and type), or also those of users.
   * @default "off"
   */
  readonly projections?: "off" | "system" | "user";

  /**
   * Persistent subscriptions. A job creates them, and updates their settings when an apply has changed them. One that is no longer
   * declared stays: delete it by hand.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * System streams that readers of events may read, in addition to those of persistent subscriptions: `["$ce-order"]`.
   * @default - none: they are the administrators'
   */
  readonly systemStreams?: readonly string[];
}

/** The event store on the write cluster. What is not said here follows from the size. */
export interface KurrentDbSettings {
  readonly engine: "kurrentdb";

  /** @default "26.0", which has long-term support */
  readonly version?: KurrentDbLine;

  /** @default - the environment's */
  readonly size?: Size;

  /** 1 for development; 3 tolerate the loss of one, 5 of two. */
  readonly nodes?: number;

  /** What a node asks for. */
  readonly cpu?: Cores;

  /** What a node asks for, and uses at most. */
  readonly memory?: Bytes;

  /** The disk of each node. It grows in place. */
  readonly storage?: Bytes;

  /**
   * Projections that the store itself runs: none, its own (`system`), or those of users too (`all`).
   * @default "none": read models are built by the read side
   */
  readonly projections?: "none" | "system" | "all";

  /**
   * Whether its own projections, by category, by event type and so on, are started.
   * @default false
   */
  readonly standardProjections?: boolean;

  /**
   * Persistent subscriptions. A job creates them, and updates their settings when an apply has changed them. One that is no longer
   * declared stays: delete it by hand.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * System streams that readers of events may read, in addition to those of persistent subscriptions: `["$ce-order"]`.
   * @default - none: they are the administrators'
   */
  readonly systemStreams?: readonly string[];

  /**
   * Whether old clients may use it over plain HTTP.
   * @default false
   */
  readonly atomPub?: boolean;

  /**
   * Further options of the server, without prefix: `{ READER_THREADS_COUNT: 8 }`.
   * @default - none
   */
  readonly options?: Readonly<Record<string, string | number | boolean>>;

  /**
   * No TLS, no users, no rights. For one node on one's own machine.
   * @default false
   */
  readonly insecure?: boolean;

  /**
   * Schedule and retention of backups. Not implemented: nothing backs it up, which the summary says, and which takes the
   * exception `noBackup` where an environment is protected.
   * @default - none
   */
  readonly backup?: BackupSchedule;
}

/** The event store in tables of PostgreSQL. */
export interface PostgresEventsSettings {
  readonly engine: "postgres";

  /** The server that has them, of its own. */
  readonly server: PostgresSettings;
}

/** EventSourcingDB on the write cluster: one node, whose loss stops writing until it is back. */
export interface EventSourcingDbSettings {
  readonly engine: "eventsourcingdb";

  /** @default - the environment's */
  readonly size?: Size;

  /** Its disk. It grows in place. */
  readonly storage?: Bytes;

  /**
   * The vendor's licence, by the secret that holds it. Without one it stops accepting events after 25,000, so a protected
   * environment and the size `large` require it. Another licence restarts it.
   * @default - none: for evaluation
   */
  readonly licence?: EventSourcingDbLicence;
}

/** A licence in a secret that you create, so that its value is in no file, plan or state (docs/secrets.md#licences). */
export interface EventSourcingDbLicence {
  /**
   * The secret's name. On EKS it is read from Secrets Manager, where `<system>-<environment>-` precedes it; on an existing
   * cluster it is a Secret of the namespace `event-store`.
   */
  readonly secret: string;

  /**
   * The key in the secret.
   * @default "licence"
   */
  readonly key?: string;

  /** The flag of `eventsourcingdb run` that takes the licence itself, without hyphens. `run --help` of your version lists it. */
  readonly flag: string;
}

/**
 * The addresses of the vendor's network where nobody names any: above what environments count up from 10.0.0.0/16, and
 * apart from what EKS (10.100.0.0/16, 172.20.0.0/16) and kind (10.96.0.0/16, 10.244.0.0/16) give to services and pods.
 */
export const KURRENT_CLOUD_CIDR = "10.128.0.0/20";

/** The addresses of the vendor's network. */
export function kurrentCloudCidr({ network }: { readonly network?: { readonly cidr?: string } }): string {
  return network?.cidr ?? KURRENT_CLOUD_CIDR;
}

/** What a store of KurrentDB's kind is told to keep for those who read events. */
export const declared = {
  persistentSubscriptions: optional(
    list(
      object<PersistentSubscription>({
        stream: anyText,
        group: anyText,
        filter: optional(
          object<SubscriptionFilter>({
            streamPrefix: optional(someTexts),
            streamRegex: optional(anyText),
            eventTypePrefix: optional(someTexts),
            eventTypeRegex: optional(anyText),
          }),
        ),
        from: optional(choice(["start", "end"], "place to start from")),
        resolveLinks: optional(flag),
        strategy: optional(choice(["RoundRobin", "DispatchToSingle", "Pinned"], "strategy")),
        messageTimeout: optional(quantity(seconds)),
        maxRetries: optional(whole(0, 1000)),
        maxConsumers: optional(whole(0, 1000)),
        readBatch: optional(whole(1, 10_000)),
        buffer: optional(whole(2, 100_000)),
        maxCheckpoint: optional(whole(10, 100_000)),
      }),
      'write [{ stream: "$ce-order", group: "billing" }], or leave it out',
    ),
  ),
  systemStreams: optional(list(anyText, 'write ["$ce-order"], or leave it out')),
};

export const eventStoreShape = engines({
  "kurrent-cloud": object<KurrentCloudSettings>({
    engine: told,
    size: choice(["development", "production"], "size of Kurrent Cloud"),
    backup: schedule,
    network: optional(object<NonNullable<KurrentCloudSettings["network"]>>({ cidr: anything })),
    version: optional(choice(KURRENT_CLOUD_VERSIONS, "line of KurrentDB that Kurrent Cloud makes")),
    patch: optional(text(/^\d+\.\d+\.\d+$/, "is no patch of KurrentDB", "write one like 26.0.3")),
    projections: optional(choice(["off", "system", "user"], "set of projections that the store runs")),
    ...declared,
  }),
  kurrentdb: object<KurrentDbSettings>({
    engine: told,
    version: optional(choice(Object.keys(KURRENTDB), "line of KurrentDB that the platform knows")),
    size: optional(size),
    nodes: optional(whole(1, 5)),
    cpu: optional(quantity(millicores)),
    memory: optional(quantity(bytes)),
    storage: optional(quantity(bytes)),
    projections: optional(choice(["none", "system", "all"], "set of projections that the store runs")),
    standardProjections: optional(flag),
    ...declared,
    atomPub: optional(flag),
    options: optional(records(scalar)),
    insecure: optional(flag),
    backup: optional(schedule),
  }),
  postgres: object<PostgresEventsSettings>({ engine: told, server: postgres }),
  eventsourcingdb: object<EventSourcingDbSettings>({
    engine: told,
    size: optional(size),
    storage: optional(quantity(bytes)),
    licence: optional(
      object<EventSourcingDbLicence>({
        // Its release is called after it: secret-<name>.
        secret: nameOf(40),
        key: optional(text(/^[A-Za-z0-9._-]{1,253}$/, "can't be a key of a Secret", "use letters, digits, . _ and -")),
        flag: text(/^[a-z][a-z0-9-]{0,62}$/, "must be the name of a flag", "write it without its hyphens, like license-key"),
      }),
    ),
  }),
});
