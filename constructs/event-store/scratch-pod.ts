import type { Bytes } from "../core/quantities";
import type { CronJobObject, KubernetesTarget } from "../kubernetes";
import { SIZES } from "./kurrentdb-size";

/** Resource requests of a scratch server, whatever its engine: one quota fits all. A restore is bound by its disk. */
export const SCRATCH_REQUESTS = { cpu: SIZES.small.cpu, memory: SIZES.small.memory } as const;

/** Address on which only containers of the pod can connect. */
export const LOOPBACK = "127.0.0.1";

/** Changes the specification of a job's pod. */
export function withPod(
  job: CronJobObject,
  change: (pod: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): CronJobObject {
  const { jobTemplate } = job.spec;
  const { template } = jobTemplate.spec;
  const filled = { ...jobTemplate, spec: { ...jobTemplate.spec, template: { ...template, spec: change(template.spec) } } };
  return { ...job, spec: { ...job.spec, jobTemplate: filled } };
}

/** Adds a server to a pod, as a native sidecar. */
export function withServer(
  pod: Readonly<Record<string, unknown>>,
  server: object,
  volumes: readonly object[],
): Readonly<Record<string, unknown>> {
  const { initContainers = [], volumes: own = [] } = pod as Readonly<Record<string, readonly object[]>>;
  return { ...pod, initContainers: [...initContainers, server], volumes: [...own, ...volumes] };
}

/** An empty volume for data, which Kubernetes deletes with the pod. */
export function scratchVolume({ scratchClass: storageClassName }: KubernetesTarget, storage: Bytes): object {
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } };
  return { name: "data", ephemeral: { volumeClaimTemplate: { spec } } };
}
