import { type KeyObject, verify } from "node:crypto";
import { type Entry, inParallel, type ReadableTrail } from "./bucket";
import {
  byKey,
  DAY,
  type Digest,
  decode,
  digestHour,
  digestKey,
  HOUR,
  type Hour,
  hourOf,
  type ListedRecord,
  recordPlace,
  sha256,
  signatureKey,
  timeOf,
} from "./format";
import { AUDIT_KINDS, DIGESTS } from "./kinds";

export type ProblemKind = "altered" | "missing" | "inserted" | "reordered" | "unsigned" | "unlinked" | "misplaced";

/** A sign of tampering, or of a loss. */
export interface TrailProblem {
  readonly kind: ProblemKind;

  /** Object that it concerns, by key. */
  readonly key: string;

  readonly reason: string;
}

export interface VerifierSettings {
  /** Public keys, one of which signed each digest. */
  readonly keys: readonly KeyObject[];

  /** Time of the trail's state, in milliseconds: now for the bucket, the time of copying for a copy. */
  readonly asOf: number;

  /**
   * SHA-256 of a digest that is known from elsewhere and must be in the chain.
   * @default - none: a chain that its signer rewrote is not noticed
   */
  readonly head?: string;
}

export interface Verification {
  readonly problems: readonly TrailProblem[];
  readonly digests: number;
  readonly records: number;

  /** Listed records whose retention has ended. */
  readonly expired: number;

  /** Records of hours without a digest yet. */
  readonly pending: number;

  /** Records that a digest of a later hour lists, because they arrived late or before the first digest. */
  readonly late: number;

  /** Versions of objects were compared too: a record that was deleted before its digest leaves only a hidden version. */
  readonly versions: boolean;

  /** SHA-256 of the newest digest. Note it elsewhere, and require it in the next verification. */
  readonly head: string | undefined;
}

/** Milliseconds after an hour in which its digest must exist: the digester runs 10 minutes after the hour, for at most 50 minutes. */
export const GRACE = HOUR;

/** One digest as it was found, sound or not. */
interface Found {
  readonly hour: Hour;
  readonly sha256: string;
  readonly digest: Digest | undefined;
}

interface Listing extends ListedRecord {
  readonly hour: Hour;
  readonly keepDays: Digest["keepDays"];
}

/** Verifies a trail without any trust in its storage: signatures, the chain, and every record against the digest that lists it. */
export async function verifyTrail(trail: ReadableTrail, settings: VerifierSettings): Promise<Verification> {
  const problems: TrailProblem[] = [];
  const report = (kind: ProblemKind, key: string, reason: string) => void problems.push({ kind, key, reason });
  const entries = await trail.list("");
  const found = await readDigests(trail, entries, settings, report);
  checkChain(found, settings, report);
  const listings = listingsOf(found, report);
  const counts = await checkRecords(trail, entries, listings, settings.asOf, report);
  const { pending, late } = checkUnlisted(entries, listings, { newest: found.at(-1), asOf: settings.asOf }, report);
  const versions = await checkVersions(trail, found, { listings, asOf: settings.asOf }, (kind, key, reason) => {
    if (!problems.some((problem) => problem.key === key && problem.kind === kind)) report(kind, key, reason);
  });
  if (settings.head && !found.some((one) => one.sha256 === settings.head)) {
    report("missing", settings.head, "no digest has this SHA-256, which is known from elsewhere");
  }
  problems.sort(byKey);
  return { problems, digests: found.length, ...counts, pending, late, versions, head: found.at(-1)?.sha256 };
}

type Report = (kind: ProblemKind, key: string, reason: string) => void;

async function readDigests(
  trail: ReadableTrail,
  entries: readonly Entry[],
  { keys }: VerifierSettings,
  report: Report,
): Promise<readonly Found[]> {
  const present = new Set(entries.map(({ key }) => key));
  const hours = [...present].map(digestHour).filter((hour) => hour !== undefined);
  const expected = new Set(hours.flatMap((hour) => [digestKey(hour), signatureKey(hour)]));
  for (const key of present) if (key.startsWith(`${DIGESTS}/`) && !expected.has(key)) report("inserted", key, "belongs to no digest");

  return inParallel(
    hours.sort((one, other) => one - other),
    async (hour) => {
      const key = digestKey(hour);
      const content = (await trail.get(key)) ?? Buffer.alloc(0);
      const signature = await trail.get(signatureKey(hour));
      if (!signature) report("missing", signatureKey(hour), "the digest has no signature");
      else if (!keys.some((one) => verify("sha256", content, one, signature)))
        report("unsigned", key, "its signature is not valid under any of the given keys");
      const digest = decode(content);
      if (!digest) report("altered", key, "is not in the format of a digest");
      else if (digest.start !== timeOf(hour) || digest.end !== timeOf(hour + 1))
        report("misplaced", key, `is the digest of ${digest.start}`);
      return { hour, sha256: sha256(content), digest };
    },
  );
}

function checkChain(found: readonly Found[], { asOf }: VerifierSettings, report: Report): void {
  const newest = hourOf(asOf - GRACE) - 1;
  const [first] = found;
  if (!first) {
    report("missing", digestKey(newest), "there is no digest");
    return;
  }
  const { previous, sequence = 0, keepDays = {} } = first.digest ?? {};
  if (previous === null ? sequence !== 0 : asOf < first.hour * HOUR + (keepDays[DIGESTS] ?? 0) * DAY) {
    report("missing", digestKey(first.hour - 1), `${digestKey(first.hour)} continues it, and its retention has not ended`);
  }
  const byHour = new Map(found.map((one) => [one.hour, one]));
  for (let hour = first.hour + 1; hour <= Math.max(newest, found.at(-1)?.hour ?? 0); hour++) {
    const [before, current] = [byHour.get(hour - 1), byHour.get(hour)];
    if (!current) report("missing", digestKey(hour), "every hour has a digest");
    else if (before) checkLink(before, current, report);
  }
}

function checkLink(before: Found, { hour, digest }: Found, report: Report): void {
  if (!digest) return;
  const { previous, sequence, bucket } = digest;
  const expected = before.digest;
  if (previous?.key !== digestKey(before.hour) || previous.sha256 !== before.sha256) {
    report("unlinked", digestKey(hour), `does not continue ${digestKey(before.hour)} as it is now`);
  } else if (expected && (sequence !== expected.sequence + 1 || bucket !== expected.bucket)) {
    report("unlinked", digestKey(hour), `has sequence ${sequence} of ${bucket} after ${expected.sequence} of ${expected.bucket}`);
  }
}

function listingsOf(found: readonly Found[], report: Report): ReadonlyMap<string, Listing> {
  const listings = new Map<string, Listing>();
  for (const { hour, digest } of found) {
    const { records = [], keepDays = {} } = digest ?? {};
    if (records.some((record, index) => index > 0 && byKey(records[index - 1] as ListedRecord, record) >= 0)) {
      report("reordered", digestKey(hour), "its records are not in the order of keys");
    }
    for (const record of records) {
      if (listings.has(record.key)) report("reordered", record.key, "is listed twice");
      listings.set(record.key, { ...record, hour, keepDays });
    }
  }
  return listings;
}

async function checkRecords(
  trail: ReadableTrail,
  entries: readonly Entry[],
  listings: ReadonlyMap<string, Listing>,
  asOf: number,
  report: Report,
): Promise<{ readonly records: number; readonly expired: number }> {
  const present = new Set(entries.map(({ key }) => key));
  let [records, expired] = [0, 0];
  await inParallel([...listings.values()], async ({ key, hour, size, sha256: expected, keepDays }) => {
    const content = present.has(key) ? await trail.get(key) : undefined;
    if (content) {
      records++;
      const actual = sha256(content);
      if (actual !== expected || content.length !== size) {
        report("altered", key, `has ${content.length} bytes and SHA-256 ${actual}; ${digestKey(hour)} lists ${size} bytes and ${expected}`);
      }
      return;
    }
    const place = recordPlace(key);
    const end = Math.min(place?.hour ?? hour, hour) * HOUR + (keepDays[place?.kind ?? ""] ?? Number.POSITIVE_INFINITY) * DAY;
    if (asOf >= end) expired++;
    else report("missing", key, `${digestKey(hour)} lists it, and its retention has not ended`);
  });
  return { records, expired };
}

function checkUnlisted(
  entries: readonly Entry[],
  listings: ReadonlyMap<string, Listing>,
  { newest, asOf }: { readonly newest: Found | undefined; readonly asOf: number },
  report: Report,
): { readonly pending: number; readonly late: number } {
  let pending = 0;
  for (const { key } of entries) {
    if (listings.has(key) || key.startsWith(`${DIGESTS}/`)) continue;
    const place = recordPlace(key);
    if (!place) report("inserted", key, `is not below ${AUDIT_KINDS.map((kind) => `${kind}/<year>/<month>/<day>/<hour>/`).join(", ")}`);
    else if (newest && place.hour <= newest.hour) report("inserted", key, "no digest lists it, though its hour has one");
    // A clock may be ahead, but not by an hour.
    else if (place.hour > hourOf(asOf) + 1) report("inserted", key, "its hour has not begun");
    else pending++;
  }
  const late = [...listings.values()].filter(({ key, hour }) => (recordPlace(key)?.hour ?? hour) < hour).length;
  return { pending, late };
}

/**
 * Reports records that were deleted before a digest listed them, digests after the newest one, and overwritten objects. Returns false if
 * versions can't be read.
 */
async function checkVersions(
  trail: ReadableTrail,
  found: readonly Found[],
  { listings, asOf }: { readonly listings: ReadonlyMap<string, Listing>; readonly asOf: number },
  report: Report,
): Promise<boolean> {
  const changed = await trail.changed?.("").catch((error: Error) => {
    if (error.message.endsWith("AccessDenied")) return undefined;
    throw error;
  });
  if (!changed) return false;
  const [first, newest] = [found[0], found.at(-1)];
  const byHour = new Map(found.map((one) => [one.hour, one.digest]));
  for (const { key } of changed.deleted) {
    const { kind = DIGESTS, hour = digestHour(key.replace(/\.sig$/, "")) } = recordPlace(key) ?? {};
    // Missing records that are listed, and missing digests before the newest one, are reported by what names them.
    const isNamed = kind === DIGESTS ? hour === undefined || hour <= (newest?.hour ?? 0) : listings.has(key);
    if (isNamed || hour === undefined || hour < (first?.hour ?? 0)) continue;
    const days = (byHour.get(hour) ?? newest?.digest)?.keepDays[kind] ?? Number.POSITIVE_INFINITY;
    if (asOf < hour * HOUR + days * DAY) report("missing", key, "was deleted before the end of its retention: a delete marker hides it");
  }
  for (const { key } of changed.overwritten) report("altered", key, "was overwritten: its oldest version is the right one");
  return true;
}
