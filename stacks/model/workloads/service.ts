import type { Bytes, Duration } from "../../../constructs/core/quantities";
import { bytes, seconds } from "../../../constructs/core/quantities";
import type { RateLimit } from "../../../constructs/gateway";
import { choice, list, object, optional, quantity, text, whole } from "../check/shape";
import { path, port, type Replicas, replicas } from "../common";
import type { Edge } from "../edge";
import { edge } from "../edge";
import type { SlotSettings } from "./release-file";
import { slotSettings } from "./release-file";
import { type ScaleOn, scaleOn, type Workload, workload } from "./workload";

export interface Service extends Workload, SlotSettings {
  readonly replicas: Replicas;

  /**
   * What an autoscaled one follows: `{ cpu: 70, memory: 80 }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /** @default 8080 */
  readonly port?: number;

  /**
   * Where it says that it is well.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Beginnings of paths that it answers, where several answer under one name.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /**
   * The largest request.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * How long it may be silent before and while it answers.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * What one client may send, by its address: `{ requests: "100/s", burst: 200 }`. More is answered with 429.
   * @default - as much as it can
   */
  readonly rateLimit?: RateLimit;

  /**
   * How a new version comes in: in place of the old one, instance by instance (`rolling`), or beside it in a slot of its
   * own, which requests are then turned to (`blue-green`).
   * @default "rolling"
   */
  readonly release?: "rolling" | "blue-green";
}

export interface QueryApi extends Service {
  /**
   * What answers before it, near the user.
   * @default - nothing: queries come straight to the load balancer
   */
  readonly edge?: Edge;
}

export const service = {
  ...workload,
  replicas,
  scaleOn,
  port: optional(port),
  health: optional(path),
  paths: optional(list(path, "write beginnings of paths, or leave it out")),
  maxBodySize: optional(quantity(bytes)),
  timeout: optional(quantity(seconds)),
  rateLimit: optional(
    object<NonNullable<Service["rateLimit"]>>({
      requests: text(/^[1-9]\d*\/[sm]$/, "is no rate", "write one like 100/s or 20/m"),
      burst: optional(whole(0, 100_000)),
    }),
  ),
  release: optional(choice(["rolling", "blue-green"], "way to release a service")),
  ...slotSettings,
};

export const serviceShape = object<Service>(service);

export const queryApiShape = object<QueryApi>({
  ...service,
  edge: optional(edge),
});
