import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import type { Bytes } from "../core/quantities";
import { DEFAULT_KURRENTDB, KURRENTDB, type KurrentDbLine, TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { type CronJobObject, CustomResources, cronJobObject, imageFrom, type KubernetesTarget, type Peer } from "../kubernetes";
import { podsOf, scheduleProblems } from "../workload";
import type { EventStore } from "./contract";
import { CONTAINER_SECURITY, PORTS, prefixed } from "./kurrentdb-node";
import { DEFAULTS, type KurrentDbOptions } from "./kurrentdb-options";
import { SIZES } from "./kurrentdb-size";
import { LINES } from "./kurrentdb-versions";
import { DEFAULT_STORE_NAME } from "./store-name";
import { STREAM_BACKUP_POD, type StreamBackupBucket, streamPod } from "./stream-jobs";

export interface KurrentDbStreamDrillProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of the job and of its service account, `<store>-drill`.
   * @default "event-store"
   */
  readonly store?: string;

  /** The store that is backed up. It is only read, to measure how old the newest backup is. */
  readonly eventStore: EventStore;

  /** The backups. */
  readonly bucket: StreamBackupBucket;

  /** Prefix of the results, an object in JSON for each drill: `drills/event-store/event-store`. */
  readonly results: string;

  /**
   * Bucket of the results, if `bucket` is a copy that the pod can't write to.
   * @default - that of the backups
   */
  readonly resultsIn?: Pick<StreamBackupBucket, "name" | "region">;

  /** Cron schedule (UTC): `"30 5 * * 0"`. */
  readonly schedule: string;

  /** Maximum age of the oldest event without a backup, in seconds. */
  readonly rpo: number;

  /** Maximum duration of the restore, in seconds. */
  readonly rto: number;

  /** Server to restore into. */
  readonly scratch: ScratchServer;

  /**
   * Namespace of Prometheus, which scrapes the result. Requires the CRDs of its operator.
   * @default - the result is only in the bucket
   */
  readonly metricsFrom?: string;

  /** Resources to create first: the namespace, the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Server to restore into: like the store, on one node. */
export interface ScratchServer {
  /** @default "26.0" */
  readonly version?: KurrentDbLine;

  /** Size of its volume: that of a node's. */
  readonly storage: Bytes;

  /**
   * Options of the store, of which those that limit an event are used.
   * @default - none
   */
  readonly options?: KurrentDbOptions;
}

/** Name of the job and of the service account of a store's drills: `event-store-drill`. */
export function streamDrillName(store = DEFAULT_STORE_NAME): string {
  return `${store}-drill`;
}

/** Pods of drills, as a peer for the network policies of the store. */
export function streamDrillPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, streamDrillName(store));
}

/** Resource requests of the scratch server. A restore is bound by its disk. */
const SERVER = { cpu: SIZES.small.cpu, memory: SIZES.small.memory } as const;

/** Resource requests of a pod. */
export const STREAM_DRILL_POD = { ...STREAM_BACKUP_POD, sidecars: [{ name: "kurrentdb", ...SERVER }] } as const;

/** Time for images, the volume and the start of the server, in seconds, in addition to twice the RTO. */
const START = 1800;

/** Options that limit what can be appended. Others may need a licence, or more than one node. */
const LIMITS = ["MAX_APPEND_SIZE", "MAX_APPEND_EVENT_SIZE"] as const;

const LOOPBACK = "127.0.0.1";

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
      connection: eventStore.connections.subscriptions,
      bucket,
      ...(metrics ? { metrics } : {}),
      env: {
        ...env,
        ...(resultsIn ? { RESULTS_BUCKET: resultsIn.name, RESULTS_REGION: resultsIn.region } : {}),
        RESULTS: results,
        RPO: String(rpo),
        RTO: String(rto),
        SCRATCH_URL: `kurrentdb://${LOOPBACK}:${PORTS.http}?tls=false`,
      },
      after,
    });
    const template = pod.version({ image: TOOLS.bun });
    const job = cronJobObject(drillJob({ namespace, name, labels: pod.selector(), schedule, deadline: 2 * rto + START, template }));
    const { release } = new CustomResources(this, "job", {
      cluster,
      namespace,
      name,
      objects: [withServer(job, server(cluster, version, scratch), volumes(cluster, scratch))],
      after: pod.ready,
    });
    this.ready = [release];
  }
}

function server(cluster: KubernetesTarget, line: KurrentDbLine, { options = {} }: ScratchServer): object {
  const { prefix, runtime, executable, data, logs } = LINES[line];
  const limits = Object.fromEntries(LIMITS.flatMap((option) => (options[option] === undefined ? [] : [[option, options[option]]])));
  const settings = {
    ...DEFAULTS,
    ...limits,
    CLUSTER_SIZE: 1,
    DISCOVER_VIA_DNS: false,
    NODE_IP: LOOPBACK,
    REPLICATION_IP: LOOPBACK,
    RUN_PROJECTIONS: "None",
    TELEMETRY_OPTOUT: true,
    // Only containers of the pod can connect. It accepts HTTP/2 without TLS then, and allows everything.
    INSECURE: true,
  };
  const texts = Object.fromEntries(Object.entries(settings).map(([option, value]) => [option, String(value)]));
  const env = Object.entries({ HOME: "/tmp", ...runtime, ...prefixed(prefix, texts) }).map(([name, value]) => ({ name, value }));
  return {
    name: "kurrentdb",
    image: imageFrom(cluster, KURRENTDB[line]),
    imagePullPolicy: "IfNotPresent",
    // Starts before the program, and ends after it.
    restartPolicy: "Always",
    command: [executable],
    env: env.sort((one, other) => (one.name < other.name ? -1 : 1)),
    resources: { requests: { cpu: String(SERVER.cpu), memory: SERVER.memory }, limits: { memory: SERVER.memory } },
    securityContext: CONTAINER_SECURITY,
    startupProbe: {
      exec: { command: ["curl", "--fail", "--silent", "--max-time", "5", `http://${LOOPBACK}:${PORTS.http}/health/live`] },
      periodSeconds: 5,
      timeoutSeconds: 6,
      failureThreshold: 60,
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "data", mountPath: data },
      { name: "logs", mountPath: logs },
      { name: "server-tmp", mountPath: "/tmp" },
    ],
  };
}

function volumes({ scratchClass: storageClassName }: KubernetesTarget, { storage }: ScratchServer): readonly object[] {
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } };
  return [
    { name: "data", ephemeral: { volumeClaimTemplate: { spec } } },
    { name: "logs", emptyDir: { sizeLimit: "256Mi" } },
    { name: "server-tmp", emptyDir: { sizeLimit: "1Gi" } },
  ];
}

function withServer(job: CronJobObject, sidecar: object, more: readonly object[]): CronJobObject {
  const { jobTemplate } = job.spec;
  const { template } = jobTemplate.spec;
  const { initContainers = [], volumes: own = [] } = template.spec as Readonly<Record<string, readonly object[]>>;
  const spec = { ...template.spec, initContainers: [...initContainers, sidecar], volumes: [...own, ...more] };
  const filled = { ...jobTemplate, spec: { ...jobTemplate.spec, template: { ...template, spec } } };
  return { ...job, spec: { ...job.spec, jobTemplate: filled } };
}
