import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { DEFAULT_KURRENTDB, TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { API_SERVER, CustomResources, cronJobObject, type KubernetesTarget, type Peer } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { PodTemplate, podsOf, scheduleProblems } from "../workload";
import type { EventStore } from "./contract";
import { LINES } from "./kurrentdb-versions";
import { SCRATCH_SERVER, SCRATCH_URL, type ScratchServer, withScratchServer } from "./scratch-server";
import { DEFAULT_STORE_NAME } from "./store-name";

export interface KurrentDbVolumeDrillProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the snapshots and of its pods. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of the job, of its service account and of its claim, `<store>-volume-drill`.
   * @default "event-store"
   */
  readonly store?: string;

  /** The store whose volume was snapshotted. All its events are read, to compare them. */
  readonly eventStore: EventStore;

  /** Bucket of the results, an object in JSON for each drill. */
  readonly results: S3Location & {
    /** `drills/event-store/event-store-volume`. */
    readonly prefix: string;
  };

  /** Cron schedule (UTC): `"30 5 * * 0"`. */
  readonly schedule: string;

  /** Maximum age of the oldest event without a snapshot, in seconds. */
  readonly rpo: number;

  /** Maximum duration of the restore, in seconds. */
  readonly rto: number;

  /** Server to run on the volume. */
  readonly scratch: ScratchServer;

  /**
   * Namespace of Prometheus, which scrapes the result. Requires the CRDs of its operator.
   * @default - the result is only in the bucket
   */
  readonly metricsFrom?: string;

  /** Resources to create first: the event store with its users, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the job, of the service account and of the claim of the drills of a store's snapshots: `event-store-volume-drill`. */
export function volumeDrillName(store = DEFAULT_STORE_NAME): string {
  return `${store}-volume-drill`;
}

/** Pods of drills, as a peer for the network policies of the store. */
export function volumeDrillPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, volumeDrillName(store));
}

const PROGRAM_POD = { cpu: "100m", memory: "256Mi" } as const;

/** Resource requests of a pod. */
export const VOLUME_DRILL_POD = { ...PROGRAM_POD, sidecars: [SCRATCH_SERVER] } as const;

/** Time for images and the volume, in seconds, in addition to twice the RTO. */
const START = 1800;

const PROGRAM = "/app/volume-drill.mjs";
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Restore drills of volume snapshots: a CronJob whose pod runs a KurrentDB as a native sidecar, on the loopback interface and on a volume of
 * the newest snapshot. `KurrentDbVolumeSnapshots` with `drill` offers the snapshot: it creates the claim that the pod waits for. The job
 * compares all events up to the recorded position with those of the store, measures data loss and duration, and fails if one exceeds its
 * objective. It can create nothing in the cluster.
 */
export class KurrentDbVolumeDrill extends Construct {
  constructor(scope: Construct, id: string, props: KurrentDbVolumeDrillProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, results, schedule, rpo, rto, scratch } = props;
    const { metricsFrom, after = [] } = props;
    refuse(this, scheduleProblems(schedule), "schedule");
    const name = volumeDrillName(store);
    const access = s3Access(results);
    const { env, metrics } = drillMetrics(metricsFrom);
    const pod = new PodTemplate(this, "pod", {
      cluster,
      namespace,
      name,
      component: "drill",
      ends: true,
      user: LINES[scratch.version ?? DEFAULT_KURRENTDB].uid,
      command: ["bun", "--smol", PROGRAM],
      files: { [PROGRAM]: program() },
      connections: [{ connection: eventStore.connections.subscriptions }],
      env: {
        ...access.env,
        ...env,
        API: "https://kubernetes.default.svc",
        API_CA: `${ACCOUNT}/ca.crt`,
        CLAIM: name,
        HOME: "/tmp",
        NAMESPACE: namespace,
        RESULTS: results.prefix,
        RPO: String(rpo),
        RTO: String(rto),
        SCRATCH_URL,
        TOKEN: `${ACCOUNT}/token`,
      },
      fields: { POD: "metadata.name" },
      secrets: access.secrets,
      secretFiles: access.secretFiles,
      egress: [API_SERVER, ...access.egress],
      ...(metrics ? { metrics } : {}),
      ...PROGRAM_POD,
      after,
    });
    const { spec, ...rest } = pod.version({ image: TOOLS.bun });
    const template = { ...rest, spec: { ...spec, automountServiceAccountToken: true } };
    const job = cronJobObject(drillJob({ namespace, name, labels: pod.selector(), schedule, deadline: 2 * rto + START, template }));
    new CustomResources(this, "job", {
      cluster,
      namespace,
      name,
      objects: [withScratchServer(job, cluster, scratch, { claimName: name })],
      after: [...pod.ready, this.rights(name, namespace, after)],
    });
  }

  /** Rights to read and delete its claim, and to read pods: names of pods are random. */
  private rights(name: string, namespace: string, after: readonly ITerraformDependable[]): RoleBindingV1 {
    const metadata = { namespace, name };
    const rule = [
      { apiGroups: [""], resources: ["persistentvolumeclaims"], resourceNames: [name], verbs: ["get", "delete"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ];
    const role = new RoleV1(this, "role", { metadata, rule, dependsOn: [...after] });
    return new RoleBindingV1(this, "binding", {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subject: [{ kind: "ServiceAccount", name, namespace }],
      dependsOn: [role],
    });
  }
}

let cached: string | undefined;

/** The program with everything that it imports, as the build bundles it. */
function program(): string {
  cached ??= readFileSync(join(__dirname, "volume-drill.mjs"), "utf8");
  return cached;
}
