import type { KubernetesObject } from "./api";
import { afterwards, changesOf, ignoringTemplates, losses } from "./changes";

const claim = (storage: string, storageClassName = "data"): KubernetesObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { namespace: "orders", name: "data-events-0" },
  spec: { storageClassName, resources: { requests: { storage } } },
});
const set = (storage: string, serviceName = "events"): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { namespace: "orders", name: "events" },
  spec: { serviceName, replicas: 1, volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim(storage).spec }] },
});
const between = (before: readonly KubernetesObject[], after: readonly KubernetesObject[], ignoring = ["StatefulSet orders/events"]) =>
  changesOf(before, afterwards(before, after, new Set(ignoring)));

describe("what a change sends to a cluster", () => {
  it("is a larger claim, and nothing of a set whose templates are ignored", () => {
    const changes = between([claim("1Gi"), set("1Gi")], [claim("2Gi"), set("2Gi")]);
    expect(changes).toEqual([{ how: "in place", object: claim("2Gi") }]);
    expect(losses(changes)).toEqual([]);
  });

  it("makes a set anew whose templates are not ignored", () => {
    expect(losses(between([set("1Gi")], [set("2Gi")], []))).toEqual(["StatefulSet orders/events would be made anew"]);
  });

  it("loses what is renamed, moved to another class, or found by another name", () => {
    const renamed = { ...claim("1Gi"), metadata: { namespace: "orders", name: "data-events-1" } };
    expect(losses(between([claim("1Gi")], [renamed]))).toEqual(["PersistentVolumeClaim orders/data-events-0 would be deleted"]);
    expect(losses(between([claim("1Gi"), set("1Gi")], [claim("1Gi", "fast"), set("1Gi", "others")]))).toEqual([
      "PersistentVolumeClaim orders/data-events-0 would be made anew",
      "StatefulSet orders/events would be made anew",
    ]);
  });

  it("is known of a set by its lifecycle", () => {
    const body = (name: string, lifecycle?: object) => ({ metadata: { namespace: "orders", name }, ...(lifecycle ? { lifecycle } : {}) });
    const kubernetes_stateful_set_v1 = {
      one: body("events", { ignore_changes: ["spec[0].volume_claim_template"] }),
      other: body("others"),
    };
    expect(ignoringTemplates({ resource: { kubernetes_stateful_set_v1 } })).toEqual(["StatefulSet orders/events"]);
  });
});
