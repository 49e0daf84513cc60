export { boundaryArn, DeployRoles, type DeployRolesProps, deployRoleArns } from "./deploy-roles";
export { StateBucket, type StateBucketProps, type StateLocation, stateLocation } from "./state-bucket";
