export * from "./contract";
export { PsqlPod, type PsqlPodProps } from "./psql-pod";
export { PostgresRoles, type PostgresRolesProps } from "./roles-job";
export { postgresUser, roleName } from "./users";
