export { expiringLifecycle } from "./lifecycle";
export { type AccessLogBucket, type BucketPlace, bucketNames, loggedBucket } from "./logged-bucket";
export { PrivateBucket, type PrivateBucketProps } from "./private-bucket";
export { REPLICATION_RULE, type RecoveryRegion, type ReplicationProps, refuseOwnRegion, replicateBucket } from "./replication";
export { type S3Access, type S3Location, type S3Service, s3Access } from "./s3-access";
