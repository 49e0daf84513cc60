import { join } from "node:path";

/** What a `PsqlPod` runs to apply the numbered files of a directory (`0001-events.sql`), each once and in their order. */
export function migrationFiles(directory: string): readonly string[] {
  return [join(__dirname, "migrations/migrate.sh"), directory, join(__dirname, "migrations/apply.sql")];
}
