export { type AllowedFlow, INTERNET, type Network, type SecurityGroupMember } from "./contract";
export { Endpoints, type EndpointsProps, INTERFACE_ENDPOINTS } from "./endpoints";
export { ExistingVpc, type ExistingVpcProps } from "./existing-vpc";
export { type Block, overlap, parseBlock, show } from "./ipv4";
export { type PartiesProps, SecurityGroups } from "./parties";
export { Peering, type PeeringProps } from "./peering";
export { defaultZones, eksConditions, REGIONS, type Region } from "./regions";
export { blocksFor, NETWORK_PREFIX, podBlocks, type SubnetPlan, subnetPlan } from "./subnet-plan";
export { Vpc, type VpcProps } from "./vpc";
