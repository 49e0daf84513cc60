import { POSITION, type VolumeSnapshot } from "./api";
import type { KubernetesApi } from "./kubernetes";
import { until, type Waiting } from "./wait";

/** Volume of a claim. */
export interface ClaimedVolume {
  readonly storageClass: string;

  /** Size: that of the volume of a node. */
  readonly storage: string;
}

/** Record of the snapshot that a claim restores. */
export interface Offered {
  readonly snapshot: string;

  /** Time of its data. */
  readonly made: string | undefined;

  /** It has every event up to this position. */
  readonly position: bigint;
}

interface Claim {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly dataSource?: { readonly name: string } };
}

/** Annotation with the time of the data of a snapshot. */
const MADE = "cdktf-cqrs/made";

/** Time until an unused claim is gone, in seconds. */
const GONE = 120;

const GROUP = "/api/v1";

/**
 * PersistentVolumeClaim of the next drill, a reference to the newest snapshot that is ready: it has no volume before a drill is scheduled.
 * A drill deletes it as soon as it runs. Kubernetes then deletes the volume with the pod of the drill, whatever ends it.
 */
export class DrillClaim {
  /** `name`: of the claim, and of the pods of drills. */
  constructor(
    private readonly api: KubernetesApi,
    private readonly name: string,
  ) {}

  /** Replaces the claim by one of this snapshot. Returns false while there is a pod of a drill: it keeps its claim. */
  async offer({ metadata, status }: VolumeSnapshot, volume: ClaimedVolume, waiting: Waiting): Promise<boolean> {
    const { name, uid, annotations = {} } = metadata;
    const { storageClass: storageClassName, storage } = volume;
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: this.name,
        annotations: { [POSITION]: annotations[POSITION], [MADE]: status?.creationTime },
        // Without drills, the last claim is deleted with its snapshot.
        ownerReferences: [{ apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshot", name, uid }],
      },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName,
        resources: { requests: { storage } },
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name },
      },
    };
    if (!(await this.isUsed())) await this.remove();
    const { offered } = await until(waiting, GONE, `the claim ${this.name} can't be replaced`, async () => {
      const { status: answer } = await this.api.call("POST", GROUP, "persistentvolumeclaims", claim, [409]);
      // Of a repeated request, the first may have arrived.
      if (answer !== 409 || (await this.read())?.spec.dataSource?.name === name) return { offered: true };
      return (await this.isUsed()) ? { offered: false } : "the former one is still being deleted";
    });
    return offered;
  }

  /** The snapshot that it restores. @throws Error if there is none */
  async offered(): Promise<Offered> {
    const claim = await this.read();
    const { [POSITION]: position, [MADE]: made } = claim?.metadata.annotations ?? {};
    const snapshot = claim?.spec.dataSource?.name;
    if (!snapshot || !position) throw new Error(`the claim ${this.name} has no record of a snapshot`);
    return { snapshot, made, position: BigInt(position) };
  }

  async remove(): Promise<void> {
    await this.api.call("DELETE", GROUP, `persistentvolumeclaims/${this.name}`, undefined, [404]);
  }

  private async read(): Promise<Claim | undefined> {
    const { status, body } = await this.api.call("GET", GROUP, `persistentvolumeclaims/${this.name}`, undefined, [404]);
    return status === 404 ? undefined : (body as Claim);
  }

  /** Also by a pod that has ended: its volume is deleted with it. */
  private async isUsed(): Promise<boolean> {
    const selector = encodeURIComponent(`app.kubernetes.io/name=${this.name}`);
    const { items } = (await this.api.call("GET", GROUP, `pods?labelSelector=${selector}`)).body as { items: readonly object[] };
    return items.length > 0;
  }
}
