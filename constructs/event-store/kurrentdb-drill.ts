import type { ITerraformDependable } from "cdktf";
import type { KubernetesTarget } from "../kubernetes";
import type { EventStore } from "./contract";
import type { ScratchServer } from "./scratch-server";

/** Props that all restore drills of event stores have. */
export interface EventDrillProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of the job and of its service account.
   * @default "event-store"
   */
  readonly store?: string;

  /** The store that is backed up. It is only read, to compare events and to measure how old the newest backup is. */
  readonly eventStore: EventStore;

  /** Cron schedule (UTC): `"30 5 * * 0"`. */
  readonly schedule: string;

  /** Maximum age of the oldest event without a backup, in seconds. */
  readonly rpo: number;

  /** Maximum duration of the restore, in seconds. */
  readonly rto: number;

  /**
   * Namespace of Prometheus, which scrapes the result. Requires the CRDs of its operator.
   * @default - the result is only in the bucket
   */
  readonly metricsFrom?: string;

  /** Resources to create first: the namespace, the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Props that all restore drills of KurrentDB have. */
export interface KurrentDbDrillProps extends EventDrillProps {
  /** Server to restore into. */
  readonly scratch: ScratchServer;
}

/** Time for images, the volume and the start of the server, in seconds, in addition to twice the RTO. */
const START = 1800;

/** Maximum duration of a drill, in seconds. */
export const drillDeadline = (rto: number) => 2 * rto + START;
