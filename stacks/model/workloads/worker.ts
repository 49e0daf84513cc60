import type { Volume } from "../../../constructs/workload";
import { object, optional, whole } from "../check/shape";
import type { Replicas } from "../common";
import { replicas } from "../common";
import { single } from "./roles";
import type { Health, ScaleOn, Workload } from "./workload";
import { health, scaleOn, volumes, workload } from "./workload";

/** Workers that process commands, without inbound requests. */
export interface Processors extends Workload {
  readonly replicas: Replicas;

  /**
   * Autoscaling targets: `{ cpu: 70, broker: { stream: "commands", consumer: "processors", targetPerReplica: 100 } }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /**
   * Health endpoint of an instance.
   * @default - none: a running instance counts as healthy
   */
  readonly health?: Health;

  /**
   * Number of partitions that the instances share, as for projections. Each instance gets `WORKER` (its index, from 0),
   * `WORKERS`, `PARTITIONS` and `PARALLELISM`; no two instances have the same index. Requires a fixed number of
   * `replicas`, not above this number.
   * @default - none: instances are interchangeable
   */
  readonly partitions?: number;

  /**
   * Persistent directories, by path. Requires `replicas: 1`.
   * @default - none
   */
  readonly volumes?: Readonly<Record<string, Volume>>;
}

export const processors = {
  ...workload,
  ...single("worker"),
  replicas,
  scaleOn,
  health: optional(object<Health>(health)),
  partitions: optional(whole(1, 10_000)),
  volumes,
};

export const processorsShape = object<Processors>(processors);
