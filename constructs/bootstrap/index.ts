export { boundaryArn, DeployRoles, type DeployRolesProps, deployRoleArns, rolePath } from "./deploy-roles";
export { StateBucket, type StateBucketProps, type StateLocation, stateLocation } from "./state-bucket";
