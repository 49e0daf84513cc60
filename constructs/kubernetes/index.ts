export { type ApiObject, CustomResources, type CustomResourcesProps } from "./custom-resources";
export {
  type ChartRelease,
  type KubernetesObject,
  type KubernetesObjects,
  type KubernetesObjectsOptions,
  kubernetesObjects,
} from "./objects";
export { Release, type ReleaseProps } from "./release";
export { type AwsPlace, type EksTargetProps, type KubeconfigTargetProps, KubernetesTarget, type KubernetesTargetProps } from "./target";
