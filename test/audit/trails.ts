import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { Digester, SETTLING } from "../../constructs/audit/trail/digester";
import { HOUR, type Hour, hourOf, pathOf } from "../../constructs/audit/trail/format";
import { AUDIT_KINDS, type AuditKind } from "../../constructs/audit/trail/kinds";
import { keySigner } from "../../constructs/audit/trail/signer";
import { GRACE, type Verification, verifyTrail } from "../../constructs/audit/trail/verifier";
import type { MemoryTrail } from "./memory-trail";

export const BEGIN = hourOf(Date.parse("2026-11-28T22:00:00Z"));
export const KEEP_DAYS = { commands: 3650, events: 400, access: 2 };

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;
export const KEY = newKey();
export const OTHER_KEY = newKey();

/** The digester of these trails. */
export function digester(trail: MemoryTrail, key = KEY): Digester {
  return new Digester(trail, keySigner(pem(key)), { bucket: "audit", keepDays: KEEP_DAYS, lock: "GOVERNANCE" });
}

/** Time at which a trail with this last hour is digested completely. */
export function digestedAt(hour: Hour): number {
  return (hour + 1) * HOUR + Math.max(SETTLING, GRACE);
}

export function verified(
  trail: MemoryTrail,
  asOf: number,
  changes: { readonly head?: string; readonly key?: KeyObject } = {},
): Promise<Verification> {
  const { key = KEY, head } = changes;
  return verifyTrail(trail, { keys: [createPublicKey(key)], asOf, ...(head ? { head } : {}) });
}

/** A record that a test writes: `late` hours after the hour of its key. */
export interface Written {
  readonly kind: AuditKind;
  readonly hour: number;
  readonly late: number;
  readonly content: string;
}

export function keyOf({ kind, hour }: Written, index: number): string {
  return `${kind}/${pathOf(BEGIN + hour)}/write-side/command-api/${index} ü&<'.json`;
}

/** Hours of a generated trail. */
export const HOURS = 4;

export const someRecords = fc.array(
  fc.record({
    kind: fc.constantFrom(...AUDIT_KINDS),
    hour: fc.nat(HOURS - 1),
    late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) }),
    content: fc.string(),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Writes records hour by hour, and digests each hour at its end. Returns the last hour. */
export async function grow(
  trail: MemoryTrail,
  records: readonly Written[],
  run: (now: number) => Promise<unknown> = (now) => digester(trail).run(now),
): Promise<Hour> {
  const last = Math.max(HOURS - 1, ...records.map(({ hour, late }) => hour + late));
  for (let hour = 0; hour <= last; hour++) {
    for (const [index, record] of records.entries()) {
      if (record.hour + record.late === hour)
        trail.objects.set(keyOf(record, index), Buffer.from(JSON.stringify({ text: record.content })));
    }
    await run(digestedAt(BEGIN + hour));
  }
  return BEGIN + last;
}
