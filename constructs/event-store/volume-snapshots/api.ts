import { readFileSync } from "node:fs";
import { sendRepeatedly } from "../../aws-client";

/** Access to the Kubernetes API as the pod's service account. */
export interface ApiAccess {
  readonly url: string;

  /** File with the CA certificate, if the URL is one of TLS. */
  readonly ca: string | undefined;

  /** File with the token, which is renewed. */
  readonly token: string;
}

/** A VolumeSnapshot (snapshot.storage.k8s.io/v1). */
export interface VolumeSnapshot {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
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
  readonly api: ApiAccess;
  readonly namespace: string;

  /** Name of the event store. */
  readonly store: string;

  /** VolumeSnapshotClass. */
  readonly className: string;
}

/** The API refuses a request, and would refuse it again. */
export class Refused extends Error {}

/** Annotation with the position up to which a snapshot has every event. */
const POSITION = "cdktf-cqrs/position";

/** VolumeSnapshots of one event store. */
export class Snapshots {
  private readonly path: string;
  private readonly labels: Readonly<Record<string, string>>;

  constructor(private readonly props: SnapshotsProps) {
    this.path = `/apis/snapshot.storage.k8s.io/v1/namespaces/${props.namespace}/volumesnapshots`;
    this.labels = { "app.kubernetes.io/name": props.store, "app.kubernetes.io/component": "snapshot" };
  }

  /** Ordinal of the volume of a snapshot. */
  ordinalOf({ spec }: VolumeSnapshot): number {
    return Number(/-(\d+)$/.exec(spec.source.persistentVolumeClaimName ?? "")?.[1] ?? -1);
  }

  async create(name: string, ordinal: number, position: number): Promise<void> {
    const { store, className, namespace } = this.props;
    await this.call("POST", "", {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshot",
      metadata: { name, namespace, labels: this.labels, annotations: { [POSITION]: String(position) } },
      spec: { volumeSnapshotClassName: className, source: { persistentVolumeClaimName: `data-${store}-${ordinal}` } },
    });
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
    await this.call("DELETE", `/${name}`);
  }

  private async call(method: string, path: string, content?: object): Promise<unknown> {
    const { url, ca, token } = this.props.api;
    const { status, body } = await sendRepeatedly(async () => ({
      method,
      url: new URL(`${url}${this.path}${path}`),
      headers: { authorization: `Bearer ${readFileSync(token, "utf8").trim()}`, "content-type": "application/json" },
      ...(content ? { body: Buffer.from(JSON.stringify(content)) } : {}),
      ...(ca ? { ca: readFileSync(ca, "utf8") } : {}),
    }));
    // Of a repeated request, the first may have arrived.
    if (status >= 400 && !(method === "DELETE" && status === 404) && !(method === "POST" && status === 409)) {
      const message = `${method} volumesnapshots${path}: ${status} ${messageOf(body)}`;
      throw status < 500 && status !== 429 ? new Refused(message) : new Error(message);
    }
    return JSON.parse(body.toString() || "{}");
  }
}

function messageOf(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { message?: unknown }).message ?? "");
  } catch {
    return body.toString().slice(0, 200);
  }
}
