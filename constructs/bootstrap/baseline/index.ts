export { AccessAnalysis } from "./access-analysis";
export { AccountBudget, type AccountBudgetProps } from "./budget";
export { ConfigurationRecords, type ConfigurationRecordsProps } from "./configuration-records";
export { CostTags } from "./cost-tags";
export { PublicBucketsBlocked } from "./public-buckets";
export { SecurityChecks, type SecurityChecksProps } from "./security-checks";
export { ThreatDetection } from "./threat-detection";
export { AccountTrail, type AccountTrailProps } from "./trail";
export { VolumeEncryption } from "./volume-encryption";
