import type { IncomingMessage, ServerResponse } from "node:http";

/** A claim as the API keeps it. */
export interface StoredClaim {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: object[];
  };
  readonly spec: { readonly storageClassName: string; readonly resources: object; readonly dataSource: { readonly name: string } };
  deletionTimestamp?: string;
}

const GROUP = "/api/v1/namespaces/event-store/";
export const DRILL = "event-store-volume-drill";

/** The part of the Kubernetes API that has the claim and the pods of drills: a claim that a pod uses stays until the pod is gone. */
export class ClaimsApi {
  claim: StoredClaim | undefined;

  /** Pods of drills. */
  pods: object[] = [];
  readonly calls: string[] = [];

  /** Requests until an unused claim is gone. */
  lag = 1;
  onCall: (call: string) => number | undefined = () => undefined;

  /** Kubernetes deletes the pod, and what it used. */
  removePods(): void {
    this.pods = [];
    if (this.claim?.deletionTimestamp) this.claim = undefined;
  }

  /** Answers a request for claims or pods. False if it is another one. */
  async answer({ method = "", url = "" }: IncomingMessage, response: ServerResponse, body: string): Promise<boolean> {
    if (!url.startsWith(GROUP)) return false;
    const path = decodeURIComponent(url.slice(GROUP.length));
    const call = `${method} ${path}`;
    this.calls.push(call);
    const reply = (status: number, content: object) => {
      response.writeHead(status).end(JSON.stringify(content));
      return true;
    };
    const refused = this.onCall(call);
    if (refused) return reply(refused, { message: "is refused" });
    if (this.claim?.deletionTimestamp && this.pods.length === 0 && this.lag-- <= 0) this.claim = undefined;
    if (call === `GET pods?labelSelector=app.kubernetes.io/name=${DRILL}`) return reply(200, { items: this.pods });
    if (call === "GET pods/drill-1") return this.pods[0] ? reply(200, this.pods[0]) : reply(404, { message: "not found" });
    if (call === "POST persistentvolumeclaims") {
      if (this.claim) return reply(409, { message: "already exists" });
      this.claim = JSON.parse(body);
      return reply(201, this.claim ?? {});
    }
    if (path !== `persistentvolumeclaims/${DRILL}`) return reply(403, { message: "forbidden" });
    if (!this.claim) return reply(404, { message: "not found" });
    if (method === "DELETE") this.claim.deletionTimestamp = new Date().toISOString();
    return reply(200, this.claim);
  }
}
