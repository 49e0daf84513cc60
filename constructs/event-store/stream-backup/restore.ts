import { createHash } from "node:crypto";
import { appendAll, isFiller, isLate, TOMBSTONE } from "./append";
import type { Bucket } from "./bucket";
import { hashOf, type Link, RESTORE_COMPLETED, RESTORE_RECORD, RESTORE_STARTED, start, textOf, type Unpacked, unpack } from "./format";
import { type Contents, checked, contentsOf, type Generation, tampered } from "./generations";
import { log } from "./log";
import { compare, isBackedUp, type Position, type Store, type StoredEvent } from "./store";

/** State to restore, resolved to one that doesn't change while the backup continues. */
export interface Target {
  readonly generation: string;

  /** Last object. */
  readonly sequence: number;

  /** Position of the last event in the store that was backed up: `commit/prepare`. */
  readonly through: string | null;
  readonly events: number;

  /** SHA-256 of all events in the order of the restore, without positions and times, which the new store assigns. */
  readonly content: string;
}

export interface Wanted {
  /** @default - the newest complete one */
  readonly generation?: string;

  /** Last object, or last commit position. @default - the end */
  readonly until?: { readonly sequence: number } | { readonly position: bigint };

  /**
   * SHA-256 of the last object, as the record of a backup has it: a chain that was written again is then refused.
   * @default - not compared
   */
  readonly sha256?: string;
}

/**
 * Restores events into an empty store, or continues an interrupted restore of the same target. Checks the whole chain first, and compares
 * every event of the store at the end. Throws on any difference. Returns what was restored.
 */
export async function restore(bucket: Bucket, store: Store, wanted: Wanted): Promise<Target> {
  const recorded = await recordOf(store);
  if (recorded?.completed) throw new Error(`the store was restored completely at ${recorded.completed} from ${endOf(recorded.target)}`);
  const source = await sourceOf(bucket, recorded && !wanted.generation ? { generation: recorded.target.generation } : wanted);
  const target = await resolve(source, wanted, recorded?.target);
  if (recorded) continues(target, recorded.target);
  else await begin(store, target);
  log(recorded ? "continuing a restore" : "restoring", { ...target });
  return await fill(store, source, target, recorded ? await prefixOf(store, source, target) : 0);
}

/** Checks if all events of a restore or a promotion are in the store. */
export async function isPromoted(store: Store): Promise<boolean> {
  return (await recordOf(store))?.completed !== undefined;
}

/**
 * Completes a store that has the events of a backup's streams, or continues to. If they came from several generations, a scavenge may have
 * removed events before the last one, which the store still has.
 */
export async function finish(bucket: Bucket, store: Store, generation: Generation, scavenged: boolean): Promise<void> {
  const recorded = await recordOf(store);
  const source = new Source(bucket, generation);
  const target = await resolve(source, {}, recorded?.target);
  if (recorded) continues(target, recorded.target);
  else await record(store, -1n, RESTORE_STARTED, target);
  log("promoting", { ...target });
  await fill(store, source, target, await prefixOf(store, source, target, scavenged), scavenged);
}

/** Appends the events after those that the store has, and compares all. Returns what the store has then. */
async function fill(store: Store, source: Source, target: Target, present: number, scavenged = false): Promise<Target> {
  const appended = present < target.events ? await appendAfter(store, source, target, present) : 0;
  if (appended > 0 || present === 0) await compareAll(store, source, target, scavenged);
  await record(store, 0n, RESTORE_COMPLETED, { ...target, completed: new Date().toISOString() });
  log("restored", { ...target, found: present, appended });
  return target;
}

interface Recorded {
  readonly target: Target;
  readonly completed?: string;
}

async function recordOf(store: Store): Promise<Recorded | undefined> {
  const [first, last] = (await store.stream(RESTORE_RECORD)).map(({ data }) => JSON.parse(String(data)));
  return first ? { target: first as Target, ...(last ? { completed: String(last.completed) } : {}) } : undefined;
}

async function begin(store: Store, target: Target): Promise<void> {
  const end = await store.end();
  if (end) {
    for await (const { stream, revision } of store.read(undefined, end)) {
      if (isBackedUp({ stream }))
        throw new Error(`the store is not empty: it has the event ${revision}@${stream}; restore into an empty one`);
    }
  }
  await record(store, -1n, RESTORE_STARTED, target);
}

async function record(store: Store, expected: bigint, type: string, content: object): Promise<void> {
  const event = { id: crypto.randomUUID(), type, json: true, data: Buffer.from(JSON.stringify(content)), metadata: Buffer.alloc(0) };
  const found = await store.append(RESTORE_RECORD, expected, [event]);
  if (found !== undefined) throw new Error("another restore into this store is running");
}

/** Last object of a target, by its generation and sequence. */
function endOf({ generation, sequence }: Target): string {
  return `${generation}/${sequence}`;
}

/** A restore continues only with its own target. */
function continues(target: Target, recorded: Target): void {
  if (JSON.stringify(target) === JSON.stringify(recorded)) return;
  const [wanted, begun] = [target, recorded].map((one) => `${endOf(one)} through ${one.through}`);
  throw new Error(`the store holds part of a restore of ${begun}, and this one is of ${wanted}; use an empty store, or the same target`);
}

/** Generation that is wanted. Throws if there is none, or if its newest objects were deleted and the end is wanted. */
export async function sourceOf(bucket: Bucket, { generation, until }: Wanted): Promise<Source> {
  const contents = await contentsOf(bucket);
  const { generations } = contents;
  if (generation) {
    const found = generations.find(({ name }) => name === generation);
    if (!found) throw new Error(`bucket ${bucket.name}: there is no generation ${generation}`);
    return new Source(bucket, found);
  }
  if (!until) await refuseTampered(bucket, contents);
  for (const one of generations.toReversed()) {
    const last = one.keys.at(-1);
    if (!last) continue;
    const { body, recorded } = await bucket.read(last);
    if (checked(last, () => unpack(last, body, recorded, undefined)).link.complete) return new Source(bucket, one);
  }
  throw new Error(`bucket ${bucket.name}: there is no complete generation`);
}

/** The end of the backup is a target only if the newest objects are there, and none was overwritten. */
async function refuseTampered(bucket: Bucket, contents: Contents): Promise<void> {
  const { deleted, overwritten } = await tampered(bucket, contents);
  const these = ([first, ...more]: readonly string[]) => (more.length > 0 ? `${first} and ${more.length} later ones were` : `${first} was`);
  const older = "or restore an older state with --until sequence:N";
  if (deleted.length > 0) throw new Error(`${these(deleted)} deleted: remove the delete marker of each, ${older}`);
  if (overwritten.length > 0) throw new Error(`${these(overwritten)} overwritten: remove the newest version of each, ${older}`);
}

/** Events of one generation, each object checked before it is used. */
export class Source {
  /** Objects that passed the check of the whole chain: their SHA-256, and if they have metadata or deletions. */
  private readonly checked: { readonly key: string; readonly sha256: string; late: boolean }[] = [];

  constructor(
    private readonly bucket: Bucket,
    readonly generation: Generation,
  ) {
    if (generation.gap) throw new Error(generation.gap);
  }

  /** Checks the chain up to a sequence, and yields its objects. */
  async *chain(through = Number.POSITIVE_INFINITY): AsyncGenerator<Unpacked> {
    this.checked.length = 0;
    let previous = start(this.generation.name);
    for (const key of this.generation.keys.slice(0, Math.min(through, this.generation.keys.length))) {
      const { body, recorded } = await this.bucket.read(key);
      const unpacked = checked(key, () => unpack(key, body, recorded, previous));
      this.checked.push({ key, sha256: hashOf(body), late: unpacked.events.some(isLate) });
      yield unpacked;
      previous = unpacked.link;
    }
  }

  /**
   * Events up to a target in the order in which they are appended: first those of streams, then metadata and deletions of streams, because
   * the server applies them at once: it would hide events and append events of its own.
   */
  async *ordered(through: Position | undefined): AsyncGenerator<StoredEvent> {
    if (!through) return;
    for (const late of [false, true]) {
      for (const object of this.checked) {
        if (late && !object.late) continue;
        for (const event of await this.again(object)) {
          if (isLate(event) === late && !isFiller(event) && compare(event.position, through) <= 0) yield event;
        }
      }
    }
  }

  private async again({ key, sha256 }: { readonly key: string; readonly sha256: string }): Promise<readonly StoredEvent[]> {
    const { body, recorded } = await this.bucket.read(key);
    if (hashOf(body) !== sha256) throw new Error(`${key}: changed during the restore`);
    return checked(key, () => unpack(key, body, recorded, undefined)).events;
  }
}

/** Checks the chain up to the target. A target of an interrupted restore keeps its end, although the backup has continued. */
export async function resolve(source: Source, { until, sha256 }: Wanted, recorded: Target | undefined): Promise<Target> {
  const stop = until && "position" in until ? until.position : undefined;
  const limit = until && "sequence" in until ? until.sequence : until ? undefined : recorded?.sequence;
  const highest = until ? stop : recorded && throughOf(recorded)?.commit;
  if (until && "sequence" in until && until.sequence > source.generation.keys.length) {
    throw new Error(`${source.generation.name} has ${source.generation.keys.length} objects, and ${until.sequence} is wanted`);
  }
  let [link, through]: [Link, Position | undefined] = [start(source.generation.name), undefined];
  const digest = new Digest();
  for await (const { events, link: next } of source.chain(limit)) {
    link = next;
    const inside = highest === undefined ? events : events.filter(({ position }) => position.commit <= highest);
    for (const event of inside) if (!isFiller(event)) digest.add(event);
    through = inside.at(-1)?.position ?? through;
    if (stop !== undefined && next.through && next.through.position.commit >= stop) break;
  }
  if (sha256 !== undefined && link.sha256 !== sha256) {
    throw new Error(`the SHA-256 of the last object, ${link.sequence}, is ${link.sha256}, and the record of the backup has ${sha256}`);
  }
  if (stop !== undefined && (link.through?.position.commit ?? 0n) < stop) {
    throw new Error(`${source.generation.name} ends at position ${link.through?.position.commit ?? 0n}, before ${stop}`);
  }
  return {
    generation: source.generation.name,
    sequence: link.sequence,
    through: through ? textOf(through) : null,
    events: digest.count,
    content: digest.value(),
  };
}

/** SHA-256 of events in the order of the restore, without what a store assigns. */
class Digest {
  count = 0;
  private readonly early = createHash("sha256");
  private readonly late = createHash("sha256");

  add(event: StoredEvent): void {
    this.count++;
    (isLate(event) ? this.late : this.early).update(contentOf(event));
  }

  value(): string {
    return createHash("sha256").update(this.early.digest()).update(this.late.digest()).digest("hex");
  }
}

/** Content of an event as one line, without what a store assigns. */
export function contentOf({ stream, revision, id, type, json, data, metadata }: StoredEvent): string {
  // The server gives each deletion an ID and a revision.
  const identity = type === TOMBSTONE ? ["deleted"] : [String(revision), id];
  return `${JSON.stringify([stream, ...identity, type, json, data.toString("base64"), metadata.toString("base64")])}\n`;
}

/** Events of a store that came from a backup. */
async function* restoredIn(store: Store): AsyncGenerator<StoredEvent> {
  const end = await store.end();
  if (!end) return;
  for await (const event of store.read(undefined, end)) if (isBackedUp(event) && !isFiller(event)) yield event;
}

/** Compares the events of the store with the backup, one by one from the first on. Returns how many of the backup the store has. */
async function prefixOf(store: Store, source: Source, target: Target, scavenged = false): Promise<number> {
  const expected = source.ordered(throughOf(target));
  let wanted = (await expected.next()).value as StoredEvent | undefined;
  let [count, more] = [0, 0];
  for await (const event of restoredIn(store)) {
    if (wanted && contentOf(wanted) === contentOf(event)) {
      count++;
      wanted = (await expected.next()).value as StoredEvent | undefined;
    } else if (scavenged) more++;
    else throw new Error(`the store has ${nameOf(event)} in place of ${wanted ? nameOf(wanted) : "the end"}; restore into an empty store`);
  }
  await expected.return(undefined);
  if (more > 0) log("kept events that the backup has no longer", { events: more });
  return count;
}

/** Compares number and SHA-256 of all events, as the store returns them, with the backup. */
async function compareAll(store: Store, source: Source, target: Target, scavenged: boolean): Promise<void> {
  const digest = new Digest();
  if (!scavenged) for await (const event of restoredIn(store)) digest.add(event);
  const content = digest.value();
  if (!scavenged && digest.count === target.events && content === target.content) return;
  const same = await prefixOf(store, source, target, scavenged);
  if (scavenged && same === target.events) return;
  throw new Error(
    `the store has ${digest.count} events (${content}) instead of ${target.events} (${target.content}); the first ${same} are the same`,
  );
}

export function nameOf({ revision, stream, id, type }: StoredEvent): string {
  return `${revision}@${stream} (${type}, ${id})`;
}

function throughOf({ through }: Target): Position | undefined {
  const [commit, prepare] = (through ?? "").split("/");
  return commit && prepare ? { commit: BigInt(commit), prepare: BigInt(prepare) } : undefined;
}

/** Events between two reports. */
const PROGRESS = 100_000;

/** Appends all events after the first ones, which the store has. Returns how many. */
async function appendAfter(store: Store, source: Source, target: Target, present: number): Promise<number> {
  let appended = 0;
  await appendAll(store, after(source.ordered(throughOf(target)), present), (count) => {
    appended += count;
    if (Math.floor(appended / PROGRESS) > Math.floor((appended - count) / PROGRESS)) {
      log("appended", { events: present + appended, of: target.events });
    }
  });
  return appended;
}

async function* after(events: AsyncIterable<StoredEvent>, skipped: number): AsyncGenerator<StoredEvent> {
  let seen = 0;
  for await (const event of events) if (seen++ >= skipped) yield event;
}
