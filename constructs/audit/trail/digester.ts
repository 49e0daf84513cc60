import { type Entry, type GrowingTrail, inParallel, type Retention } from "./bucket";
import {
  ALGORITHM,
  byKey,
  DAY,
  type Digest,
  decode,
  digestHour,
  digestKey,
  encode,
  FORMAT,
  HOUR,
  type Hour,
  hourOf,
  type ListedRecord,
  pathOf,
  recordPlace,
  sha256,
  signatureKey,
  timeOf,
} from "./format";
import { AUDIT_KINDS, type AuditRetention, DIGESTS, digestDays } from "./kinds";
import type { Signer } from "./signer";

export interface DigesterSettings {
  /** Name of the bucket, which digests mention. */
  readonly bucket: string;

  /** Retention in days of the recorded kinds. */
  readonly keepDays: AuditRetention;

  /**
   * Mode of the object lock.
   * @default - no locks
   */
  readonly lock?: Retention["mode"];
}

/** Hours before a digest's own in which records that arrived late are still found: as long as a writer may be cut off from the bucket. */
export const LATE_HOURS = 48;

/** Milliseconds after the end of an hour before its digest is written, so that writers can complete their uploads. */
export const SETTLING = 5 * 60_000;

/** The newest digest of a chain. */
interface Head {
  readonly hour: Hour;
  readonly digest: Digest;
  readonly sha256: string;
}

/** Writes a signed digest of every hour that has ended. A run that was killed at any point is continued by the next. */
export class Digester {
  constructor(
    private readonly trail: GrowingTrail,
    private readonly signer: Signer,
    private readonly settings: DigesterSettings,
    private readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void = () => {},
  ) {}

  /** Writes the missing digests. Returns the newest. */
  async run(now: number): Promise<Head | undefined> {
    const last = hourOf(now - SETTLING) - 1;
    let head = await this.head(last);
    const listed = head ? await this.listed(head) : new Set<string>();
    for (let hour = head ? head.hour + 1 : last; hour <= last; hour++) {
      head = await this.append(hour, head, listed);
      for (const { key } of head.digest.records) listed.add(key);
    }
    return head;
  }

  /** The newest digest. If an earlier run ended before it signed the digest, signs it. */
  private async head(last: Hour): Promise<Head | undefined> {
    const recent = await this.trail.list(`${DIGESTS}/`, `${DIGESTS}/${pathOf(last - LATE_HOURS)}`);
    const written = hoursOf(recent).length > 0 ? recent : await this.trail.list(`${DIGESTS}/`);
    const hour = hoursOf(written).at(-1);
    if (hour === undefined) return undefined;
    if (hour > last)
      throw new Error(`${digestKey(hour)}: its hour has not ended; check the clock, and verify the trail before it is continued`);
    const head = await this.read(hour);
    if (!written.some(({ key }) => key === signatureKey(hour))) {
      await this.check(head);
      await this.sign(head);
    }
    return head;
  }

  private async read(hour: Hour): Promise<Head> {
    const content = await this.trail.get(digestKey(hour));
    const digest = content && decode(content);
    if (!digest) throw new Error(`${digestKey(hour)}: is no digest that this program wrote; verify the trail before it is continued`);
    return { hour, digest, sha256: sha256(content) };
  }

  /** Keys that the digests list whose records the next one could find again. */
  private async listed(head: Head): Promise<Set<string>> {
    const near = hoursOf(await this.trail.list(`${DIGESTS}/`, `${DIGESTS}/${pathOf(head.hour - LATE_HOURS)}`));
    const digests = await inParallel(near, (hour) => this.read(hour));
    return new Set(digests.flatMap(({ digest }) => digest.records.map(({ key }) => key)));
  }

  private async append(hour: Hour, previous: Head | undefined, listed: ReadonlySet<string>): Promise<Head> {
    const records = await this.hashed(await this.found(hour, previous !== undefined, listed));
    await inParallel(records, ({ key }) => this.lock(key, hour));
    const digest: Digest = {
      format: FORMAT,
      bucket: this.settings.bucket,
      sequence: previous ? previous.digest.sequence + 1 : 0,
      start: timeOf(hour),
      end: timeOf(hour + 1),
      previous: previous ? { key: digestKey(previous.hour), sha256: previous.sha256 } : null,
      keepDays: { ...this.settings.keepDays, [DIGESTS]: digestDays(this.settings.keepDays) },
      signedBy: { algorithm: ALGORITHM, key: this.signer.key },
      records,
    };
    const content = encode(digest);
    const head = { hour, digest, sha256: sha256(content) };
    if (!(await this.create(digestKey(hour), content, hour)) && (await this.read(hour)).sha256 !== head.sha256) {
      throw new Error(`${digestKey(hour)}: another digester wrote it at the same time; the next run continues after it`);
    }
    await this.sign(head);
    this.log("wrote a digest", { key: digestKey(hour), sha256: head.sha256, sequence: digest.sequence, records: records.length });
    return head;
  }

  /** Records of an hour and of the hours before it that no digest lists. The first digest lists all earlier ones. */
  private async found(hour: Hour, hasPrevious: boolean, listed: ReadonlySet<string>): Promise<readonly Entry[]> {
    const from = hour - LATE_HOURS;
    const entries = await inParallel(AUDIT_KINDS, (kind) =>
      this.trail.list(`${kind}/`, hasPrevious ? `${kind}/${pathOf(from)}` : undefined),
    );
    return entries.flat().filter(({ key }) => {
      const place = recordPlace(key);
      return place !== undefined && place.hour <= hour && !listed.has(key);
    });
  }

  private async hashed(entries: readonly Entry[]): Promise<readonly ListedRecord[]> {
    const records = await inParallel(entries, async ({ key }) => {
      const content = await this.trail.get(key);
      // Not left out: a record that no digest lists could be removed unnoticed. If it expired just now, the next run lists it no more.
      if (!content) throw new Error(`${key}: is listed, but can't be read`);
      return { key, size: content.length, sha256: sha256(content) };
    });
    return [...records].sort(byKey);
  }

  /** Compares a digest that an earlier run left unsigned with the trail, because a signature vouches for it. */
  private async check({ hour, digest }: Head): Promise<void> {
    const refuse = (reason: string) => new Error(`${digestKey(hour)}: has no signature and ${reason}; it is not signed`);
    if (digest.bucket !== this.settings.bucket || digest.start !== timeOf(hour)) throw refuse("belongs to another place");
    const before = digest.previous && (await this.read(hour - 1));
    if (before ? digest.previous?.sha256 !== before.sha256 || digest.sequence !== before.digest.sequence + 1 : digest.sequence !== 0) {
      throw refuse("does not continue the chain");
    }
    await inParallel(digest.records, async ({ key, sha256: expected }) => {
      const content = await this.trail.get(key);
      if (!content || sha256(content) !== expected) throw refuse(`lists ${key} with another content`);
    });
  }

  private async sign(head: Head): Promise<void> {
    const signature = await this.signer.sign(encode(head.digest));
    // If it exists, an earlier attempt created it and its answer was lost.
    await this.create(signatureKey(head.hour), signature, head.hour);
  }

  private create(key: string, content: Buffer, hour: Hour): Promise<boolean> {
    const { lock, keepDays } = this.settings;
    const retention = lock && { mode: lock, until: new Date((hour + 1) * HOUR + digestDays(keepDays) * DAY) };
    return this.trail.create(key, content, retention);
  }

  /** The bucket locks every object for the shortest retention. This extends the lock of records that are kept longer. */
  private async lock(key: string, hour: Hour): Promise<void> {
    const { lock: mode, keepDays } = this.settings;
    const kind = recordPlace(key)?.kind;
    const days = (kind && keepDays[kind]) ?? 0;
    if (!mode || days <= Math.min(...Object.values(keepDays))) return;
    await this.trail.retain(key, { mode, until: new Date((hour + 1) * HOUR + days * DAY) });
  }
}

/** Hours of the digests among objects, in order. */
function hoursOf(entries: readonly Entry[]): readonly Hour[] {
  const hours = entries.map(({ key }) => digestHour(key)).filter((hour) => hour !== undefined);
  return hours.sort((one, other) => one - other);
}
