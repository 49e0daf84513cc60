import type { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { bundled } from "../core/bundles";
import { refuse } from "../core/errors";
import { DEFAULT_KURRENTDB, TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { API_SERVER, CustomResources, cronJobObject, type Peer } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { API_CLIENT, ownRights, PodTemplate, podsOf, scheduleProblems, withToken } from "../workload";
import { drillDeadline, type KurrentDbDrillProps } from "./kurrentdb-drill";
import { LINES } from "./kurrentdb-versions";
import { SCRATCH_SERVER, SCRATCH_URL, withScratchServer } from "./scratch-server";
import { DEFAULT_STORE_NAME } from "./store-name";

export interface KurrentDbVolumeDrillProps extends KurrentDbDrillProps {
  /** Bucket of the results, an object in JSON for each drill. */
  readonly results: S3Location & {
    /** `drills/event-store/event-store-volume`. */
    readonly prefix: string;
  };
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

const PROGRAM = "/app/volume-drill.mjs";

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
    // The job of the snapshots creates the claim.
    cluster.ledger.addScratch(scratch.storage);
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
      files: { [PROGRAM]: bundled(__dirname, "volume-drill.mjs") },
      connections: [{ connection: eventStore.connections.subscriptions }],
      env: {
        ...access.env,
        ...env,
        ...API_CLIENT,
        CLAIM: name,
        HOME: "/tmp",
        NAMESPACE: namespace,
        RESULTS: results.prefix,
        RPO: String(rpo),
        RTO: String(rto),
        SCRATCH_URL,
      },
      fields: { POD: "metadata.name" },
      secrets: access.secrets,
      secretFiles: access.secretFiles,
      egress: [API_SERVER, ...access.egress],
      ...(metrics ? { metrics } : {}),
      ...PROGRAM_POD,
      after,
    });
    const template = withToken(pod.version({ image: TOOLS.bun }));
    const job = cronJobObject(drillJob({ namespace, name, labels: pod.selector(), schedule, deadline: drillDeadline(rto), template }));
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
    const rule = [
      { apiGroups: [""], resources: ["persistentvolumeclaims"], resourceNames: [name], verbs: ["get", "delete"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ];
    return ownRights(this, { name, namespace, rule, after });
  }
}
