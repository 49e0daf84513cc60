export { BackupBucket, type BackupBucketProps, type BackupLock, backupBuckets, MAX_LOCK_DAYS } from "./backup-bucket";
export { CopyNotices, type CopyNoticesProps } from "./copy-notices";
export {
  type BackedUpDatabase,
  backupPlanName,
  backupRoleName,
  backupVaultName,
  DatabaseBackups,
  type DatabaseBackupsProps,
  RESTORE_TESTS,
} from "./database-backups";
export type { NoticeTopicProps } from "./notice-topic";
export { BackupOptIn } from "./region-settings";
export { SnapshotBucket, type SnapshotBucketProps, snapshotBucket } from "./snapshot-bucket";
export { snapshotLoss, snapshotSchedule } from "./snapshot-schedule";
