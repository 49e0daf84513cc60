import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { podsOf } from "../workload";
import type { EventStore } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";
import { STREAM_BACKUP_INTERVAL_RULE, type StreamBackupBucket, streamBackupSchedule, streamCronJob, streamPod } from "./stream-jobs";

export interface StreamBackupProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of its jobs and of its service account, `<store>-backup`.
   * @default "event-store"
   */
  readonly store?: string;

  /**
   * Connection data of a KurrentDB, of Kurrent Cloud or of events in PostgreSQL, there without a pooler. The jobs sign in with the role
   * `subscriptions`, which may read all events and can't append.
   */
  readonly eventStore: EventStore;

  readonly bucket: StreamBackupBucket;

  /** Time between two backups: one of `STREAM_BACKUP_INTERVALS`. */
  readonly every: Duration;

  /** Time between two full backups in whole days. The bucket must keep objects at least a day longer. */
  readonly fullEvery: Duration;

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the jobs and of the service account of a store's stream backup: `event-store-backup`. */
export function streamBackupName(store = DEFAULT_STORE_NAME): string {
  return `${store}-backup`;
}

/** Pods of a stream backup, as a peer for the network policies of the store. */
export function streamBackupPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, streamBackupName(store));
}

/** Check of all objects: once a week, and not at the hour of other jobs. */
const VERIFY = "40 4 * * 0";

/**
 * Backups of an event store as events, in a bucket of S3: a CronJob reads new events in their global order and stores them as objects,
 * each with its SHA-256 and that of the previous one. A second one checks all objects every week. Full backups begin regularly, because the
 * bucket deletes old objects. Restores: docs/data.md#stream-backup.
 */
export class StreamBackup extends Construct {
  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: StreamBackupProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, bucket, every, fullEvery, priority, after = [] } = props;
    const schedule = streamBackupSchedule(every);
    if (!schedule) refuse(this, [{ value: every, ...STREAM_BACKUP_INTERVAL_RULE }], "every");
    const name = streamBackupName(store);
    const pod = streamPod(this, {
      cluster,
      namespace,
      name,
      protocol: eventStore.protocol,
      connection: eventStore.connections.subscriptions,
      bucket,
      env: { FULL_BUDGET: String(Math.floor((known(seconds(every)) || 0) / 2)), FULL_EVERY: String(known(seconds(fullEvery))) },
      priority,
      after,
    });
    this.ready = [
      streamCronJob(this, "backup", { pod, namespace, name, command: "backup", schedule: schedule ?? VERIFY }),
      streamCronJob(this, "verify", { pod, namespace, name: `${store}-verify`, command: "verify", schedule: VERIFY }),
    ];
  }
}
