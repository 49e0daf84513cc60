import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { StatefulSetV1 } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { disruptionBudget, type Peer } from "../kubernetes";
import type { Health, WorkloadProps } from "./contract";
import { POD_INDEX, PodTemplate } from "./pod-template";
import { startupSeconds, steadySeconds } from "./probes";
import { RESTARTED } from "./rollout";

export interface PartitionedWorkerProps extends WorkloadProps {
  /** Number of processes, each with its share of the partitions. It can change at any time: partitions move. */
  readonly workers: number;

  /** Partitions that a worker processes concurrently. */
  readonly parallelism: number;

  /**
   * Total number of partitions. Each processed event is stored with its partition, so another number requires a rebuild; the database
   * rejects workers with a different number. Set it as soon as it exists, so that the number of workers can change independently.
   * @default - workers times parallelism
   */
  readonly partitions?: number;

  /**
   * Health endpoint.
   * @default - none: healthy while it runs
   */
  readonly health?: Health;
}

/** Time for scheduling a pod and pulling its image. */
const PLACED_SECONDS = 180;

/**
 * Workers that divide partitions by index, as projections do. Each gets the variables `WORKER` (its index, from 0), `WORKERS`, `PARTITIONS`
 * and `PARALLELISM`, and processes the partitions p with `p % WORKERS = WORKER` (`partitionsOf`). There are never two pods with one index.
 * While the number of workers changes, two of them may claim one partition: a fencing token in the database allows only one.
 */
export class PartitionedWorker extends Construct {
  readonly partitions: number;

  /** Its pods, as a peer for the rules that allow them. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on, for a test. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartitionedWorkerProps) {
    super(scope, id);
    const { cluster, namespace, name = id, image, workers, parallelism } = props;
    this.partitions = props.partitions ?? workers * parallelism;
    for (const { property, ...problem } of shareProblems(workers, parallelism, this.partitions)) refuse(this, [problem], property);
    const pods = new PodTemplate(this, "pod", {
      ...props,
      name,
      component: "worker",
      provesItself: true,
      fields: { WORKER: POD_INDEX },
      told: { PARALLELISM: String(parallelism), PARTITIONS: String(this.partitions), WORKERS: String(workers) },
    });
    this.peer = pods.peer;
    const matchLabels = pods.selector();
    const service = new ServiceV1(this, "service", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: { clusterIp: "None", selector: { ...matchLabels } },
      dependsOn: [...(props.after ?? [])],
    });
    // A pod stops before its successor starts, and the next one is replaced when the successor is ready.
    const timeout = `${workers * (pods.terminationSeconds + startupSeconds(props.probes) + PLACED_SECONDS + steadySeconds(props.probes))}s`;
    const set = new StatefulSetV1(this, "pods", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: {
        serviceName: name,
        replicas: String(workers),
        // Pods don't wait for each other: one that doesn't start doesn't block the others' partitions.
        podManagementPolicy: "Parallel",
        selector: { matchLabels },
        updateStrategy: [{ type: "RollingUpdate", rollingUpdate: [{ partition: 0 }] }],
        // If omitted, the provider would set 0, and could never change it.
        revisionHistoryLimit: 10,
        template: pods.version({ image }),
      },
      waitForRollout: props.waitForRollout ?? true,
      timeouts: { create: timeout, update: timeout },
      lifecycle: { ignoreChanges: [RESTARTED] },
      dependsOn: [...pods.ready, service],
    });
    disruptionBudget(this, { cluster, namespace, name, most: workers, matchLabels });
    this.ready = [set];
  }
}

function shareProblems(workers: number, parallelism: number, partitions: number) {
  const whole = (property: string, value: number, what: string) =>
    Number.isInteger(value) && value >= 1 ? [] : [{ property, value, rule: `must be a whole number of ${what}`, remedy: "use 1 or more" }];
  const found = [
    ...whole("workers", workers, "workers"),
    ...whole("parallelism", parallelism, "partitions at once"),
    ...whole("partitions", partitions, "partitions"),
  ];
  if (found.length > 0 || partitions >= workers) return found;
  const remedy = `use at most ${partitions} workers`;
  return [
    { property: "workers", value: workers, rule: `are more than there are partitions (${partitions}), so that some have none`, remedy },
  ];
}
