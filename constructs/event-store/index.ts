export type * from "./contract";
export {
  EVENT_SOURCING_DB_SIZES,
  EventSourcingDb,
  type EventSourcingDbProps,
  eventSourcingDbEventStore,
  eventSourcingDbPing,
  eventSourcingDbSecrets,
  eventSourcingDbToken,
} from "./eventsourcingdb";
export type { Flags } from "./eventsourcingdb-flags";
export { KURRENT_CLOUD_SIZES, KurrentCloud, type KurrentCloudProps, type KurrentCloudSize } from "./kurrent-cloud";
export type { KurrentCloudInstanceType } from "./kurrent-cloud/managed-cluster";
export { type KurrentCloudBackup, kurrentCloudBackupProblems } from "./kurrent-cloud-backup";
export { type KurrentCloudAccess, kurrentCloudEventStore } from "./kurrent-cloud-connections";
export { kurrentCloudNetworkProblems } from "./kurrent-cloud-network";
export { KurrentCloudProvider } from "./kurrent-cloud-provider";
export { type KurrentCloudSecrets, kurrentCloudSecrets } from "./kurrent-cloud-secrets";
export { KurrentCloudUsers, type KurrentCloudUsersProps } from "./kurrent-cloud-users";
export { KurrentDb, type KurrentDbProps, type Outside } from "./kurrentdb";
export { type KurrentDbAccess, kurrentDbEventStore } from "./kurrentdb-connections";
export type { EventDrillProps, KurrentDbDrillProps } from "./kurrentdb-drill";
export type { Placement } from "./kurrentdb-node";
export type { KurrentDbOptions } from "./kurrentdb-options";
export { type KurrentDbSecrets, kurrentDbSecrets } from "./kurrentdb-secrets";
export {
  kurrentDbQuota,
  type NodeSize as KurrentDbNodeSize,
  nodeSize as kurrentDbSize,
  type Sized as KurrentDbSized,
} from "./kurrentdb-size";
export { isOfStandardProjection, type PersistentSubscription, type SubscriptionFilter } from "./kurrentdb-subscriptions";
export { PostgresEvents, type PostgresEventsProps, postgresEventStore } from "./postgres-events";
export { EventRecords, type EventRecordsProps, eventRecordsName, eventsDigest, eventVerificationName } from "./postgres-records";
export { LEAST_SCRATCH_POSTGRES, type ScratchPostgres, scratchPostgresProblem } from "./scratch-postgres";
export type { ScratchServer } from "./scratch-server";
export { storeNameProblems } from "./store-name";
export {
  StreamBackup,
  type StreamBackupProps,
  streamBackupName,
  streamBackupPods,
} from "./stream-backup";
export {
  type ScratchEngine,
  STREAM_DRILL_POD,
  StreamDrill,
  type StreamDrillProps,
  streamDrillName,
  streamDrillPods,
} from "./stream-drill";
export {
  KurrentDbStreamFollower,
  type KurrentDbStreamFollowerProps,
  streamFollowerName,
  streamFollowerPods,
} from "./stream-follower";
export {
  STREAM_BACKUP_INTERVAL_RULE,
  STREAM_BACKUP_INTERVALS,
  STREAM_BACKUP_POD,
  type StreamBackupBucket,
  streamBackupSchedule,
} from "./stream-jobs";
export {
  KurrentDbVolumeDrill,
  type KurrentDbVolumeDrillProps,
  VOLUME_DRILL_POD,
  volumeDrillName,
  volumeDrillPods,
} from "./volume-drill";
export {
  type VolumeSnapshotCopies,
  type VolumeSnapshotCopyRights,
  volumeSnapshotCopyStatements,
} from "./volume-snapshot-copies";
export {
  type EbsSnapshots,
  KurrentDbVolumeSnapshots,
  type KurrentDbVolumeSnapshotsProps,
  VOLUME_SNAPSHOT_INTERVAL_RULE,
  VOLUME_SNAPSHOT_INTERVALS,
  VOLUME_SNAPSHOT_POD,
  type VolumeSnapshotClassName,
  volumeSnapshotPods,
  volumeSnapshotSchedule,
  volumeSnapshotsName,
} from "./volume-snapshots";
