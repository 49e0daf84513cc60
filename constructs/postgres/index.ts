export * from "./contract";
export { DEADLINE_SECONDS, PsqlPod, type PsqlPodProps, RETRIES } from "./psql-pod";
export { PostgresRoles, type PostgresRolesProps } from "./roles-job";
export { postgresUser, roleName } from "./users";
