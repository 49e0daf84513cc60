export * from "./contract";
export type { PostgresParameters } from "./parameters";
