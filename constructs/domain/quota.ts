import { requested } from "../capacity";
import { bytes, millicores } from "../core/quantities";
import type { Quota } from "../kubernetes";
import { CONTAINER_DEFAULTS, type PodProps, type Replicas, WORKLOAD_DEFAULTS } from "../workload";

/** Resource requests of a number of identical pods. */
export interface PodRequests {
  readonly count: number;
  readonly millicores: number;
  readonly bytes: number;
}

/** Capacity for jobs, sidecars and objects that exist twice during a release. */
const BESIDE = { millicores: 2000, mebibytes: 4096, pods: 30 } as const;

/** Returns a quota that allows some pods twice, for replacing all of them at the same time, and others once. */
export function quotaOf(twice: readonly PodRequests[], once: readonly PodRequests[], jobs: number, volumes?: number): Quota {
  const sum = (of: (pods: PodRequests) => number) => {
    const total = (all: readonly PodRequests[]) => all.reduce((found, pods) => found + pods.count * of(pods), 0);
    return 2 * total(twice) + total(once);
  };
  return {
    cpu: `${sum(({ millicores: cpu }) => cpu) + BESIDE.millicores}m`,
    memory: `${Math.ceil(sum(({ bytes: memory }) => memory / 2 ** 20)) + BESIDE.mebibytes}Mi`,
    pods: sum(() => 1) + BESIDE.pods + jobs,
    ...(volumes === undefined ? {} : { volumes }),
  };
}

/** Returns the requests of a workload's pods, including their sidecars. */
export function requestsOf(settings: Pick<PodProps, "cpu" | "memory" | "sidecars">, count: number): PodRequests {
  const { millicores: cores, memoryBytes } = requested(containersOf(settings));
  return { count, millicores: cores, bytes: memoryBytes };
}

/** Checks if the requests of a workload are readable; its construct rejects unreadable ones. */
export function isReadable(settings: Pick<PodProps, "cpu" | "memory" | "sidecars">): boolean {
  return containersOf(settings).every((one) => typeof millicores(one.cpu) === "number" && typeof bytes(one.memory) === "number");
}

/** Returns the maximum number of a workload's pods. */
export function maxReplicas(replicas: Replicas): number {
  return typeof replicas === "number" ? replicas : replicas.max;
}

function containersOf({
  cpu = WORKLOAD_DEFAULTS.cpu,
  memory = WORKLOAD_DEFAULTS.memory,
  sidecars = [],
}: Pick<PodProps, "cpu" | "memory" | "sidecars">) {
  return [{ cpu, memory }, ...sidecars.map((one) => ({ ...CONTAINER_DEFAULTS, ...one }))];
}
