import type { TerraformStack } from "cdktf";
import { Nats } from "../../constructs/broker";
import { EventSourcingDb, KurrentDb } from "../../constructs/event-store";
import { kubernetesObjects } from "../../constructs/kubernetes";
import { Valkey } from "../../constructs/redis";
import { aCluster, usersOf } from "../broker/data-cluster";
import { type Body, one, synth } from "../synth";

const place = (stack: TerraformStack) => ({ cluster: aCluster(stack), namespace: "data", clients: [{ namespace: "shop" }] });

/** The secrets whose values are generated, each with what creates it. */
const generated = (json: Body) =>
  kubernetesObjects(json)
    .objects.filter(({ kind }) => kind === "ExternalSecret")
    .map(({ metadata }) => metadata.name)
    .sort();

const STORES: readonly (readonly [what: string, make: (stack: TerraformStack) => void, secrets: readonly string[], address: string])[] = [
  [
    "Valkey",
    (stack) => new Valkey(stack, "store", { ...place(stack), name: "cache", purpose: "cache" }),
    ["cache-users"],
    "store/servers/release",
  ],
  [
    "NATS",
    (stack) => new Nats(stack, "store", { ...place(stack), name: "broker", purpose: "events" }),
    ["broker-users"],
    "store/servers/release",
  ],
  [
    "KurrentDB",
    (stack) => new KurrentDb(stack, "store", { ...place(stack), name: "events" }),
    ["events-commands", "events-metrics", "events-subscriptions", "events-users"],
    "store/nodes",
  ],
  [
    "EventSourcingDB",
    (stack) => new EventSourcingDb(stack, "store", { ...place(stack), name: "events", size: "small", protect: false }),
    ["events-token"],
    "store/server",
  ],
];

describe.each(STORES)("%s", (_, make, secrets, address) => {
  const json = synth(make);

  it("generates its own passwords where none are passed", () => {
    expect(generated(json)).toEqual(secrets);
  });

  it("comes after them", () => {
    const [type] = ["helm_release", "kubernetes_stateful_set_v1"].filter((each) =>
      Object.values<Body>(json.resource[each] ?? {}).some((body) => body["//"].metadata.path.endsWith(address)),
    ) as [string];
    const releases = Object.values<Body>(json.resource.helm_release).filter(({ name }) =>
      secrets.some((secret) => name === `secret-${secret}`),
    );
    expect(releases).toHaveLength(secrets.length);
    const text = JSON.stringify(json.resource);
    for (const release of releases) expect(text).toContain(`"helm_release.${release["//"].metadata.uniqueId}"`);
    expect(one(json, type, address).depends_on.length).toBeGreaterThan(0);
  });
});

describe("a store whose secrets are passed", () => {
  it("creates none itself", () => {
    const json = synth((stack) => {
      const where = place(stack);
      new Valkey(stack, "cache", { ...where, name: "cache", purpose: "cache", users: usersOf("cache-passwords", "default") });
      new Nats(stack, "broker", { ...where, name: "broker", purpose: "events", users: usersOf("broker-passwords", "a", "b", "system") });
      new KurrentDb(stack, "events", { ...where, name: "events", secrets: [] });
    });
    expect(generated(json)).toEqual([]);
  });

  it("has none where it knows no users", () => {
    const insecure = synth((stack) => new KurrentDb(stack, "events", { ...place(stack), nodes: 1, insecureOnOwnMachine: true }));
    expect(generated(insecure)).toEqual([]);
  });
});
