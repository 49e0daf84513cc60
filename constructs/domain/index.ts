export { admissionOf, arrivalOf, arrivingPath, type Requests, type RoutedService } from "./arrival";
export { type CalledService, callEgress, callVariables } from "./calls";
export { type PodRequests, quotaOf, requestsOf } from "./quota";
export { ServiceDomain, type ServiceDomainProps } from "./service-domain";
export type * from "./settings";
export { connectionsOf } from "./uses";
