export { AccessAnalysis } from "./access-analysis";
export { AccountBudget, type AccountBudgetProps } from "./budget";
export { CostTags } from "./cost-tags";
export { PublicBucketsBlocked } from "./public-buckets";
export { ThreatDetection } from "./threat-detection";
export { AccountTrail, type AccountTrailProps } from "./trail";
export { VolumeEncryption } from "./volume-encryption";
