import { join } from "node:path";
import type { Construct } from "constructs";
import type { Postgres } from "./contract";
import { PsqlPod, type PsqlPodProps } from "./psql-pod";
import { roleName } from "./users";

/** Props of the pod that runs SQL migrations. */
export interface MigrationPodProps extends Pick<PsqlPodProps, "cluster" | "namespace" | "traffic" | "after"> {
  /** The server, after `PostgresRoles`. */
  readonly postgres: Postgres;

  /** Name of the migrated part; the suffix of the pod's name. */
  readonly part: string;

  /**
   * Prefix of the pod's name.
   * @default - the name of the server
   */
  readonly called?: string;

  /** The directory of numbered files (`0001-events.sql`). */
  readonly directory: string;

  /**
   * Prefix of the roles' names, the same as in `PostgresRoles`.
   * @default - the name of the database
   */
  readonly name?: string;
}

/** A pod that applies the numbered files of a directory to a database as its migrator, each once and in order. */
export function migrationPod(
  scope: Construct,
  { postgres, part, called = postgres.name, directory, name = postgres.database, ...where }: MigrationPodProps,
): PsqlPod {
  return new PsqlPod(scope, "pod", {
    ...where,
    postgres,
    name: `${called}-${part}`,
    files: [join(__dirname, "migrations/migrate.sh"), directory, join(__dirname, "migrations/apply.sql")],
    settings: {
      PGDATABASE: postgres.database,
      MIGRATIONS: "/scripts",
      WRITER: roleName(name, "writer"),
      READER: roleName(name, "reader"),
    },
    credentials: { ".": postgres.users.migrator },
  });
}
