export { arrivalOf, type RoutedService } from "./arrival";
export { type CalledService, callEgress, callVariables } from "./calls";
export { type PodRequests, quotaOf, requestsOf } from "./quota";
export { connectionsOf } from "./uses";
