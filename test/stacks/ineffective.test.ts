import { asDomains, ineffective } from "../../stacks";
import { anEnvironment } from "../environments";

const image = "registry.example.com/venta/app:1.0.0";
const worker = { image, replicas: 1 };

/** What is said to change nothing in an environment with these domains and stores. */
function said(changes: object): readonly string[] {
  const environment = anEnvironment({
    aws: undefined,
    cluster: { context: "kind-venta" },
    exceptions: { disposable: "ends with a test" },
    ...changes,
  });
  return ineffective(asDomains(environment)).map(({ setting, why }) => `${setting}: ${why}`);
}

describe("a setting that changes nothing is named:", () => {
  const authentication = { issuer: "https://login.example.com/", audience: "venta", jwks: "https://login.example.com/keys" };
  const told = { authentication, authorization: { CreateOrder: ["user"] } };

  it("who is who, where no service is told", () => {
    expect(said({ ...told, domains: { orders: { workers: { mails: worker } } } })).toEqual([
      "authentication: there is no API that uses it",
      "authorization: there is no API that uses it",
    ]);
    // One that only other workloads reach is told as well.
    expect(said({ ...told, domains: { orders: { services: { api: worker } } } })).toEqual([]);
  });

  it("a collector, where nothing runs", () => {
    const monitoring = { telemetry: { endpoint: "http://collector.monitoring.svc:4317", namespace: "monitoring" } };
    expect(said({ monitoring })).toEqual(["monitoring.telemetry: there is no workload that uses it"]);
    expect(said({ monitoring, domains: { orders: { jobs: { seed: { image, when: "by-hand" } } } } })).toEqual([]);
  });

  it("a size that no store takes", () => {
    const users = { orders: { workers: { mails: { ...worker, uses: ["redis"] } } } };
    expect(said({ size: "large", stores: { redis: { engine: "valkey" } }, domains: users })).toEqual([]);
    for (const stores of [
      { redis: { engine: "valkey", size: "small" } },
      { redis: { engine: "memory" } },
      { redis: { engine: "postgres", server: { engine: "cloudnative-pg", size: "small" } } },
    ])
      expect(said({ size: "large", stores, domains: users })).toEqual(["size: no store takes its size from it"]);
    expect(said({ size: "large", domains: { orders: { workers: { mails: worker } } } })).toEqual(["size: no store takes its size from it"]);
  });

  it("a role in a store that has none", () => {
    const domains = (as: string) => ({ orders: { workers: { mails: { ...worker, uses: [{ store: "events", as }] } } } });
    expect(said({ stores: { events: { engine: "eventsourcingdb" } }, domains: domains("subscriptions") })).toEqual([
      "domains.orders.workers.mails.uses[0].as: EventSourcingDB has one token, which reads and writes",
    ]);
    expect(said({ stores: { events: { engine: "memory" } }, domains: domains("commands") })).toEqual([
      "domains.orders.workers.mails.uses[0].as: the memory of a process has no users",
    ]);
    expect(said({ stores: { events: { engine: "kurrentdb" } }, domains: domains("subscriptions") })).toEqual([]);
  });
});
