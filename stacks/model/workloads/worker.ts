import { object, optional } from "../check/shape";
import type { Replicas } from "../common";
import { replicas } from "../common";
import { single } from "./roles";
import type { Health, ScaleOn, Workload } from "./workload";
import { health, scaleOn, workload } from "./workload";

export interface Processors extends Workload {
  readonly replicas: Replicas;

  /**
   * What autoscaled ones follow: `{ cpu: 70, broker: { stream: "commands", consumer: "processors", each: 100 } }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /**
   * Where an instance says that it is well.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health;
}

export const processorsShape = object<Processors>({
  ...workload,
  ...single("commandProcessors"),
  replicas,
  scaleOn,
  health: optional(object<Health>(health)),
});
