export { BackupBucket, type BackupBucketProps, backupBuckets, MAX_LOCK_DAYS } from "./backup-bucket";
export { SnapshotBucket, type SnapshotBucketProps, snapshotBucket } from "./snapshot-bucket";
