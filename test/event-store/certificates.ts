import { KurrentDb } from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { all, type Body, synth } from "../synth";

/** A KurrentDB with everything that it asks of cert-manager. */
export const json = synth((stack) => {
  const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
  const outside = { domain: "orders.internal", networks: ["10.0.0.0/16"] };
  new KurrentDb(stack, "events", { cluster, namespace: "event-store", clients: [], outside });
});
const [release] = all(json, "helm_release").filter(({ name }) => name === "event-store-certificates");
const objects: Body[] = JSON.parse(release?.values[0]).objects;
/** A resource of cert-manager. */
export const specOf = (kind: string, name: string): Body =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)?.spec;

export const node = specOf("Certificate", "event-store-node");
export const authority = specOf("Certificate", "event-store-authority");
