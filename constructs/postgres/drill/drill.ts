import type { DrillResult } from "../../drill/contract";
import type { Owner, ScratchCluster } from "./kubernetes";
import type { Events, Recorded, Server } from "./server";

export interface DrillProps {
  readonly scratch: ScratchCluster;
  readonly owner: Owner;

  /** The server that is backed up. */
  readonly source: Server;

  /** The scratch server. */
  readonly restored: Server;

  /** Recovery objectives in seconds. */
  readonly rpo: number;
  readonly rto: number;

  /** Time for the upload of a file of the log, in seconds, in addition to the RPO: the server closes it after up to five minutes. */
  readonly upload: number;

  /** Time between two looks, in milliseconds. */
  readonly pause: number;
}

/** Result of the restore, read from the scratch server. */
export interface Restored {
  readonly lsn: string;
  readonly events: Events | null;
  readonly tables: number;
  readonly rows: number;
}

/** Restores the newest backup up to a position that is recorded now, and compares the result with it. Never throws. */
export async function drill(props: DrillProps): Promise<DrillResult<Restored>> {
  const { scratch, rpo, rto } = props;
  const started = Date.now();
  const problems: string[] = [];
  const measured: Measured = { restored: null, restoreSeconds: null, lossSeconds: null };
  const attempt = async (part: () => Promise<void>) => {
    try {
      await part();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  };
  await attempt(async () => {
    // A drill that was killed may have left one.
    await scratch.remove();
    await restore(props, measured, problems);
  });
  await attempt(() => scratch.remove());
  if (measured.restoreSeconds !== null && measured.restoreSeconds > rto) {
    problems.push(`the restore took ${measured.restoreSeconds} s, and the RTO is ${rto} s`);
  }
  const time = new Date(started).toISOString();
  return { drill: "postgres", time, passed: problems.length === 0, problems, ...measured, rpoSeconds: rpo, rtoSeconds: rto };
}

type Measured = { -readonly [Key in "restored" | "restoreSeconds" | "lossSeconds"]: DrillResult<Restored>[Key] };

async function restore(props: DrillProps, measured: Measured, problems: string[]): Promise<void> {
  const { scratch, owner, source, restored, rpo, rto, upload, pause } = props;
  const began = Date.now();
  const recorded = await source.record();
  const secondsSince = (time: number) => (Date.now() - time) / 1000;
  await until(
    rpo + upload,
    pause,
    `the log up to ${recorded.lsn} was not archived within the RPO of ${rpo} s and ${upload} s for its upload`,
    () => source.isArchived(recorded.lsn),
  );
  measured.lossSeconds = secondsSince(began);
  const expected = recorded.position === undefined ? undefined : await source.events(recorded.position);

  const start = Date.now();
  await scratch.create(recorded.lsn, owner);
  let phase = "";
  const late = () => `the restore has not ended within ${2 * rto} s, twice the RTO: ${phase}`;
  await until(2 * rto, pause, late, async () => {
    const state = await scratch.state();
    phase = state.phase;
    return state.ready && (await restored.isRecovering().catch(() => true)) === false;
  });
  const found = await contentOf(restored, recorded, problems);
  measured.restoreSeconds = secondsSince(start);
  measured.restored = { lsn: recorded.lsn, ...found };
  if (expected && JSON.stringify(expected) !== JSON.stringify(found.events)) {
    problems.push(`the restored events are ${wordsOf(found.events)} instead of ${wordsOf(expected)}`);
  }
}

async function contentOf(restored: Server, { position, tables }: Recorded, problems: string[]) {
  const events = position === undefined ? null : await restored.events(position);
  const rows = await restored.rows();
  const missing = tables.filter((table) => !rows.has(table));
  if (missing.length > 0) problems.push(`tables are missing: ${missing.join(", ")}`);
  return { events, tables: rows.size, rows: [...rows.values()].reduce((sum, count) => sum + count, 0) };
}

function wordsOf(events: Events | null): string {
  return events ? `${events.count} up to position ${events.position} (${events.hash})` : "none";
}

async function until(seconds: number, pause: number, late: string | (() => string), isDone: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + seconds * 1000; ; ) {
    if (await isDone()) return;
    if (Date.now() > end) throw new Error(typeof late === "string" ? late : late());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
