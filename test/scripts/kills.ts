import { appendFileSync } from "node:fs";

/** Kills (SIGKILL) at random moments: of programs that back up, upload, download and restore, and of the server that is backed up. */
export const KILLS = {
  "stream backup": 56,
  "stream restore": 56,
  "stream backup of PostgreSQL": 32,
  "stream restore into PostgreSQL": 24,
  follower: 32,
  promotion: 8,
  "restore drill": 16,
  "restore drill in PostgreSQL": 16,
  "volume drill": 16,
  "audit digester": 32,
  "PostgreSQL under load": 4,
  "base backup": 2,
  "restore of a base backup": 2,
} as const;

/** Counts a kill. The tier prints the numbers at its end. */
export function counted(killed: keyof typeof KILLS): void {
  if (process.env.KILLS_FILE) appendFileSync(process.env.KILLS_FILE, `${killed}\n`);
}
