import type { Bytes } from "../core/quantities";
import type { CronJobObject, KubernetesTarget } from "../kubernetes";
import { CONTAINER_SECURITY } from "./kurrentdb-node";
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

/** Parts of a scratch server that depend on its engine. */
export interface ScratchContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;

  /** @default - none */
  readonly startupProbe?: object;
  readonly volumeMounts: readonly object[];
}

/** Adds a server to a pod, as a native sidecar. */
export function withServer(
  pod: Readonly<Record<string, unknown>>,
  { name, image, command, env, startupProbe, volumeMounts }: ScratchContainer,
  volumes: readonly object[],
): Readonly<Record<string, unknown>> {
  const { initContainers = [], volumes: own = [] } = pod as Readonly<Record<string, readonly object[]>>;
  const { cpu, memory } = SCRATCH_REQUESTS;
  const server = {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    // Starts before the program, and ends after it.
    restartPolicy: "Always",
    command,
    env: Object.entries(env)
      .map(([key, value]) => ({ name: key, value }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
    resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
    securityContext: CONTAINER_SECURITY,
    ...(startupProbe ? { startupProbe: { ...startupProbe, ...STARTS } } : {}),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts,
  };
  return { ...pod, initContainers: [...initContainers, server], volumes: [...own, ...volumes] };
}

/** Time for the start of a server: five minutes. */
const STARTS = { periodSeconds: 5, timeoutSeconds: 6, failureThreshold: 60 } as const;

/** An empty volume for data, which Kubernetes deletes with the pod. */
export function scratchVolume({ scratchClass: storageClassName }: KubernetesTarget, storage: Bytes): object {
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } };
  return { name: "data", ephemeral: { volumeClaimTemplate: { spec } } };
}
