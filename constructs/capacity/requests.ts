import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import type { PodRequest, Spread } from "./contract";

/** Resource requests of a container. */
export interface ContainerRequest {
  readonly cpu: Cores;
  readonly memory: Bytes;
}

/** Total requests of a pod's containers. */
export function requested(containers: readonly ContainerRequest[]): PodRequest {
  const sum = (amounts: readonly number[]) => amounts.reduce((one, other) => one + other, 0);
  return {
    millicores: sum(containers.map(({ cpu }) => known(millicores(cpu)))),
    memoryBytes: sum(containers.map(({ memory }) => known(bytes(memory)))),
  };
}

/** Even distribution over zones and nodes, each required or preferred. */
export function evenly(zones: boolean, nodes = zones): readonly Spread[] {
  return [
    { over: "zone", how: "even", required: zones },
    { over: "node", how: "even", required: nodes },
  ];
}
