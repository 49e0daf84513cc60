import type { Volume } from "../../../constructs/workload";
import { object, optional, whole } from "../check/shape";
import type { Replicas } from "../common";
import { replicas } from "../common";
import { single } from "./roles";
import type { Health, ScaleOn, Workload } from "./workload";
import { health, scaleOn, volumes, workload } from "./workload";

export interface Processors extends Workload {
  readonly replicas: Replicas;

  /**
   * What autoscaled ones follow: `{ cpu: 70, broker: { stream: "commands", consumer: "processors", targetPerReplica: 100 } }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /**
   * Where an instance says that it is well.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health;

  /**
   * Partitions that its instances share out, as those of projections do: each is told `WORKER` (its number, from 0 on), `WORKERS`,
   * `PARTITIONS` and `PARALLELISM`, and there are never two of one number. Takes a fixed number of `replicas`, at most as many.
   * @default - none: all instances are alike
   */
  readonly partitions?: number;

  /**
   * Directories that keep their data, by path. Only of a worker with `replicas: 1`.
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
