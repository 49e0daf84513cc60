import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { DEFAULT_KURRENTDB, TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { CustomResources, cronJobObject, type Peer } from "../kubernetes";
import { podsOf, scheduleProblems } from "../workload";
import { drillDeadline, type KurrentDbDrillProps } from "./kurrentdb-drill";
import { LINES } from "./kurrentdb-versions";
import { SCRATCH_SERVER, SCRATCH_URL, withScratchServer } from "./scratch-server";
import { DEFAULT_STORE_NAME } from "./store-name";
import { STREAM_BACKUP_POD, type StreamBackupBucket, streamPod } from "./stream-jobs";

export interface KurrentDbStreamDrillProps extends KurrentDbDrillProps {
  /** The backups. */
  readonly bucket: StreamBackupBucket;

  /** Prefix of the results, an object in JSON for each drill: `drills/event-store/event-store`. */
  readonly results: string;

  /**
   * Bucket of the results, if `bucket` is a copy that the pod can't write to.
   * @default - that of the backups
   */
  readonly resultsIn?: Pick<StreamBackupBucket, "name" | "region">;
}

/** Name of the job and of the service account of a store's drills: `event-store-drill`. */
export function streamDrillName(store = DEFAULT_STORE_NAME): string {
  return `${store}-drill`;
}

/** Pods of drills, as a peer for the network policies of the store. */
export function streamDrillPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, streamDrillName(store));
}

/** Resource requests of a pod. */
export const STREAM_DRILL_POD = { ...STREAM_BACKUP_POD, sidecars: [SCRATCH_SERVER] } as const;

/**
 * Restore drills of stream backups: a CronJob whose pod runs an empty KurrentDB as a native sidecar, on the loopback interface and on a
 * volume that exists as long as the pod. The job restores the newest backup into it, compares number and SHA-256 of all events, measures
 * data loss and duration, and fails if one exceeds its objective. The pod can read backups and events, and write only its results.
 */
export class KurrentDbStreamDrill extends Construct {
  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KurrentDbStreamDrillProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, bucket, results, schedule, rpo, rto, scratch } = props;
    const { metricsFrom, resultsIn, after = [] } = props;
    refuse(this, scheduleProblems(schedule), "schedule");
    const { version = DEFAULT_KURRENTDB } = scratch;
    const name = streamDrillName(store);
    const { env, metrics } = drillMetrics(metricsFrom);
    const pod = streamPod(this, {
      cluster,
      namespace,
      name,
      component: "drill",
      user: LINES[version].uid,
      command: "drill",
      protocol: eventStore.protocol,
      connection: eventStore.connections.subscriptions,
      bucket,
      ...(metrics ? { metrics } : {}),
      env: {
        ...env,
        ...(resultsIn ? { RESULTS_BUCKET: resultsIn.name, RESULTS_REGION: resultsIn.region } : {}),
        RESULTS: results,
        RPO: String(rpo),
        RTO: String(rto),
        SCRATCH_URL,
      },
      after,
    });
    const template = pod.version({ image: TOOLS.bun });
    const job = cronJobObject(drillJob({ namespace, name, labels: pod.selector(), schedule, deadline: drillDeadline(rto), template }));
    const { release } = new CustomResources(this, "job", {
      cluster,
      namespace,
      name,
      objects: [withScratchServer(job, cluster, scratch, "empty")],
      after: pod.ready,
    });
    this.ready = [release];
  }
}
