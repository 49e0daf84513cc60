export * from "./baseline";
export { boundaryArn, DeployRoles, type DeployRolesProps, deployRoleArns, rolePath } from "./deploy-roles";
export type { DeployedEnvironment, RestoredEnvironment, SharedSubjectKeys, StateArns } from "./guards";
export { StateBucket, type StateBucketProps, type StateLocation, stateLocation } from "./state-bucket";
