import { appendAll, isFiller, isLate } from "./append";
import type { Bucket } from "./bucket";
import { FOLLOW_RECORD, type Link, positionOf, RESTORE_RECORD, start, textOf, type Unpacked, unpack } from "./format";
import { checked, contentsOf, contiguous, type Generation, linkAt, sequenceOf } from "./generations";
import { log } from "./log";
import { finish, isPromoted } from "./restore";
import { compare, isBackedUp, type Position, type Store, type StoredEvent } from "./store";

/** State of a store that follows the backup of another one: the last object whose events it has. */
interface Progress {
  readonly link: Link;

  /** Last event of the objects so far, in the log that was backed up. */
  readonly last: { readonly position: Position; readonly id: string } | undefined;

  /** Generation with which the store began to follow. */
  readonly began: string;
}

/** Newest record in the store. */
interface Recorded {
  readonly revision: bigint;
  readonly type: string;
  readonly progress: Progress | undefined;

  /** Position in the store's own log up to which its events were compared with those of the objects. */
  readonly compared: Position;
}

/** Types of records: the store follows, or its promotion has begun, after which it never follows again. */
const FOLLOWS = "$follows";
const PROMOTES = "$promotes";

/** Time in seconds after which a missing object will not arrive: S3 replicates within 15 minutes (replication time control). */
const ARRIVAL = 3600;

export interface FollowOptions {
  /** Age in seconds of the newest event or sign of life above which the store is behind. */
  readonly maxLag: number;
}

/**
 * Appends the events of new objects, each checked as part of its chain, and records every object in the store. Metadata and deletions of
 * streams wait for the promotion. Returns false if the store is behind. Throws if it has events of another client, or was promoted.
 */
export async function follow(store: Store, bucket: Bucket, { maxLag }: FollowOptions, time = () => new Date()): Promise<boolean> {
  if (await store.last(RESTORE_RECORD)) throw new Error("the store was promoted or restored, and follows no longer");
  const before = (await recordedIn(store)) ?? (await begin(store));
  if (before.type === PROMOTES) throw new Error("the promotion of the store has begun, and it follows no longer");
  const { progress } = await catchUp(store, bucket, before, { type: FOLLOWS, time });
  const { generation, sequence, total, through, made } = progress?.link ?? start("");
  const age = made ? Math.round((time().getTime() - Date.parse(made)) / 1000) : null;
  const isBehind = age === null || age > maxLag;
  const position = through ? textOf(through.position) : null;
  log(isBehind ? "behind" : "follows", { generation, sequence, events: total, through: position, made, age, maxLag });
  return !isBehind;
}

/**
 * Ends following: appends the objects that are there, then metadata and deletions of streams, and compares every event of the store with
 * the backup. May be repeated until it succeeds. `until` leaves out later objects of the generation.
 */
export async function promote(store: Store, bucket: Bucket, until = Number.POSITIVE_INFINITY, time = () => new Date()): Promise<void> {
  if (await isPromoted(store)) return log("was promoted");
  const before = (await recordedIn(store)) ?? (await begin(store));
  // From here on, another process that follows can't record an object.
  const fenced = await record(store, before, PROMOTES, before.progress, before.compared);
  const begun = (await store.last(RESTORE_RECORD)) !== undefined;
  const { progress } = begun ? fenced : await catchUp(store, bucket, fenced, { type: PROMOTES, time, until });
  if (!progress) throw new Error(`bucket ${bucket.name}: there is no complete generation`);
  const { generation, sequence } = progress.link;
  const found = (await contentsOf(bucket)).generations.find(({ name }) => name === generation);
  const keys = found ? contiguous(found).slice(0, sequence) : [];
  if (keys.length < sequence) throw new Error(found?.gap ?? `bucket ${bucket.name}: there is no generation ${generation}`);
  if (found && found.keys.length > sequence) log("left out", { after: keys.at(-1), objects: found.keys.length - sequence });
  await finish(bucket, store, { name: generation, keys, gap: undefined }, progress.began !== generation);
}

/** A store that begins to follow has no events. */
async function begin(store: Store): Promise<Recorded> {
  const end = await store.end();
  if (end) {
    for await (const { stream, revision } of store.read(undefined, end)) {
      if (isBackedUp({ stream })) {
        throw new Error(`the store is not empty: it has the event ${revision}@${stream}; only an empty store can begin to follow`);
      }
    }
  }
  return record(store, undefined, FOLLOWS, undefined, end ?? { commit: 0n, prepare: 0n });
}

async function recordedIn(store: Store): Promise<Recorded | undefined> {
  const last = await store.last(FOLLOW_RECORD);
  if (!last) return undefined;
  const { progress, compared } = JSON.parse(String(last.data));
  return { revision: last.revision, type: last.type, compared: positionOf(compared), progress: progress && parsed(progress) };
}

function parsed({ link, last, ...more }: Written): Progress {
  const placed = (one: WrittenEvent | null) => (one ? { position: positionOf(one.position), id: one.id } : undefined);
  return { ...more, link: { ...link, through: placed(link.through) }, last: placed(last) };
}

interface WrittenEvent {
  readonly position: string;
  readonly id: string;
}

/** Progress with positions as text. */
interface Written {
  readonly link: Omit<Link, "through"> & { readonly through: WrittenEvent | null };
  readonly last: WrittenEvent | null;
  readonly began: string;
}

function written({ link, last, ...more }: Progress): Written {
  const placed = (one: Progress["last"]) => (one ? { position: textOf(one.position), id: one.id } : null);
  return { ...more, link: { ...link, through: placed(link.through) }, last: placed(last) };
}

/** Adds a record after another one. Throws if there is a newer one, of another process. */
async function record(
  store: Store,
  before: Recorded | undefined,
  type: string,
  progress: Progress | undefined,
  compared: Position,
): Promise<Recorded> {
  const content = { ...(progress ? { progress: written(progress) } : {}), compared: textOf(compared) };
  const event = { id: crypto.randomUUID(), type, json: true, data: Buffer.from(JSON.stringify(content)), metadata: Buffer.alloc(0) };
  const revision = before ? before.revision : -1n;
  if ((await store.append(FOLLOW_RECORD, revision, [event])) !== undefined) {
    throw new Error("another process follows with this store, or promotes it; this one ends");
  }
  return { revision: revision + 1n, type, progress, compared };
}

interface Run {
  readonly type: string;
  readonly time: () => Date;

  /** Last sequence to append. */
  readonly until?: number;
}

/** Appends the events of all objects that are there, one object after the other. */
async function catchUp(store: Store, bucket: Bucket, before: Recorded, { type, time, until = Number.POSITIVE_INFINITY }: Run) {
  const { generations } = await contentsOf(bucket);
  const isOverdue = (made: string) => type === FOLLOWS && time().getTime() - Date.parse(made) > ARRIVAL * 1000;
  for (let current = before; ; ) {
    const { progress } = current;
    const next = progress && progress.link.sequence >= until ? undefined : await nextOf(bucket, generations, progress, isOverdue);
    const events = next ? fresh(next, progress) : [];
    if (current === before) await others(store, current.compared, events);
    if (!next) return current;
    await appendAll(store, events);
    const { through, found } = await others(store, current.compared, events);
    if (found < events.length) throw new Error(`${next.key}: the store has ${found} of its ${events.length} events`);
    const last = next.events.at(-1) ?? progress?.last;
    const began = progress?.began ?? next.link.generation;
    current = await record(store, current, type, { link: next.link, last, began }, through);
    log("appended", { key: next.key, events: events.length, total: next.link.total });
  }
}

/** Events of an object that the store doesn't have, without those that wait for the promotion. */
function fresh({ events }: Unpacked, progress: Progress | undefined): readonly StoredEvent[] {
  const last = progress?.last?.position;
  return events.filter((event) => !isLate(event) && !isFiller(event) && (!last || compare(event.position, last) > 0));
}

/** Compares the newest events of the store with those of an object. Throws if there are others: only this program may append. */
async function others(store: Store, from: Position, events: readonly StoredEvent[]) {
  const end = (await store.end()) ?? from;
  const ids = new Set(events.map(({ id }) => id));
  let found = 0;
  for await (const event of store.read(from, end)) {
    if (!isBackedUp(event) || isFiller(event)) continue;
    if (!ids.has(event.id)) {
      throw new Error(
        `the store has the event ${event.revision}@${event.stream} (${event.id}) of another client; it can't follow any more`,
      );
    }
    found++;
  }
  return { through: end, found };
}

type Next = Unpacked & { readonly key: string };

/** The object after those that the store has, of the same chain, or of a newer one if this one has ended or is damaged. */
async function nextOf(
  bucket: Bucket,
  generations: readonly Generation[],
  progress: Progress | undefined,
  isOverdue: (made: string) => boolean,
): Promise<Next | undefined> {
  const { link } = progress ?? {};
  if (!link) return newerOf(bucket, generations, progress);
  const own = generations.find(({ name }) => name === link.generation);
  const next = own?.keys.find((key) => sequenceOf(key) > link.sequence);
  if (!next) return newerOf(bucket, generations, progress);
  const missing = `${link.generation}/${String(link.sequence + 1).padStart(8, "0")}`;
  const isMissing = sequenceOf(next) !== link.sequence + 1;
  try {
    if (!isMissing) return await read(bucket, next, link);
    const { made } = await linkAt(bucket, next);
    if (isOverdue(made)) throw new Error(`${missing} is missing, and ${next} was made at ${made}`);
  } catch (error) {
    const newer = await newerOf(bucket, generations, progress);
    if (!newer) throw error;
    log("following a newer generation", { key: newer.key, error: (error as Error).message });
    return newer;
  }
  log("waiting", { missing, next });
  return undefined;
}

/** The first object to append of the newest complete generation, if it is newer than the one of the store. */
async function newerOf(bucket: Bucket, generations: readonly Generation[], progress: Progress | undefined): Promise<Next | undefined> {
  for (const newer of generations.toReversed()) {
    if (progress && newer.name <= progress.link.generation) return undefined;
    const keys = contiguous(newer);
    const last = keys.at(-1);
    if (last && (await linkAt(bucket, last)).complete) return continued(bucket, newer.name, keys, progress);
  }
  return undefined;
}

/** The object of a newer chain that has the last event of the store. The chains are of the same log if it is there. */
async function continued(bucket: Bucket, name: string, keys: readonly string[], progress: Progress | undefined): Promise<Next> {
  const { last } = progress ?? {};
  const index = last ? keys.findLastIndex((key) => commitOf(key) < last.position.commit) : 0;
  const [before, key] = [keys[index - 1], keys[index]];
  const found = key && (await read(bucket, key, before ? await linkAt(bucket, before) : start(name)));
  if (!found || (last && !found.events.some(({ id, position }) => id === last.id && compare(position, last.position) === 0))) {
    const where = last ? `${last.id} at ${textOf(last.position)}` : "the first event";
    throw new Error(`${name} has not ${where}, which was appended last: the other store was replaced; follow with an empty store`);
  }
  return found;
}

/** Position after which an object begins. */
function commitOf(key: string): bigint {
  return BigInt(/-(\d{20})\./.exec(key)?.[1] ?? 0);
}

async function read(bucket: Bucket, key: string, previous: Link): Promise<Next> {
  const { body, recorded } = await bucket.read(key);
  return { key, ...checked(key, () => unpack(key, body, recorded, previous)) };
}
