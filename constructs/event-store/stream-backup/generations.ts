import type { Bucket } from "./bucket";
import { type Link, parseKey, start, unpack } from "./format";

/** A chain of objects that starts at the first event of the store. */
export interface Generation {
  readonly name: string;

  /** Keys of its objects, in order of their sequence. */
  readonly keys: readonly string[];

  /** First difference from the sequence 1, 2, 3, …: `00000003 is missing`. */
  readonly gap: string | undefined;
}

export interface Contents {
  /** In order of their start. */
  readonly generations: readonly Generation[];

  /** Keys that this program can't have written. */
  readonly foreign: readonly string[];
}

/** Lists the objects of a backup. */
export async function contentsOf(bucket: Bucket): Promise<Contents> {
  const byName = new Map<string, { key: string; sequence: number }[]>();
  const foreign: string[] = [];
  for (const key of await bucket.list()) {
    const parsed = parseKey(key);
    if (!parsed) foreign.push(key);
    else byName.set(parsed.generation, [...(byName.get(parsed.generation) ?? []), { key, sequence: parsed.sequence }]);
  }
  const generations = [...byName].map(([name, objects]): Generation => {
    const wrong = objects.findIndex(({ sequence }, index) => sequence !== index + 1);
    const twice = wrong > 0 && objects[wrong]?.sequence === objects[wrong - 1]?.sequence;
    const gap = wrong < 0 ? undefined : twice ? `${objects[wrong]?.key} is there twice` : `${name}/${digits(wrong + 1)} is missing`;
    return { name, keys: objects.map(({ key }) => key), gap };
  });
  return { generations: generations.sort((one, other) => (one.name < other.name ? -1 : 1)), foreign };
}

function digits(sequence: number): string {
  return String(sequence).padStart(8, "0");
}

/** Objects that were changed so that what is left can be sound. */
export interface Tampered {
  /** Newest objects that were deleted by name: without them, the backup is older. The bucket itself deletes the oldest ones. */
  readonly deleted: readonly string[];

  /** Objects that were overwritten, which this program never does: a chain that is rewritten as a whole has hashes that agree. */
  readonly overwritten: readonly string[];
}

export async function tampered(bucket: Bucket, { generations }: Contents): Promise<Tampered> {
  const newest = parseKey(generations.at(-1)?.keys.at(-1) ?? "");
  const { deleted, overwritten } = await bucket.changed();
  const isNewer = (key: string) => {
    const { generation, sequence } = parseKey(key) ?? {};
    if (!newest || !generation || !sequence || generation < newest.generation) return false;
    return generation > newest.generation || sequence > newest.sequence;
  };
  return { deleted: deleted.filter(isNewer), overwritten: overwritten.filter((key) => parseKey(key)) };
}

/** Keys of a generation up to the first one that is missing. */
export function contiguous({ keys }: Generation): readonly string[] {
  const end = keys.findIndex((key, index) => sequenceOf(key) !== index + 1);
  return end < 0 ? keys : keys.slice(0, end);
}

/** Place of an object in its chain. */
export function sequenceOf(key: string): number {
  return parseKey(key)?.sequence ?? 0;
}

/** Checks the newest object of a generation, and returns the state of the chain after it. Throws if the chain is damaged. */
export async function lastLink(bucket: Bucket, { keys, gap }: Generation): Promise<Link> {
  if (gap) throw new Damaged(gap);
  const [before, last] = [keys.at(-2), keys.at(-1)];
  if (!last) throw new Damaged("has no objects");
  const { body, recorded } = await bucket.read(last);
  const previous = before ? await linkAt(bucket, before) : start(parseKey(last)?.generation ?? "");
  return checked(last, () => unpack(last, body, recorded, previous).link);
}

/** State of a chain after one of its objects, which is compared with itself only. */
export async function linkAt(bucket: Bucket, key: string): Promise<Link> {
  const { body, recorded } = await bucket.read(key);
  return checked(key, () => unpack(key, body, recorded, undefined).link);
}

/** An object, or a chain of them, is not as it was written. Other errors say nothing about it: the bucket did not answer. */
export class Damaged extends Error {}

/** Names the object in an error. @throws Damaged */
export function checked<T>(key: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new Damaged(`${key}: ${(error as Error).message}`);
  }
}
