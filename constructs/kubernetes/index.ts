export { type Inadmissible, inadmissible } from "./admission";
export { type AdmissionPolicyProps, admissionPolicy } from "./admission-policy";
export { type ApiObject, CustomResources, type CustomResourcesProps } from "./custom-resources";
export { type DisruptionBudgetProps, disruptionBudget, namespacesIn, STAYS } from "./disruption";
export { IMAGE_REMEDY, imageFrom, imageProblem } from "./image";
export { LONGEST_LABEL, labelKeyProblem, labelValueProblem } from "./labels";
export { Namespace, type NamespaceProps, type Quota } from "./namespace";
export {
  type ChartRelease,
  type KubernetesObject,
  type KubernetesObjects,
  type KubernetesObjectsOptions,
  kubernetesObjects,
} from "./objects";
export { type CronJobObject, cronJobObject } from "./objects/cron-job";
export type { Values } from "./objects/schema";
export { PodTraffic, type PodTrafficProps } from "./pod-traffic";
export { type OtherChart, Release, type ReleaseProps } from "./release";
export { RESTRICTED } from "./restricted";
export { storeLabel } from "./store-label";
export { type AwsPlace, type EksTargetProps, type KubeconfigTargetProps, KubernetesTarget, type KubernetesTargetProps } from "./target";
export { API_SERVER, egressTo, HTTPS, ingressFrom, NAMES, type Peer, ROLE_AGENT, type TrafficRule } from "./traffic";
export { VolumeClaims, type VolumeClaimsProps } from "./volume-claims";
