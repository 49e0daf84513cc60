import { ApiError, type Kind, type KubernetesApi, type KubernetesObject } from "./api";
import { destructive, jobNow, offeredTo, outdated, outvoted as outvotedWithin, templatesOf, unfinished } from "./stores";

const metadata = { namespace: "orders", name: "events", labels: { app: "events" } };
const claimed = (name: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { namespace: "orders", name },
});

/** A cluster that has these objects, and lets `allowed` pods go. */
function cluster(objects: readonly object[], allowed = 0): KubernetesApi {
  const found = objects as readonly KubernetesObject[];
  return {
    list: async ({ kind }: Kind) => found.filter((object) => object.kind === kind),
    call: async () => {
      if (allowed === 0) throw new ApiError(429, "TooManyRequests", "would violate the budget");
    },
  } as unknown as KubernetesApi;
}

const set = (ready: number) => ({ kind: "StatefulSet", metadata, spec: { replicas: 3 }, status: { readyReplicas: ready } });
const pods = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    kind: "Pod",
    metadata: { ...metadata, name: `events-${index}` },
    status: { phase: "Running" },
  }));
const budget = (status: object) => ({
  kind: "PodDisruptionBudget",
  metadata,
  spec: { selector: { matchLabels: { app: "events" } } },
  status,
});
const outvoted = (objects: readonly object[], allowed?: number) => outvotedWithin(cluster(objects, allowed), 0);

describe("stores on a cluster", () => {
  it("have a majority, and a budget that lets no other pod go", async () => {
    const held = budget({ currentHealthy: 2, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 0 });
    expect(await outvoted([set(2), held, ...pods(2)])).toEqual([]);
    expect(await outvoted([set(2), held, ...pods(2)], 1)).toEqual(["budget orders/events: allows 0, and the server decides otherwise"]);
    expect(await outvoted([set(1)])).toEqual(["orders/events: 1 of 3 are left"]);
    expect(await outvoted([budget({ currentHealthy: 1, desiredHealthy: 2, expectedPods: 3 }), ...pods(1)])).toEqual([
      "budget orders/events: 1 of 3 are well where 2 must be, and 1 run",
    ]);
  });

  it("have a budget that means their pods", async () => {
    const others = [{ ...pods(1)[0], metadata: { ...metadata, labels: { app: "others" } } }];
    expect(await outvoted([budget({}), ...others])).toEqual(["budget orders/events: 0 of 0 are well where 0 must be, and 0 run"]);
    const instead = { ...pods(1)[0], metadata: { ...metadata, labels: { "stands-in-for": "events" } } };
    expect(await outvoted([budget({}), ...others, instead])).toEqual([]);
  });

  it("have claims that a program offers to jobs, besides their own", () => {
    const volumes = ["offered", "made"].map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    const job = { kind: "Job", metadata, spec: { template: { spec: { volumes: [...volumes, { name: "tmp", emptyDir: {} }] } } } };
    const claims = offeredTo([job as unknown as KubernetesObject], [claimed("made")], "fast");
    expect(claims.map(({ metadata: { namespace, name }, spec }) => [namespace, name, spec.storageClassName])).toEqual([
      ["orders", "offered", "fast"],
    ]);
  });

  it("have jobs that end well, and pods of the newest template", async () => {
    const job = (...conditions: object[]) => cluster([{ kind: "Job", metadata, status: { conditions } }]);
    expect(await unfinished(job({ type: "Complete", status: "True" }))).toEqual([]);
    expect(await unfinished(job({ type: "Failed", status: "True", message: "gave up" }))).toEqual(["orders/events: gave up"]);
    expect(await unfinished(job())).toEqual(["orders/events: is not complete"]);
    const rolling = { ...set(3), status: { replicas: 3, updatedReplicas: 2 } };
    expect(await outdated(cluster([rolling]))).toEqual(["orders/events: 2 of 3 are new"]);
  });

  it("find the claims that were made for them", () => {
    const claims = ["valkey-data-cache-0", "valkey-data-cache-1", "broker-js-broker-0"].map(claimed);
    expect(templatesOf("cache", "orders", claims)).toEqual(["valkey-data"]);
    expect(templatesOf("broker", "orders", claims)).toEqual(["broker-js"]);
    expect(templatesOf("cache", "others", claims)).toEqual([]);
  });

  it("have schedules that are tried at once", () => {
    const spec = { schedule: "0 2 * * 6", jobTemplate: { metadata: { labels: { job: "scavenge" } }, spec: { backoffLimit: 1 } } };
    expect(jobNow({ apiVersion: "batch/v1", kind: "CronJob", metadata: { namespace: "orders", name: "scavenge" }, spec })).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { namespace: "orders", name: "scavenge-now", labels: { job: "scavenge" } },
      spec: { backoffLimit: 1 },
    });
  });

  it("are threatened by smaller disks, other templates and another number of founders", () => {
    const objects = [
      { ...claimed("data-events-0"), spec: {} },
      { apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec: { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: {} }] } },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "orders", name: "founded" }, immutable: true, data: { nodes: "3" } },
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: { nodes: "3" } },
    ];
    expect(destructive(objects).map(({ what }) => what)).toEqual([
      "a smaller claim orders/data-events-0",
      "other templates of orders/events",
      "another orders/founded",
    ]);
  });
});
