import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { RequestedConnection } from "../connection";
import { bundled } from "../core/bundles";
import { refuse } from "../core/errors";
import { type Bytes, type Duration, daysIn, known, seconds } from "../core/quantities";
import { TOOLS } from "../core/versions";
import { API_SERVER, CustomResources, HTTPS, type KubernetesTarget, type Peer, ROLE_AGENT } from "../kubernetes";
import { API_CLIENT, BY_THE_CLOCK, DISRUPTIONS_IGNORED, ownRights, PodTemplate, podsOf, withToken } from "../workload";
import type { EventStore } from "./contract";
import { DEFAULT_STORE_NAME } from "./store-name";
import { streamBackupSchedule } from "./stream-jobs";
import { volumeDrillName } from "./volume-drill";
import { type VolumeSnapshotCopies, volumeSnapshotTags } from "./volume-snapshot-copies";

export interface KurrentDbVolumeSnapshotsProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the event store, whose volumes are there. */
  readonly namespace: string;

  /**
   * Name of the event store: prefix of the job, of its service account, and of the snapshots.
   * @default "event-store"
   */
  readonly store?: string;

  /** Connection data, inside of the cluster. The job reads roles and positions of the nodes, as no user. */
  readonly eventStore: EventStore;

  /** Time between two snapshots: one of `VOLUME_SNAPSHOT_INTERVALS`. */
  readonly every: Duration;

  /** Retention of each snapshot. With `ebs` in whole days. */
  readonly keep: Duration;

  /** VolumeSnapshotClass. Its `deletionPolicy` must be `Delete`: otherwise the storage keeps the data of deleted snapshots. */
  readonly snapshots: VolumeSnapshotClassName | EbsSnapshots;

  /**
   * Lets the next `KurrentDbVolumeDrill` restore the newest snapshot: size of a node's volume.
   * @default - no drills
   */
  readonly drill?: { readonly storage: Bytes };

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the event store, the CRDs of volume snapshots. */
  readonly after?: readonly ITerraformDependable[];
}

/** A VolumeSnapshotClass that exists. */
export interface VolumeSnapshotClassName {
  readonly className: string;
}

/** Snapshots of EBS, with a class that is created. */
export interface EbsSnapshots {
  readonly ebs: {
    /**
     * Lock until the retention ends. `governance`: users with a special permission can remove it. `compliance`: no user can.
     * @default - none
     */
    readonly lock?: "governance" | "compliance";

    /**
     * Copies in another region, which have the same retention and lock. The service account of the job, `volumeSnapshotsName`, needs a role
     * with `volumeSnapshotCopyStatements`.
     * @default - none: snapshots are lost with their region
     */
    readonly copies?: VolumeSnapshotCopies;
  };
}

/** Possible intervals between two snapshots. */
export const VOLUME_SNAPSHOT_INTERVALS = ["1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d"] as const;

/** Rule of the interval, as part of an error message. */
export const VOLUME_SNAPSHOT_INTERVAL_RULE = {
  rule: "must be an interval that a schedule of volume snapshots can have",
  remedy: `use one of ${VOLUME_SNAPSHOT_INTERVALS.join(", ")}`,
};

/** Schedule of snapshots at this interval in cron syntax. Undefined if there is none. */
export function volumeSnapshotSchedule(every: Duration): string | undefined {
  return VOLUME_SNAPSHOT_INTERVALS.some((interval) => seconds(interval) === seconds(every)) ? streamBackupSchedule(every) : undefined;
}

/** Name of the job and of the service account of a store's volume snapshots: `event-store-snapshots`. */
export function volumeSnapshotsName(store = DEFAULT_STORE_NAME): string {
  return `${store}-snapshots`;
}

/** Pods of volume snapshots, as a peer for the network policies of the store. */
export function volumeSnapshotPods(namespace: string, store?: string): Exclude<Peer, string> {
  return podsOf(namespace, volumeSnapshotsName(store));
}

/** Resource requests of the job's pod. */
export const VOLUME_SNAPSHOT_POD = { cpu: "10m", memory: "128Mi" } as const;

/** Time of a run in seconds: the first snapshot of a volume, and its copy in another region, is of all of it. */
const LONGEST = 23 * 3600;

/** Time before the end of a run at which the program gives up, and says why, in seconds. */
const REPORT = 600;

const PROGRAM = "/app/volume-snapshots.mjs";

/**
 * Snapshots of the volume of a KurrentDB: a CronJob picks a follower that has every event of the leader, makes a VolumeSnapshot of its
 * volume, waits until it can be restored, and deletes those whose retention has ended. Index and data are on one volume, so one snapshot is
 * consistent, also during a scavenge (KurrentDB, disk snapshots). Snapshots of EBS can be copied to another region. Restores: docs/restore.md.
 */
export class KurrentDbVolumeSnapshots extends Construct {
  constructor(scope: Construct, id: string, props: KurrentDbVolumeSnapshotsProps) {
    super(scope, id);
    const { cluster, namespace, store = DEFAULT_STORE_NAME, eventStore, every, keep, snapshots, drill, priority, after = [] } = props;
    const schedule = volumeSnapshotSchedule(every);
    if (!schedule) refuse(this, [{ value: every, ...VOLUME_SNAPSHOT_INTERVAL_RULE }], "every");
    const name = volumeSnapshotsName(store);
    const made = "ebs" in snapshots ? this.ebsClass(props, snapshots.ebs) : undefined;
    const { lock, copies } = "ebs" in snapshots ? snapshots.ebs : {};
    const className = made?.objects[0]?.metadata.name ?? ("className" in snapshots ? snapshots.className : "");
    const pod = new PodTemplate(this, "pod", {
      cluster,
      namespace,
      name,
      component: "backup",
      ends: true,
      command: ["bun", "--smol", PROGRAM],
      files: { [PROGRAM]: bundled(__dirname, "volume-snapshots.mjs") },
      connections: [nodesOf(eventStore)],
      env: {
        ...API_CLIENT,
        CLASS: className,
        ...(drill ? { DRILL: volumeDrillName(store), DRILL_CLASS: cluster.scratchClass, DRILL_STORAGE: drill.storage } : {}),
        HOME: "/tmp",
        KEEP: String(known(seconds(keep))),
        NAMESPACE: namespace,
        STORE: store,
        TIMEOUT: String(LONGEST - REPORT),
        ...(copies ? copyVariables(copies, volumeSnapshotTags(namespace, store), lock) : {}),
      },
      egress: [API_SERVER, ...(copies ? [ROLE_AGENT, HTTPS] : [])],
      ...VOLUME_SNAPSHOT_POD,
      ...(priority ? { priority } : {}),
      after,
    });
    const template = withToken(pod.version({ image: TOOLS.bun }));
    new CronJobV1(this, "job", {
      metadata: { namespace, name, labels: pod.selector() },
      spec: {
        ...BY_THE_CLOCK,
        schedule: schedule ?? "0 2 * * *",
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: pod.selector() },
          spec: {
            ...DISRUPTIONS_IGNORED,
            backoffLimit: 0,
            activeDeadlineSeconds: LONGEST,
            template,
          },
        },
      },
      dependsOn: [...pod.ready, this.rights(name, namespace, drill && volumeDrillName(store), after), ...(made ? [made.release] : [])],
    });
  }

  /** A class for each retention and lock, so that a change never alters one that snapshots refer to. */
  private ebsClass(
    { cluster, namespace, store = DEFAULT_STORE_NAME, keep, after = [] }: KurrentDbVolumeSnapshotsProps,
    { lock }: EbsSnapshots["ebs"],
  ): CustomResources {
    const days = daysIn(keep);
    if (!Number.isInteger(days)) {
      refuse(
        this,
        [{ value: keep, rule: "must be a whole number of days, the unit of locks on EBS snapshots", remedy: "use days" }],
        "keep",
      );
    }
    const parts = lock ? [lock, `${days}d`] : ["unlocked"];
    const object = {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshotClass",
      metadata: { name: [namespace, store, ...parts].join("-") },
      driver: "ebs.csi.aws.com",
      deletionPolicy: "Delete",
      parameters: {
        ...Object.fromEntries(
          Object.entries(volumeSnapshotTags(namespace, store)).map((tag, index) => [`tagSpecification_${index + 1}`, tag.join("=")]),
        ),
        ...(lock ? { lockMode: lock, lockDuration: String(days) } : {}),
      },
    };
    return new CustomResources(this, "class", { cluster, namespace, name: `${store}-snapshot-class`, objects: [object], after });
  }

  /** Rights to VolumeSnapshots of the namespace, and to the claim of the next drill. Names of new objects can't be restricted. */
  private rights(name: string, namespace: string, drill: string | undefined, after: readonly ITerraformDependable[]): RoleBindingV1 {
    const claims = { apiGroups: [""], resources: ["persistentvolumeclaims"] };
    const rule = [
      { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshots"], verbs: ["create", "delete", "get", "list"] },
      ...(drill
        ? [
            { ...claims, verbs: ["create"] },
            { ...claims, resourceNames: [drill], verbs: ["get", "delete"] },
            { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
          ]
        : []),
    ];
    return ownRights(this, { name, namespace, rule, after });
  }
}

/** Variables of the program for copies. */
function copyVariables(
  { from, to, keyArn, tags }: VolumeSnapshotCopies,
  ofStore: Readonly<Record<string, string>>,
  lock: string | undefined,
): Readonly<Record<string, string>> {
  const variables = { AWS_REGION: from, COPY_REGION: to, COPY_KEY: keyArn, COPY_TAGS: JSON.stringify({ ...tags, ...ofStore }) };
  return lock ? { ...variables, COPY_LOCK: lock } : variables;
}

/** The addresses of the nodes and their CA, without a user. */
function nodesOf({ connections }: EventStore): RequestedConnection {
  const { subscriptions: connection } = connections;
  return { connection, variables: { NODES: "{hosts}", ...(connection.authority ? { CA: "{ca}" } : {}) } };
}
