export { type ApiObject, CustomResources, type CustomResourcesProps } from "./custom-resources";
export { Release, type ReleaseProps } from "./release";
export { type AwsPlace, type EksTargetProps, type KubeconfigTargetProps, KubernetesTarget, type KubernetesTargetProps } from "./target";
