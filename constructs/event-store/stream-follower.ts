import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { SecretReference } from "../connection";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { podsOf, VerifiedJob } from "../workload";
import type { EventStore } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";
import {
  STREAM_BACKUP_INTERVAL_RULE,
  type StreamBackupBucket,
  streamBackupSchedule,
  streamCronJob,
  streamJob,
  streamPod,
} from "./stream-jobs";

export interface KurrentDbStreamFollowerProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of its jobs and of its service account, `<store>-follow`.
   * @default "event-store"
   */
  readonly store?: string;

  /** Connection data of the store that follows. */
  readonly eventStore: EventStore;

  /** Password of its user `admin`: the jobs append with the IDs and revisions of the other store, also metadata of streams. */
  readonly administrator: SecretReference;

  /** Stream backup of the other store, or its copy in this region. The jobs only read it. */
  readonly bucket: StreamBackupBucket;

  /** Time between two runs: one of `STREAM_BACKUP_INTERVALS`, as for the backup. */
  readonly every: Duration;

  /**
   * Ends following: in place of the scheduled job, a job completes the store and compares all its events. It can't follow again.
   * @default false
   */
  readonly promoted?: boolean;

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the service account of a store that follows: `event-store-follow`. */
export function streamFollowerName(store = DEFAULT_STORE_NAME): string {
  return `${store}-follow`;
}

/** Pods of a store that follows, as a peer for its network policies. */
export function streamFollowerPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, streamFollowerName(store));
}

/**
 * Age in seconds of the newest object above which a store is behind. A backup that runs adds an object at least every hour. It is made and
 * ends within two intervals, and S3 replicates it within 15 minutes.
 */
export function maxLag(every: Duration): number {
  return 3600 + 2 * known(seconds(every)) + 900;
}

/**
 * KurrentDB that follows the stream backup of another one: a CronJob appends the events of new objects, which are checked as for a restore.
 * It fails if the store is behind, or has events of another client. Promotion: a job that the apply waits for.
 */
export class KurrentDbStreamFollower extends Construct {
  /** Resources to depend on. Promoted, they are reached only if the store has every event of the backup. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KurrentDbStreamFollowerProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, administrator, bucket, every, promoted = false } = props;
    const schedule = streamBackupSchedule(every);
    if (!schedule) refuse(this, [{ value: every, ...STREAM_BACKUP_INTERVAL_RULE }], "every");
    const name = streamFollowerName(store);
    const reader = eventStore.connections.subscriptions;
    const pod = streamPod(this, {
      cluster,
      namespace,
      name,
      protocol: eventStore.protocol,
      connection: { ...reader, facts: { ...reader.facts, user: "admin", password: administrator } },
      bucket,
      env: { MAX_LAG: String(maxLag(every)) },
      priority: props.priority,
      after: props.after ?? [],
    });
    if (promoted) {
      const job = `${store}-promote`;
      const spec = streamJob(pod, job, "promote");
      this.ready = [new VerifiedJob(this, "promote", { cluster, namespace, name: job, spec, after: pod.ready }).passed];
      return;
    }
    this.ready = [streamCronJob(this, "follow", { pod, namespace, name, command: "follow", schedule: schedule ?? "0 * * * *" })];
  }
}
