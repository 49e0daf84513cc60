export type * from "./contract";
export { EventSourcingDb, type EventSourcingDbProps } from "./eventsourcingdb";
export { KurrentCloud, type KurrentCloudProps, type KurrentCloudSize } from "./kurrent-cloud";
export { type KurrentCloudBackup, kurrentCloudBackupProblems } from "./kurrent-cloud-backup";
export { type KurrentCloudAccess, kurrentCloudEventStore } from "./kurrent-cloud-connections";
export { kurrentCloudNetworkProblems } from "./kurrent-cloud-network";
export { KurrentCloudProvider } from "./kurrent-cloud-provider";
