export { BackupBucket, type BackupBucketProps, MAX_LOCK_DAYS } from "./backup-bucket";
