import type { S3BucketLifecycleConfigurationRule } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";

/**
 * Colder classes, each with the day from which it is entered and the days for which it is paid at least
 * (Amazon S3, storage classes). Only classes that answer at once: a restore must not wait for hours.
 */
const COLDER = [
  { storageClass: "STANDARD_IA", from: 30, paid: 30 },
  { storageClass: "GLACIER_IR", from: 90, paid: 90 },
] as const;

/** Backups grow colder where they stay long enough to be worth it, and end when their time is over. */
export function backupLifecycle(keepDays: number): S3BucketLifecycleConfigurationRule[] {
  const transition = COLDER.filter(({ from, paid }) => from + paid <= keepDays).map(({ storageClass, from }) => ({
    storageClass,
    days: from,
  }));
  return [
    {
      id: "backups",
      status: "Enabled",
      filter: [{ prefix: "" }],
      ...(transition.length > 0 ? { transition } : {}),
      expiration: [{ days: keepDays }],
      // What was overwritten or deleted early stays until its lock ends: lifecycle rules never break a lock.
      noncurrentVersionExpiration: [{ noncurrentDays: 1 }],
    },
  ];
}

/** Access logs end with the backups whose access they record, and not before a year. */
export function logLifecycle(keepDays: number): S3BucketLifecycleConfigurationRule {
  const days = Math.max(keepDays, 365);
  return {
    id: "logs",
    status: "Enabled",
    filter: [{ prefix: "" }],
    expiration: [{ days }],
    noncurrentVersionExpiration: [{ noncurrentDays: 30 }],
  };
}
