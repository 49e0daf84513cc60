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

  /** Where its pod runs and finds the secret of the migrator. */
  readonly namespace: string;

  /** Any server on which `PostgresRoles` has been. */
  readonly postgres: Postgres;

  /**
   * The beginning of the roles' names, as `PostgresRoles` was told.
   * @default - the name of the database
   */
  readonly name?: string;

  /**
   * The event store's name: of its connections, and the beginning of the name of its job. Two event stores of one
   * workload, or of one namespace, need different names.
   * @default "event-store", with a job that is called after the server
   */
  readonly storeName?: string;

  /** What has to be there before: the roles. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Events in PostgreSQL: tables of events and snapshots that are only ever added to, made and moved on by a job.
 *
 * - `append_events(aggregate, expected_version, events)`: of two who decided on the same version one is refused (SQLSTATE 23505).
 * - `events_after(position, at_most)`: the next events in the order of their commits; none ever appears before one that was read.
 * - `LISTEN events` tells the last position, which is a hint to look and no more.
 *
 * Writers take turns from their first event to their commit, so that events are appended one transaction at a time:
 * measured, 300 to 700 a second on two busy cores and a local disk; a disk or a replica that is slower to commit gives less.
 * Its owner, the migrator, can take the guard against changes away by name; a writer can't.
 */
export class PostgresEvents extends Construct implements EventStore {
  readonly protocol = "postgres";
  readonly connections: Readonly<Record<EventStoreRole, Connection>>;

  /** What a workload that uses it comes after. */
  readonly ready: ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** What has to be in its namespace. */
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  constructor(scope: Construct, id: string, props: PostgresEventsProps) {
    super(scope, id);
    const { postgres, storeName } = props;
    if (storeName !== undefined) refuse(this, storeNameProblems(storeName), "storeName");
    const called = storeName === undefined ? {} : { called: storeName };
    const pod = migrationPod(this, { ...props, ...called, part: "events", directory: join(__dirname, "sql") });
    this.ready = [pod.job(this).passed];
    this.egress = pod.egress;
    this.secrets = pod.secrets;
    this.authorities = pod.authorities;
    this.connections = postgresEventStore(postgres, storeName).connections;
  }
}

/** Events in that PostgreSQL as workloads know them, from wherever they are, under the event store's name. */
export function postgresEventStore(postgres: Postgres, name = DEFAULT_STORE_NAME): EventStore {
  return {
    protocol: "postgres",
    connections: {
      // Both at the writer's end: a replica is behind, and nobody can listen there.
      commands: eventStoreConnection(name, postgresConnection(postgres, "writer")),
      subscriptions: eventStoreConnection(name, postgresConnection({ ...postgres, reader: postgres.writer }, "reader")),
    },
  };
}

function eventStoreConnection(name: string, connection: Connection): Connection {
  const { DATABASE_URL = "" } = connection.variables;
  return { ...connection, name, variables: { EVENT_STORE_URL: DATABASE_URL } };
}
