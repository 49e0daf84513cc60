export { expiringLifecycle } from "./lifecycle";
export { type AccessLogBucket, loggedBucket } from "./logged-bucket";
export { PrivateBucket, type PrivateBucketProps } from "./private-bucket";
