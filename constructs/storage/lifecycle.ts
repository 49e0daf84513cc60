import type { S3BucketLifecycleConfigurationRule } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";

/**
 * Colder storage classes, each with the day of the transition and its minimum storage duration in days (Amazon S3, storage classes). Only
 * classes with immediate access, because others would delay a restore by hours.
 */
const COLDER = [
  { storageClass: "STANDARD_IA", from: 30, paid: 30 },
  { storageClass: "GLACIER_IR", from: 90, paid: 90 },
] as const;

/** Moves objects to colder storage classes if they are kept long enough to save cost, and deletes them at the end of their retention. */
export function expiringLifecycle(id: string, prefix: string, keepDays: number): S3BucketLifecycleConfigurationRule {
  const transition = COLDER.filter(({ from, paid }) => from + paid <= keepDays).map(({ storageClass, from }) => ({
    storageClass,
    days: from,
  }));
  return {
    id,
    status: "Enabled",
    filter: [{ prefix }],
    ...(transition.length > 0 ? { transition } : {}),
    expiration: [{ days: keepDays }],
    // Overwritten and deleted versions stay until their lock ends: lifecycle rules don't override a lock.
    noncurrentVersionExpiration: [{ noncurrentDays: 1 }],
  };
}

/** Access logs are kept as long as the objects whose access they record, but at least a year. */
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
