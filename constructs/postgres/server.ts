import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Connection } from "../connection";
import type { Peer } from "../kubernetes";
import { WorkloadSecret } from "../secrets";
import { PostgresCluster, type PostgresClusterProps } from "./cloud-native-pg";
import { type Postgres, type PostgresRole, postgresConnection } from "./contract";
import { PostgresRoles, type PostgresRolesProps } from "./roles-job";
import { databaseName, POSTGRES_ROLES, postgresUser, postgresUsers } from "./users";

export interface PostgresServerProps
  extends Omit<PostgresClusterProps, "users" | "database" | "clients">,
    Pick<PostgresRolesProps, "everyMinutes" | "overlapHours"> {
  /**
   * Name of the database and prefix of its roles' names: `orders` for `orders_writer`. Names of the users' secrets begin with the server's:
   * `order-store-writer`.
   * @default - the name of the server, with `_` instead of hyphens; "app" for a server with the name `postgres`
   */
  readonly database?: string;

  /**
   * Pods that may connect, in addition to those of the server's own namespace.
   * @default - none
   */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];

  /** Resources created before it: its namespace, CloudNativePG, cert-manager, external-secrets, and Barman if there is a backup. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A PostgreSQL server on Kubernetes that workloads can sign in to: a `PostgresCluster`, the generated passwords of its users, and
 * `PostgresRoles`, which creates the database and its roles.
 */
export class PostgresServer extends Construct {
  /** Dependencies for workloads: the server runs, and its users can sign in. */
  readonly ready: readonly ITerraformDependable[];

  /** The server's connection values for jobs and scaling signals. */
  readonly postgres: Postgres;

  readonly cluster: PostgresCluster;

  constructor(scope: Construct, id: string, props: PostgresServerProps) {
    super(scope, id);
    const { everyMinutes, overlapHours, clients = [], database = databaseName(props.name), ...settings } = props;
    const { cluster, namespace, name, after = [] } = settings;
    const users = postgresUsers(database, namespace, name);
    this.cluster = new PostgresCluster(this, "server", { ...settings, database, users, clients: [{ namespace }, ...clients] });
    this.postgres = this.cluster.postgres;
    const secrets = POSTGRES_ROLES.map((role) => {
      const spec = postgresUser(database, role, name);
      return new WorkloadSecret(this, role, { cluster, namespace, spec, after }).release;
    });
    this.ready = new PostgresRoles(this, "roles", {
      cluster,
      namespace,
      postgres: this.postgres,
      ...(everyMinutes === undefined ? {} : { everyMinutes }),
      ...(overlapHours === undefined ? {} : { overlapHours }),
      after: [...after, ...this.cluster.ready, ...secrets],
    }).ready;
  }

  /** Connection of a workload in a role: `{ connection: server.connection("writer") }`. */
  connection(role: PostgresRole): Connection {
    return postgresConnection(this.postgres, role);
  }
}
