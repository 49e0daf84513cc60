export { BackupBucket, type BackupBucketProps } from "./backup-bucket";
