/** Kinds of audit records. Each has a prefix in the bucket, and a separate retention. */
export const AUDIT_KINDS = ["commands", "events", "access"] as const;

/** Kind of an audit record. */
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Prefix of the digests. */
export const DIGESTS = "digests";

/** Retention in days of the recorded kinds. */
export type AuditRetention = Readonly<Partial<Record<AuditKind, number>>>;

/** Retention of digests in days: as long as that of any record, and a month more, so that every record can be verified until it expires. */
export function digestDays(keepDays: AuditRetention): number {
  return Math.max(...Object.values(keepDays)) + 31;
}
