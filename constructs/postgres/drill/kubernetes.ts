import { readFileSync } from "node:fs";
import { request as plain } from "node:http";
import { request } from "node:https";

/** Access to the Kubernetes API as the pod's service account. */
export interface ApiAccess {
  readonly url: string;

  /** File with the CA certificate, if the URL is one of TLS. */
  readonly ca: string | undefined;

  /** File with the token, which is renewed. */
  readonly token: string;
}

/** Object that owns the scratch server: it is deleted with its owner, also if the drill is killed. */
export interface Owner {
  readonly name: string;
  readonly uid: string;
}

/** A Cluster of CloudNativePG that is restored from a backup, without the target. */
export interface ClusterManifest {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly bootstrap: { readonly recovery: object } };
}

/** State of a Cluster of CloudNativePG. */
export interface ClusterState {
  readonly phase: string;
  readonly ready: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly status?: Readonly<Record<string, unknown>> };
}

/** Time for the pods and volumes of a Cluster to be deleted, in milliseconds. */
const REMOVAL = 600_000;

/** With everything that belongs to it, before it is gone itself. */
const DELETION = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground" };

/** Scratch server: a Cluster of CloudNativePG with a fixed name. */
export class ScratchCluster {
  private readonly path: string;
  private readonly name: string;

  constructor(
    private readonly api: ApiAccess,
    private readonly manifest: ClusterManifest,
    private readonly pause: number,
  ) {
    const { name, namespace } = manifest.metadata;
    this.name = name;
    this.path = `/apis/postgresql.cnpg.io/v1/namespaces/${namespace}/clusters`;
  }

  async create(lsn: string, { name, uid }: Owner): Promise<void> {
    const { metadata, spec } = this.manifest;
    const recovery = { ...spec.bootstrap.recovery, recoveryTarget: { targetLSN: lsn } };
    const { status, body } = await this.call("POST", this.path, {
      ...this.manifest,
      metadata: { ...metadata, ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }] },
      spec: { ...spec, bootstrap: { ...spec.bootstrap, recovery } },
    });
    if (status !== 201) throw this.failure("can't be created", status, body.message);
  }

  async state(): Promise<ClusterState> {
    const { status, body } = await this.call("GET", `${this.path}/${this.name}`);
    if (status !== 200) throw this.failure("can't be read", status, body.message);
    const { phase = "no phase", phaseReason, readyInstances = 0 } = body.status ?? {};
    return { phase: [phase, phaseReason].filter(Boolean).join(": "), ready: Number(readyInstances) > 0 };
  }

  /** Deletes it with its pods and volumes, if it exists. */
  async remove(): Promise<void> {
    for (const end = Date.now() + REMOVAL; ; ) {
      const { status, body } = await this.call("DELETE", `${this.path}/${this.name}`, DELETION);
      if (status === 404) return;
      if (status >= 400) throw this.failure("can't be deleted", status, body.message);
      if (Date.now() > end) throw new Error(`cluster ${this.name} is not deleted after ${REMOVAL / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, this.pause));
    }
  }

  private failure(what: string, status: number, message = ""): Error {
    return new Error(`cluster ${this.name} ${what}: ${status} ${message}`.trim());
  }

  private call(method: string, path: string, content?: object): Promise<Answer> {
    const { url, ca, token } = this.api;
    const body = content ? Buffer.from(JSON.stringify(content)) : undefined;
    const headers = {
      authorization: `Bearer ${readFileSync(token, "utf8").trim()}`,
      // Not every runtime adds the length to the body of a DELETE.
      ...(body ? { "content-type": "application/json", "content-length": String(body.length) } : {}),
    };
    const options = { method, headers, timeout: 30_000, ...(ca ? { ca: readFileSync(ca) } : {}) };
    return new Promise((resolve, reject) => {
      const sent = (url.startsWith("https:") ? request : plain)(`${url}${path}`, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(parts).toString();
          try {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
          } catch {
            resolve({ status: response.statusCode ?? 0, body: { message: text.slice(0, 200) } });
          }
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }
}
