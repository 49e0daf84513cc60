import { bytes, known, millicores } from "../core/quantities";
import type { Quota } from "../kubernetes";
import { CONTAINER_DEFAULTS, type PodProps, type Replicas, WORKLOAD_DEFAULTS } from "../workload";

/** Requests of some pods of one kind. */
export interface PodRequests {
  readonly count: number;
  readonly millicores: number;
  readonly bytes: number;
}

/** Capacity for jobs, sidecars and what a release has twice. */
const BESIDE = { millicores: 2000, mebibytes: 4096, pods: 30 } as const;

/** The quota that lets a namespace run some pods twice, as when all of them are replaced at once, and others once. */
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

/** Requests of pods of a workload, with those of their sidecars. */
export function requestsOf(settings: Pick<PodProps, "cpu" | "memory" | "sidecars">, count: number): PodRequests {
  const containers = containersOf(settings);
  return {
    count,
    millicores: containers.reduce((total, one) => total + known(millicores(one.cpu)), 0),
    bytes: containers.reduce((total, one) => total + known(bytes(one.memory)), 0),
  };
}

/** Whether the requests of a workload can be read at all; what can't is refused by its construct. */
export function isReadable(settings: Pick<PodProps, "cpu" | "memory" | "sidecars">): boolean {
  return containersOf(settings).every((one) => typeof millicores(one.cpu) === "number" && typeof bytes(one.memory) === "number");
}

/** Pods of a workload at its maximum. */
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
