import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { DEFAULT_KURRENTDB, TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { type CronJobObject, CustomResources, cronJobObject, type KubernetesTarget, type Peer } from "../kubernetes";
import { podsOf, scheduleProblems } from "../workload";
import { drillDeadline, type EventDrillProps } from "./kurrentdb-drill";
import { LINES } from "./kurrentdb-versions";
import { SCRATCH_REQUESTS } from "./scratch-pod";
import {
  SCRATCH_POSTGRES_URL,
  SCRATCH_POSTGRES_USER,
  type ScratchPostgres,
  scratchPostgresFiles,
  scratchPostgresProblem,
  withScratchPostgres,
} from "./scratch-postgres";
import { SCRATCH_URL, type ScratchServer, withScratchServer } from "./scratch-server";
import { DEFAULT_STORE_NAME } from "./store-name";
import { STREAM_BACKUP_POD, type StreamBackupBucket, type StreamPodProps, streamPod } from "./stream-jobs";

export interface StreamDrillProps extends EventDrillProps {
  /** Server to restore into, of the engine of the event store. */
  readonly scratch: ScratchServer | ScratchPostgres;

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

/** Engines of scratch servers. */
export type ScratchEngine = NonNullable<StreamDrillProps["scratch"]["engine"]>;

/**
 * Name of the job and of the service account of a store's drills: `event-store-drill`. In PostgreSQL `event-store-stream-drill`: its server,
 * which may have the store's name, has drills too.
 */
export function streamDrillName(store = DEFAULT_STORE_NAME, engine: ScratchEngine = "kurrentdb"): string {
  return engine === "postgres" ? `${store}-stream-drill` : `${store}-drill`;
}

/** Pods of drills, as a peer for the network policies of the store. */
export function streamDrillPods(namespace: string, store?: string, engine?: ScratchEngine): Exclude<Peer, string> {
  return podsOf(namespace, streamDrillName(store, engine));
}

/** Resource requests of a pod. */
export const STREAM_DRILL_POD = { ...STREAM_BACKUP_POD, sidecars: [{ name: "server", ...SCRATCH_REQUESTS }] } as const;

/** Parts of the pod that depend on the engine of the scratch server. */
interface Scratch extends Pick<StreamPodProps, "files"> {
  /** ID of the user of the pod's containers. */
  readonly user: number;

  /** Address for the program. */
  readonly url: string;

  /** Adds the server to the pod of the job. */
  readonly added: (job: CronJobObject, cluster: KubernetesTarget) => CronJobObject;
}

/**
 * Restore drills of stream backups: a CronJob whose pod runs an empty server of the store's engine as a native sidecar, on the loopback
 * interface and on a volume that exists as long as the pod. The job restores the newest backup into it, compares number and SHA-256 of all
 * events, measures data loss and duration, and fails if one exceeds its objective. The pod can read backups and events, and write only its
 * results.
 */
export class StreamDrill extends Construct {
  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: StreamDrillProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, bucket, results, schedule, rpo, rto } = props;
    const { metricsFrom, resultsIn, after = [] } = props;
    refuse(this, scheduleProblems(schedule), "schedule");
    const { engine = "kurrentdb" } = props.scratch;
    if (engine !== eventStore.protocol) {
      const remedy = `use a scratch server for ${eventStore.protocol}`;
      refuse(this, [{ value: engine, rule: "must be the engine of the event store", remedy }], "scratch.engine");
    }
    const name = streamDrillName(store, engine);
    const scratch = props.scratch.engine === "postgres" ? this.postgres(props.scratch) : kurrentDb(props.scratch);
    const { env, metrics } = drillMetrics(metricsFrom);
    const pod = streamPod(this, {
      cluster,
      namespace,
      name,
      component: "drill",
      user: scratch.user,
      command: "drill",
      protocol: eventStore.protocol,
      connection: eventStore.connections.subscriptions,
      bucket,
      ...(scratch.files ? { files: scratch.files } : {}),
      ...(metrics ? { metrics } : {}),
      env: {
        ...env,
        ...(resultsIn ? { RESULTS_BUCKET: resultsIn.name, RESULTS_REGION: resultsIn.region } : {}),
        RESULTS: results,
        RPO: String(rpo),
        RTO: String(rto),
        SCRATCH_URL: scratch.url,
      },
      after,
    });
    const template = pod.version({ image: TOOLS.bun });
    const job = cronJobObject(drillJob({ namespace, name, labels: pod.selector(), schedule, deadline: drillDeadline(rto), template }));
    const { release } = new CustomResources(this, "job", {
      cluster,
      namespace,
      name,
      objects: [scratch.added(job, cluster)],
      after: pod.ready,
    });
    this.ready = [release];
  }

  private postgres(scratch: ScratchPostgres): Scratch {
    const problem = scratchPostgresProblem(scratch);
    if (problem) refuse(this, [problem], "scratch.storage");
    return {
      user: SCRATCH_POSTGRES_USER,
      url: SCRATCH_POSTGRES_URL,
      files: scratchPostgresFiles(),
      added: (job, cluster) => withScratchPostgres(job, cluster, scratch),
    };
  }
}

function kurrentDb(scratch: ScratchServer): Scratch {
  return {
    user: LINES[scratch.version ?? DEFAULT_KURRENTDB].uid,
    url: SCRATCH_URL,
    added: (job, cluster) => withScratchServer(job, cluster, scratch, "empty"),
  };
}
