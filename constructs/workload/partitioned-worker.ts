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
  /** Processes, each with its share of the partitions. The number may change at any time: shares move. */
  readonly workers: number;

  /** Partitions that a worker works on at once. */
  readonly parallelism: number;

  /**
   * Partitions that there are in all. What is in which of them is written down with every event that was worked on, so that
   * another number takes a rebuild; the database refuses workers that come with one. Say it as soon as it exists, and
   * the number of workers is free.
   * @default - workers times parallelism
   */
  readonly partitions?: number;

  /**
   * Where it says that it is well.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health;
}

/** A pod waits for a node, and for its image. */
const PLACED_SECONDS = 180;

/**
 * Workers that share out partitions by their numbers, as projections do. Each is told `WORKER` (its number, from 0 on),
 * `WORKERS`, `PARTITIONS` and `PARALLELISM`, and works on the partitions p with `p % WORKERS = WORKER` (`partitionsOf`).
 * There are never two pods of one number. While the number of workers changes two of them may claim one partition: a fence in
 * the database lets one of them in.
 */
export class PartitionedWorker extends Construct {
  readonly partitions: number;

  /** Its pods, for the policies of what lets them in. */
  readonly peer: Exclude<Peer, string>;

  /** What comes after it: a test. */
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
    // One goes before its successor comes, and the next follows when that one is ready.
    const timeout = `${workers * (pods.terminationSeconds + startupSeconds(props.probes) + PLACED_SECONDS + steadySeconds(props.probes))}s`;
    const set = new StatefulSetV1(this, "pods", {
      metadata: { name, namespace, labels: { ...matchLabels } },
      spec: {
        serviceName: name,
        replicas: String(workers),
        // Numbers wait for nobody: one that does not come up leaves the others' partitions alone.
        podManagementPolicy: "Parallel",
        selector: { matchLabels },
        updateStrategy: [{ type: "RollingUpdate", rollingUpdate: [{ partition: 0 }] }],
        // Unsaid it would be 0, and could never be changed.
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
    Number.isInteger(value) && value >= 1 ? [] : [{ property, value, rule: `is no number of ${what}`, remedy: "use 1 or more" }];
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
