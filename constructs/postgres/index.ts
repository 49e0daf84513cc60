export {
  type BackupPlace,
  PostgresCluster,
  type PostgresClusterProps,
  type Synchronous,
} from "./cloud-native-pg";
export { POSTGRES_CLUSTER_SIZES, type PostgresClusterSettings, postgresMoveProblems } from "./cloud-native-pg-settings";
export * from "./contract";
export type { PostgresParameters } from "./parameters";
