export type * from "./contract";
export { HttpService, type HttpServiceProps, type SlotProps } from "./http-service";
export { NamespaceConnections, type NamespaceConnectionsProps } from "./namespace-connections";
export { PartitionedWorker, type PartitionedWorkerProps } from "./partitioned-worker";
export { type Partitioning, partitionsOf } from "./partitions";
export { PodTemplate, type PodTemplateProps, type PodVersion } from "./pod-template";
export { Worker, type WorkerProps } from "./worker";
