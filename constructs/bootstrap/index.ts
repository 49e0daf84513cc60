export { boundaryArn, DeployRoles, type DeployRolesProps, rolePath } from "./deploy-roles";
export { StateBucket, type StateBucketProps, type StateLocation, stateLocation } from "./state-bucket";
