import type { Bucket } from "./bucket";
import { Draft, type Link, start, textOf } from "./format";
import { contentsOf, Damaged, lastLink } from "./generations";
import { log } from "./log";
import type { EventLog, Position } from "./store";

export interface BackupOptions {
  /** Size of the events of an object in bytes, before compression. */
  readonly objectSize: number;

  /** Age of a generation in seconds after which a new one starts. */
  readonly fullEvery: number;

  /** Seconds in a run for a new generation, while the previous one is being extended too. */
  readonly fullBudget: number;

  /** Seconds without events after which an empty object is a sign of life: who follows can tell a quiet store from a lost backup. */
  readonly quiet: number;
}

/** Events that were read and not backed up, after which an empty object records the position: later runs don't read them again. */
const SKIPPED = 20_000;

/**
 * Extends the newest complete generation to the end of the log, and starts or continues a new one if it is due. Returns false if the newest
 * chain was damaged, so that a new one had to start.
 */
export async function backup(store: EventLog, bucket: Bucket, options: BackupOptions, time = () => new Date()): Promise<boolean> {
  const end = await store.end();
  const { complete, building, damaged, foreign, replaced, newest } = await usable(store, bucket);
  const sound = !damaged && !foreign;
  const age = complete ? (time().getTime() - Date.parse(timeOf(complete.generation))) / 1000 : 0;
  if (complete) await extend(store, bucket, complete, { end, time, ...options });
  if (complete && !building && !damaged && age < options.fullEvery) return sound;
  const full = building ?? start(nameOf(newest, time()));
  if (!building && replaced) await refuseEmpty(store, end);
  if (!building) log("starting a generation", { generation: full.generation });
  const until = complete ? time().getTime() + options.fullBudget * 1000 : Number.POSITIVE_INFINITY;
  await extend(store, bucket, full, { end, time, ...options, until });
  return sound;
}

interface Usable {
  readonly complete?: Link;

  /** A newer one that has not covered the whole log yet. */
  readonly building?: Link;

  /** A newer chain is damaged. */
  readonly damaged: boolean;

  /** The newest chain belongs to another store. */
  readonly replaced: boolean;

  /** Name of the newest generation, usable or not. */
  readonly newest: string | undefined;

  /** There are objects that this program did not write. */
  readonly foreign: boolean;
}

/** The newest generations of this store whose chains are not broken. */
async function usable(store: EventLog, bucket: Bucket): Promise<Usable> {
  const contents = await contentsOf(bucket);
  let [building, damaged, replaced]: [Link | undefined, boolean, boolean] = [undefined, false, false];
  for (const key of contents.foreign) log("unknown object", { key });
  const constant = { newest: contents.generations.at(-1)?.name, foreign: contents.foreign.length > 0 };
  const found = () => ({ ...(building ? { building } : {}), damaged, replaced, ...constant });
  for (const generation of contents.generations.toReversed()) {
    let link: Link;
    try {
      link = await lastLink(bucket, generation);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      log("the chain is damaged; events are backed up again", { generation: generation.name, error: error.message });
      damaged = true;
      continue;
    }
    const difference = await differenceOf(store, link);
    if (difference) {
      log("the chain belongs to another store; events are backed up again", { generation: generation.name, difference });
      replaced = true;
      break;
    }
    if (link.complete) return { complete: link, ...found() };
    building ??= link;
  }
  return found();
}

/** The last event that was read is still at its position: positions never change, and belong to one store. */
export async function differenceOf(store: EventLog, { through }: Link): Promise<string | undefined> {
  if (!through) return undefined;
  const found = await store.at(through.position);
  if (found?.id === through.id) return undefined;
  return `at ${textOf(through.position)} is ${found ? `${found.id} of ${textOf(found.position)}` : "nothing"} instead of ${through.id}`;
}

/** A new store has to be filled from the backup first: otherwise its own backup, without events, would be the newest one. */
async function refuseEmpty(store: EventLog, end: Position | undefined): Promise<void> {
  if (end) for await (const event of store.read(undefined, end)) if (store.isBackedUp(event)) return;
  throw new Error("the store has no events, and the backup is of another store: restore it, or back up again when the store has events");
}

interface Extension extends Pick<BackupOptions, "objectSize" | "quiet"> {
  readonly end: Position | undefined;
  readonly time: () => Date;

  /** Time in milliseconds at which it ends, after an object. */
  readonly until?: number;
}

async function extend(store: EventLog, bucket: Bucket, from: Link, { end, time, objectSize, quiet, until }: Extension): Promise<void> {
  let link = from;
  let draft = new Draft(link);
  const flush = async (complete: boolean) => {
    const { key, body, link: next } = draft.finish(complete, time());
    if (!(await bucket.create(key, body, next.sha256 ?? ""))) {
      throw new Error(`${key}: another backup has written it; this one ends, and the next run continues`);
    }
    log("wrote", { key, events: draft.events, bytes: body.length });
    link = next;
    draft = new Draft(link);
  };
  if (end) {
    for await (const event of store.read(link.through?.position, end)) {
      if (store.isBackedUp(event)) draft.add(event);
      else draft.skip(event);
      if (draft.size < objectSize && draft.skipped < SKIPPED) continue;
      await flush(false);
      if (until !== undefined && time().getTime() > until) {
        log("time is over; the next run continues", { generation: link.generation });
        return;
      }
    }
  }
  const isQuiet = time().getTime() - Date.parse(link.made) >= quiet * 1000;
  if (draft.events > 0 || !link.complete || isQuiet) await flush(true);
  const through = link.through ? textOf(link.through.position) : null;
  log("backed up", { generation: link.generation, sequence: link.sequence, events: link.total, through, sha256: link.sha256 });
}

/** Name of a new generation, after all others: `20261128T180000Z`. S3 refuses requests of a clock that is wrong by 15 minutes. */
function nameOf(newest: string | undefined, time: Date): string {
  const after = newest ? Date.parse(timeOf(newest)) + 1000 : 0;
  return new Date(Math.max(time.getTime(), after)).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** Time of the name of a generation. */
function timeOf(name: string): string {
  return name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
}
