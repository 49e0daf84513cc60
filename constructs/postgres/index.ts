export * from "./contract";
export { postgresRoles, postgresSecrets, postgresUsers } from "./users";
