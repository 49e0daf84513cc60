export { AuroraPostgres, type AuroraPostgresProps } from "./aurora";
export * from "./contract";
export type { DatabaseInstance } from "./instances";
export { administratorSecret, type ManagedPostgresProps } from "./managed";
export type { PostgresParameters } from "./parameters";
export { RdsPostgres, type RdsPostgresProps } from "./rds";
