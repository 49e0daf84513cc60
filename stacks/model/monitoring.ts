import type { Telemetry } from "../../constructs/workload";
import { flag, object, optional } from "./check/shape";
import { name, withPort } from "./common";

export interface Monitoring {
  readonly prometheus?: boolean;
  readonly grafana?: boolean;
  readonly elasticStack?: boolean;

  /**
   * A collector of OTLP that is there, on each cluster of workloads: `{ endpoint: "http://collector.monitoring.svc:4317",
   * namespace: "monitoring" }`. Workloads are told of it; its namespace has to let them in.
   * @default - workloads are told of none
   */
  readonly telemetry?: Pick<Telemetry, "endpoint" | "namespace">;
}

export const monitoringShape = object<Monitoring>({
  prometheus: optional(flag),
  grafana: optional(flag),
  elasticStack: optional(flag),
  telemetry: optional(
    object<NonNullable<Monitoring["telemetry"]>>({ endpoint: withPort("http://collector.monitoring.svc:4317"), namespace: name }),
  ),
});
