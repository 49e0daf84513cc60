import { createHash } from "node:crypto";
import { AUDIT_KINDS, type AuditKind, DIGESTS } from "./kinds";

/** A record that a digest lists. */
export interface ListedRecord {
  readonly key: string;

  /** Size in bytes. */
  readonly size: number;

  /** SHA-256 of the content, in hexadecimal. */
  readonly sha256: string;
}

/** The records that were found in one hour, and the digest before it. Its object has these fields as JSON. */
export interface Digest {
  readonly format: typeof FORMAT;
  readonly bucket: string;

  /** Position in the chain, from 0. */
  readonly sequence: number;

  /** Begin and end of its hour, in ISO 8601 and UTC. */
  readonly start: string;
  readonly end: string;

  /** The digest of the hour before. Null in the first one. */
  readonly previous: { readonly key: string; readonly sha256: string } | null;

  /** Days for which objects of each prefix are kept. Later, a missing object has expired. */
  readonly keepDays: Readonly<Record<string, number>>;

  /** Algorithm and key of its signature: the ARN of a KMS key, or the SHA-256 of a public key. */
  readonly signedBy: { readonly algorithm: typeof ALGORITHM; readonly key: string };

  /** In the order of keys. */
  readonly records: readonly ListedRecord[];
}

export const FORMAT = "audit-digest/1";

/** ECDSA on P-256 over the SHA-256 of the bytes of a digest. The object beside the digest has the signature, in DER. */
export const ALGORITHM = "ECDSA_SHA_256";

/** Milliseconds of the period of one digest. */
export const HOUR = 3_600_000;

export const DAY = 24 * HOUR;

/** An hour, counted from 1970 in UTC. */
export type Hour = number;

export function hourOf(time: number): Hour {
  return Math.floor(time / HOUR);
}

/** `2026/11/28/17` */
export function pathOf(hour: Hour): string {
  return new Date(hour * HOUR).toISOString().slice(0, 13).replace(/[-T]/g, "/");
}

export function timeOf(hour: Hour): string {
  return new Date(hour * HOUR).toISOString();
}

export function digestKey(hour: Hour): string {
  return `${DIGESTS}/${pathOf(hour)}.json`;
}

export function signatureKey(hour: Hour): string {
  return `${digestKey(hour)}.sig`;
}

/** Hour of a digest by its key. Undefined if the key isn't one of a digest. */
export function digestHour(key: string): Hour | undefined {
  const [, path] = /^digests\/(\d{4}\/\d\d\/\d\d\/\d\d)\.json$/.exec(key) ?? [];
  return path === undefined ? undefined : hourOfPath(path);
}

/** Kind and hour of a record by its key, `<kind>/<year>/<month>/<day>/<hour>/<name>`. Undefined for another key. */
export function recordPlace(key: string): { readonly kind: AuditKind; readonly hour: Hour } | undefined {
  const [, name, path = ""] = /^([a-z]+)\/(\d{4}\/\d\d\/\d\d\/\d\d)\/./.exec(key) ?? [];
  const kind = AUDIT_KINDS.find((one) => one === name);
  const hour = hourOfPath(path);
  return kind === undefined || hour === undefined ? undefined : { kind, hour };
}

function hourOfPath(path: string): Hour | undefined {
  const [year = "", month = "", day = "", hour = ""] = path.split("/");
  const time = Date.parse(`${year}-${month}-${day}T${hour}:00:00.000Z`);
  // Date.parse accepts February 30 as March 2.
  return Number.isNaN(time) || pathOf(hourOf(time)) !== path ? undefined : hourOf(time);
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Bytes of a digest: the same for the same digest. */
export function encode(digest: Digest): Buffer {
  return Buffer.from(`${JSON.stringify(digest, null, 1)}\n`);
}

/** Orders keys as S3 does, by their bytes. */
export function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));
}

/** Reads the bytes of a digest. Undefined if they aren't exactly those that `encode` writes. */
export function decode(content: Buffer): Digest | undefined {
  const value = json(content);
  return isDigest(value) && encode(value).equals(content) ? value : undefined;
}

function json(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8")) ?? undefined;
  } catch {
    return undefined;
  }
}

function isDigest(value: unknown): value is Digest {
  const { format, bucket, sequence, start, end, previous, keepDays, signedBy, records } = (value ?? {}) as Partial<
    Record<keyof Digest, unknown>
  >;
  return (
    format === FORMAT &&
    typeof bucket === "string" &&
    Number.isInteger(sequence) &&
    typeof start === "string" &&
    typeof end === "string" &&
    (previous === null || hasTypes(previous, { key: "string", sha256: "string" })) &&
    typeof keepDays === "object" &&
    Object.values(keepDays ?? {}).every((days) => typeof days === "number") &&
    hasTypes(signedBy, { algorithm: "string", key: "string" }) &&
    Array.isArray(records) &&
    records.every((record) => hasTypes(record, { key: "string", size: "number", sha256: "string" }))
  );
}

function hasTypes(value: unknown, types: Readonly<Record<string, string>>): boolean {
  const fields = (value ?? {}) as Record<string, unknown>;
  return Object.entries(types).every(([name, type]) => typeof fields[name] === type);
}
