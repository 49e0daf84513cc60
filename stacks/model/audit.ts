import { AUDIT_KINDS, type AuditKind } from "../../constructs/audit";
import type { BackupLock } from "../../constructs/backup";
import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { choice, list, object, optional, quantity, records } from "./check/shape";
import { name } from "./common";

/**
 * Audit trail in a bucket of its own, on AWS: records of the kinds that have a retention. A record can't be replaced, nor deleted before
 * its retention ends. Every hour a signed digest lists the records, so that changes are noticed.
 */
export interface Audit {
  /**
   * Retention of records of commands in whole days. Changes of retentions apply to new records.
   * @default - commands are not recorded
   */
  readonly commands?: Duration;

  /**
   * Retention of records of events in whole days.
   * @default - events are not recorded
   */
  readonly events?: Duration;

  /**
   * Retention of records of accesses to data in whole days.
   * @default - accesses are not recorded
   */
  readonly access?: Duration;

  /**
   * Mode of the lock on records and digests. `governance`: a user with a special permission can remove the lock. `compliance`: no user can,
   * and the bucket can't be destroyed while it contains objects. Not allowed with `disposable`.
   * @default - none with the exception `disposable`; required otherwise
   */
  readonly lock?: BackupLock;

  /**
   * Kinds of records that each workload writes: `{ "command-api": ["commands"], "query-api": ["access"] }`. A workload gets the right to add
   * records, the address of the bucket in its environment, and egress to S3. On an existing cluster its owner assigns the role.
   */
  readonly writers: Readonly<Record<string, readonly AuditKind[]>>;

  /**
   * Table of data keys, one for each data subject, for crypto-shredding: personal data is encrypted, and erased by deleting a key.
   * @default - no table
   */
  readonly subjectKeys?: SubjectKeySettings;
}

/** Data keys of data subjects: a DynamoDB table of keys that KMS wraps. Deleting a subject's key makes its data unreadable everywhere. */
export interface SubjectKeySettings {
  /**
   * Another environment, whose table and KMS key this one uses in place of its own: a standby of it, or one that is restored from it. Its data
   * keys and deletions are the same in both. Must be in the region of that environment, or in its `recoveryRegion`, where the copy of the
   * table is. Changing it makes what was encrypted before unreadable.
   * @default - a table of its own
   */
  readonly of?: string;

  /**
   * Time for which point-in-time recovery can restore deleted keys, from `1d` to `35d`. A deletion is final afterwards. The table has no other
   * backup than its copy in `aws.recoveryRegion`, in which keys are deleted at the same time. A change applies at once. With `of`, the same
   * as there.
   * @default "7d"
   */
  readonly recovery?: Duration;

  /**
   * Workloads that encrypt and decrypt personal data. A workload gets the right to read and create keys, but not to delete or list them, the
   * address of table and key in its environment, and egress. On an existing cluster its owner assigns the role.
   */
  readonly users: readonly string[];

  /**
   * Workloads that delete keys. They can't decrypt, unless they are users too, and write an audit record of kind `access` for each deletion.
   * @default - operators delete keys, with the IAM policy of the environment for that
   */
  readonly erasers?: readonly string[];
}

const keep = optional(quantity(seconds));

const workloads = list(name, "name workloads");

export const auditShape = object<Audit>({
  commands: keep,
  events: keep,
  access: keep,
  lock: optional(choice(["governance", "compliance"], "lock")),
  writers: records(list(choice(AUDIT_KINDS, "kind of records"), "name the kinds of records that it writes"), name),
  subjectKeys: optional(
    object<SubjectKeySettings>({
      of: optional(name),
      recovery: optional(quantity(seconds)),
      users: workloads,
      erasers: optional(workloads),
    }),
  ),
});
