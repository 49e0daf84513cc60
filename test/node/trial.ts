import { Results } from "../aws/results";
import { type KubernetesApi, type KubernetesObject, until } from "../cluster/api";
import { Client } from "./clients";
import { Deployment } from "./deployment";

/** Where clients come in. */
const COMMANDS = "http://gateway-nginx.write-side.svc.cluster.local";
const QUERIES = "http://gateway-nginx.read-side.svc.cluster.local";

/** Where the system's own pods would ask. */
const SERVICES = { commands: "http://command-api-blue.write-side.svc:8080", queries: "http://query-api.read-side.svc:8080" } as const;

/** What the parts of the tier share: the environment on the cluster, its clients, and the results. */
export class Trial {
  readonly results = new Results();

  /** Who places orders. */
  readonly buyer: Client;

  /** Who lists them. */
  readonly reader: Client;

  constructor(
    readonly api: KubernetesApi,
    readonly deployment = new Deployment(api),
  ) {
    // Both ways: through the gateway, and by the service alone.
    this.buyer = new Client(api, "write-side", { COMMANDS: `${COMMANDS} ${SERVICES.commands}` });
    this.reader = new Client(api, "read-side", { QUERIES: `${QUERIES} ${SERVICES.queries}` });
  }

  /** One check, with what it has to say for itself; true where it passed or was skipped. */
  async check(what: string, work: () => Promise<string>): Promise<boolean> {
    let said = "";
    const passed = await this.results.step(what, "check", async () => {
      said = await work();
    });
    if (said) console.log(said.replace(/^/gm, "        "));
    return passed;
  }

  /** Places an order, and waits until it is listed as confirmed: the whole way once. Returns its id. */
  async order(key: string, seconds = 90): Promise<string> {
    const body = JSON.stringify({ item: "book", quantity: 2 });
    const headers = { "content-type": "application/json", "idempotency-key": key };
    let id = "";
    await until(`the order ${key} is taken`, seconds, async () => {
      const answer = await this.buyer.ask(`${COMMANDS}/orders`, { method: "POST", headers, body }).catch(() => undefined);
      id = answer?.body.id ?? "";
      return answer?.status === 201 || answer?.status === 200;
    });
    await until(`the order ${key} is listed as confirmed`, seconds, async () => (await this.statusOf(id)) === "confirmed");
    return id;
  }

  /** What the query API says of an order. */
  async statusOf(id: string): Promise<string | undefined> {
    const answer = await this.reader.ask(`${QUERIES}/orders/${id}`).catch(() => undefined);
    return answer?.body?.status;
  }

  /** Pods that run and are not on their way out. */
  async pods(namespace: string, labels?: string): Promise<readonly KubernetesObject[]> {
    const kind = { apiVersion: "v1", kind: "Pod" };
    const pods = await this.api.list(kind, { namespace, ...(labels ? { labels } : {}) });
    return pods
      .filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === "Running")
      .map((pod) => ({ ...pod, ...kind }));
  }

  /** Waits until pods of these labels are ready, and none is on its way out. */
  async settled(namespace: string, labels: string, count = 1, seconds = 180): Promise<void> {
    await until(`${namespace}: ${count} pods of ${labels} are ready, and no others`, seconds, async () => {
      const pods = await this.api.list({ apiVersion: "v1", kind: "Pod" }, { namespace, labels });
      return pods.length === count && pods.every(isReady);
    });
  }
}

export function isReady({ metadata, status }: KubernetesObject): boolean {
  return !metadata.deletionTimestamp && status.conditions?.some(({ type, status: is }: any) => type === "Ready" && is === "True");
}
