export { AURORA_SIZES, type AuroraGlobalDatabase, AuroraPostgres, type AuroraPostgresProps } from "./aurora";
export {
  type BackupPlace,
  PostgresCluster,
  type PostgresClusterProps,
  postgresOfCluster,
  type RecoveryTarget,
  type Synchronous,
} from "./cloud-native-pg";
export {
  POSTGRES_DRILL_POD,
  PostgresDrill,
  type PostgresDrillProps,
  postgresDrillName,
  postgresScratchName,
} from "./cloud-native-pg-drill";
export { baseBackupObject } from "./cloud-native-pg-objects";
export {
  baseBackupSchedule,
  POSTGRES_CLUSTER_SIZES,
  type PostgresClusterSettings,
  postgresMoveProblems,
  type ResolvedPostgres,
  resolvePostgres,
} from "./cloud-native-pg-settings";
export * from "./contract";
export { type DatabaseInstance, instanceClass, isBurstable, type ManagedEngine } from "./instances";
export { administratorSecret, type ManagedPostgresProps, type ManagedRestore, rdsAuthority, serverIdentifier } from "./managed";
export { type MigrationPodProps, migrationPod } from "./migrations";
export type { PostgresParameters } from "./parameters";
export { filePaths, type JobTraffic, PSQL_USER, type PsqlJobSpec, PsqlPod, type PsqlPodProps } from "./psql-pod";
export { RDS_SIZES, RdsPostgres, type RdsPostgresProps } from "./rds";
export { PostgresRoles, type PostgresRolesProps } from "./roles-job";
export { PostgresServer, type PostgresServerProps } from "./server";
export { databaseName, POSTGRES_ROLES, postgresUser, postgresUsers, roleName } from "./users";
