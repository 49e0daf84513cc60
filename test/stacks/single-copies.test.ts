import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const storesOf = (more: object) => {
  const environment = anEnvironment({
    aws: undefined,
    cluster: { context: "kind-orders" },
    commandApi: { image: "registry.example.com/orders/api:1.0.0", replicas: 1 },
    exceptions: { disposable: "a test", unauthenticatedApis: "a test" },
    ...more,
  });
  const { stacks } = synthesisOf(aProgram(environment));
  return (part: string): Body => stacks.get(`test-${part}`)?.json ?? {};
};

/** Pods that Karpenter leaves alone, as far as something says so: of a template, of a chart, of an object of an operator. */
const staying = (json: Body) => JSON.stringify(json).split("karpenter.sh/do-not-disrupt").length - 1;

const engines = {
  eventStore: (copies: number) => ({ engine: "kurrentdb", nodes: copies, storage: "5Gi" }),
  readDatabase: (copies: number) => ({ engine: "cloudnative-pg", instances: copies, storage: "5Gi" }),
  cache: (copies: number) => ({ engine: "valkey", replicas: copies - 1 }),
  broker: (copies: number) => ({ engine: "nats", servers: copies, storage: "5Gi" }),
};

describe("a store", () => {
  const withCopies = (copies: number) =>
    storesOf(Object.fromEntries(Object.entries(engines).map(([key, settings]) => [key, settings(copies)])));

  it("with a single copy stays where it is, whatever Karpenter would save", () => {
    const stacks = withCopies(1);
    expect(staying(stacks("event-store"))).toBe(1);
    expect(staying(stacks("read-store"))).toBe(3);
    const alone = storesOf({ eventStore: { engine: "eventsourcingdb", storage: "5Gi" } })("event-store");
    expect(all(alone, "kubernetes_stateful_set_v1")[0]?.spec.template.metadata.annotations).toEqual({
      "karpenter.sh/do-not-disrupt": "true",
    });
  });

  it("with several copies may be moved, one at a time", () => {
    const stacks = withCopies(3);
    for (const part of ["event-store", "read-store"]) {
      expect(staying(stacks(part))).toBe(0);
      expect(JSON.stringify(stacks(part))).toMatch(/disruption_budget|podDisruptionBudget|enablePDB/);
    }
  });
});
