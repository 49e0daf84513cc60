import { join } from "node:path";
import type { Construct } from "constructs";
import type { Postgres } from "./contract";
import { PsqlPod, type PsqlPodProps } from "./psql-pod";
import { roleName } from "./users";

export interface MigrationPodProps extends Pick<PsqlPodProps, "cluster" | "namespace" | "traffic" | "after"> {
  /** The server, on which `PostgresRoles` has been. */
  readonly postgres: Postgres;

  /** What is migrated; the end of the pod's name. */
  readonly part: string;

  /**
   * The beginning of the pod's name.
   * @default - the name of the server
   */
  readonly called?: string;

  /** The directory of numbered files (`0001-events.sql`). */
  readonly directory: string;

  /**
   * The beginning of the roles' names, as `PostgresRoles` was told.
   * @default - the name of the database
   */
  readonly name?: string;
}

/** What applies the numbered files of a directory to a database as its migrator, each once and in their order. */
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
