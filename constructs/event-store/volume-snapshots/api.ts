import type { KubernetesApi } from "./kubernetes";

/** A VolumeSnapshot (snapshot.storage.k8s.io/v1). */
export interface VolumeSnapshot {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly source: { readonly persistentVolumeClaimName?: string } };
  readonly status?: {
    /** Time of the data. */
    readonly creationTime?: string;
    readonly readyToUse?: boolean;
    readonly restoreSize?: string;
    readonly error?: { readonly message?: string };
  };
}

export interface SnapshotsProps {
  readonly api: KubernetesApi;

  /** Name of the event store. */
  readonly store: string;

  /** VolumeSnapshotClass. */
  readonly className: string;
}

/** Annotation with the position up to which a snapshot has every event. */
export const POSITION = "cdktf-cqrs/position";

const GROUP = "/apis/snapshot.storage.k8s.io/v1";

/** VolumeSnapshots of one event store. */
export class Snapshots {
  private readonly labels: Readonly<Record<string, string>>;

  constructor(private readonly props: SnapshotsProps) {
    this.labels = { "app.kubernetes.io/name": props.store, "app.kubernetes.io/component": "snapshot" };
  }

  /** Ordinal of the volume of a snapshot. */
  ordinalOf({ spec }: VolumeSnapshot): number {
    return Number(/-(\d+)$/.exec(spec.source.persistentVolumeClaimName ?? "")?.[1] ?? -1);
  }

  async create(name: string, ordinal: number, position: number): Promise<void> {
    const { store, className } = this.props;
    const object = {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshot",
      metadata: { name, labels: this.labels, annotations: { [POSITION]: String(position) } },
      spec: { volumeSnapshotClassName: className, source: { persistentVolumeClaimName: `data-${store}-${ordinal}` } },
    };
    // Of a repeated request, the first may have arrived.
    await this.call("POST", "", object, 409);
  }

  async read(name: string): Promise<VolumeSnapshot> {
    return (await this.call("GET", `/${name}`)) as VolumeSnapshot;
  }

  /** All of them, the newest first. */
  async list(): Promise<readonly VolumeSnapshot[]> {
    const selector = Object.entries(this.labels).map(([label, value]) => `${label}=${value}`);
    const { items } = (await this.call("GET", `?labelSelector=${encodeURIComponent(selector.join())}`)) as { items: VolumeSnapshot[] };
    return [...items].sort((one, other) => Date.parse(other.metadata.creationTimestamp) - Date.parse(one.metadata.creationTimestamp));
  }

  async remove(name: string): Promise<void> {
    await this.call("DELETE", `/${name}`, undefined, 404);
  }

  private async call(method: string, path: string, content?: object, expected?: number): Promise<unknown> {
    const { body } = await this.props.api.call(method, GROUP, `volumesnapshots${path}`, content, expected ? [expected] : []);
    return body;
  }
}
