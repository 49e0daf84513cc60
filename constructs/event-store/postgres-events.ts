import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Connection, NeededAuthority, NeededSecret } from "../connection";
import { refuse } from "../core/errors";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import { type JobTraffic, migrationPod, type Postgres, postgresConnection } from "../postgres";
import type { EventStore, EventStoreRole } from "./contract";
import { DEFAULT_STORE_NAME, storeNameProblems } from "./store-name";

export interface PostgresEventsProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pod, with the migrator's secret. */
  readonly namespace: string;

  /** A server on which `PostgresRoles` has created the roles. */
  readonly postgres: Postgres;

  /**
   * Prefix of the roles' names, as passed to `PostgresRoles`.
   * @default - the name of the database
   */
  readonly name?: string;

  /**
   * The event store's name: of its connections, and the prefix of its job's name. Two event stores of one workload, or of one namespace,
   * need different names.
   * @default "event-store", with a job that is called after the server
   */
  readonly storeName?: string;

  /** Resources to create first: the roles. */
  readonly after?: readonly ITerraformDependable[];
}

/** Directory of the SQL files that create the tables of events, in order of their names. */
export const EVENTS_SQL = join(__dirname, "sql");

/**
 * Events in PostgreSQL: append-only tables of events and snapshots, created and migrated by a job.
 *
 * - `append_events(aggregate, expected_version, events)`: of two writers with the same expected version one fails (SQLSTATE 23505).
 * - `events_after(position, at_most)`: the next events in commit order; none ever appears before one that was read.
 * - `LISTEN events` reports the last position, only as a hint to read.
 *
 * Writers hold a lock from their first event to their commit, so that events are appended one transaction at a time: measured, 300 to 700 a
 * second on two busy cores and a local disk; a disk or a replica that is slower to commit gives less.
 * Its owner, the migrator, can disable the append-only triggers; a writer can't.
 */
export class PostgresEvents extends Construct implements EventStore {
  readonly protocol = "postgres";
  readonly connections: Readonly<Record<EventStoreRole, Connection>>;

  /** Resource that workloads depend on. */
  readonly ready: ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** Secrets that its namespace needs. */
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  constructor(scope: Construct, id: string, props: PostgresEventsProps) {
    super(scope, id);
    const { postgres, storeName } = props;
    if (storeName !== undefined) refuse(this, storeNameProblems(storeName), "storeName");
    const called = storeName === undefined ? {} : { called: storeName };
    const pod = migrationPod(this, { ...props, ...called, part: "events", directory: EVENTS_SQL });
    this.ready = [pod.job(this).passed];
    this.egress = pod.egress;
    this.secrets = pod.secrets;
    this.authorities = pod.authorities;
    this.connections = postgresEventStore(postgres, storeName).connections;
  }
}

/** Returns the connection data of events in a PostgreSQL, for workloads in any stack, under the event store's name. */
export function postgresEventStore(postgres: Postgres, name = DEFAULT_STORE_NAME): EventStore {
  return {
    protocol: "postgres",
    connections: {
      // Both connect to the writer: a replica lags, and doesn't support LISTEN.
      commands: eventStoreConnection(name, postgresConnection(postgres, "writer")),
      subscriptions: eventStoreConnection(name, postgresConnection({ ...postgres, reader: postgres.writer }, "reader")),
    },
  };
}

function eventStoreConnection(name: string, connection: Connection): Connection {
  const { DATABASE_URL = "" } = connection.variables;
  return { ...connection, name, variables: { EVENT_STORE_URL: DATABASE_URL } };
}
