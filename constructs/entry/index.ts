export { Binding, type BindingProps } from "./binding";
export { ANYWHERE, DEREGISTRATION, type EntryTarget, READINESS_GATES, type Source } from "./contract";
export { ExistingZone, type ExistingZoneProps } from "./existing-zone";
export { LoadBalancer, type LoadBalancerProps } from "./load-balancer";
export { PublicZone, type PublicZoneProps } from "./public-zone";
