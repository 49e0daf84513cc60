import { clientsOf, type Environment, endpointsOf, workloadsOf } from "../../stacks";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";
import { production } from "../fixtures/environments/production";

/** What is said of the workloads of an environment, a line for each. */
const linesOf = (environment: Environment) =>
  workloadsOf(asDomains(environment)).map(({ path, instances, versions }) => `${path}: ${instances}, ${versions}`);

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("the workloads of an environment at a glance", () => {
  it("are how many instances of which versions, as the release file says", () => {
    expect(linesOf(production)).toEqual([
      "write-side / command-api: 3, blue (live) command-api:1.0.0",
      "write-side / command-processors: 5–20, processors:1.0.0",
      "read-side / query-api: 10–20, blue (live) query-api:1.0.0",
      "projections / projections: 5, a (live) projections:1.0.0 in 50 partitions",
      "migrations / migrations: job, migrations:1.0.0",
    ]);
  });

  it("say which slot has which share of requests", () => {
    const slots = { blue: "registry.example.com/api:1.0.0", green: "registry.example.com/api:1.1.0" };
    const service = (settings: object) => anEnvironment({ commandApi: { replicas: 2, slots, ...settings } });
    expect([
      ...linesOf(service({ live: "green" })),
      ...linesOf(service({ live: "blue", preview: true })),
      ...linesOf(service({ live: "blue", weights: { blue: 90, green: 10 } })),
    ]).toEqual([
      "write-side / command-api: 2, blue api:1.0.0, green (live) api:1.1.0",
      "write-side / command-api: 2, blue (live) api:1.0.0, green api:1.1.0 shown by a header",
      "write-side / command-api: 2, blue (live) api:1.0.0 at 90%, green api:1.1.0 at 10%",
    ]);
  });

  it("name each where several fill a role, and a version by the beginning of its digest", () => {
    const image = `registry.example.com:5000/orders/processors@${DIGEST}`;
    const commandProcessors = ["billing", "stock"].map((name) => ({ name, image, replicas: 1 }));
    expect(linesOf(anEnvironment({ commandProcessors }))).toEqual([
      "write-side / billing: 1, processors@0123456789ab",
      "write-side / stock: 1, processors@0123456789ab",
    ]);
  });

  it("show the read model that is read beside the one that is built", () => {
    const readModel = { slots: { a: { partitions: 50 }, b: { partitions: 80, image: "registry.example.com/projections:2.0.0" } } };
    const projections = { image: "registry.example.com/projections:1.0.0", workers: 5, parallelism: 10, readModel };
    expect(linesOf(anEnvironment({ projections }))).toEqual([
      "projections / projections: 5, a (live) projections:1.0.0 in 50 partitions, b projections:2.0.0 in 80 partitions",
    ]);
  });

  it("are those of domains by the domain, and jobs by the time at which they run", () => {
    const image = "registry.example.com/venta/app:1.0.0";
    const domains = {
      base: { image, jobs: { migrate: { when: "before" }, nightly: { when: { schedule: "0 2 * * *" } }, seed: { when: "by-hand" } } },
      orders: { services: { api: { image, replicas: { min: 2, max: 9 } } }, workers: { mails: { image, replicas: 1 } } },
    };
    expect(linesOf(anEnvironment({ domains }))).toEqual([
      "orders / api: 2–9, app:1.0.0",
      "orders / mails: 1, app:1.0.0",
      "base / migrate: job, app:1.0.0",
      "base / nightly: job, 0 2 * * *, app:1.0.0",
      "base / seed: job, by hand, app:1.0.0",
    ]);
  });

  it("are none where none are described", () => {
    expect(workloadsOf(asDomains(anEnvironment()))).toEqual([]);
  });
});

describe("the clients of a read database", () => {
  it("are all pods that may run at once, in both slots", () => {
    expect([...clientsOf(asDomains(production))]).toEqual([["read-database", "clients at maximum replicas: 40 read, 5 write"]]);
  });

  it("are those of each, of several", () => {
    const projections = ["orders", "search"].map((name, index) => ({ name, database: name, workers: index + 1, parallelism: 1 }));
    const readDatabase = ["orders", "search"].map((name) => ({ engine: "aurora", name, replicas: 1 }));
    const queryApi = [{ replicas: 2 }, { replicas: { min: 1, max: 4 } }];
    expect([...clientsOf(asDomains(anEnvironment({ readDatabase, projections, queryApi })))]).toEqual([
      ["orders", "clients at maximum replicas: 6 read, 1 write"],
      ["search", "clients at maximum replicas: 6 read, 2 write"],
    ]);
  });
});

describe("the clients of a server in stores", () => {
  it("are the workloads that use it, by their role there", () => {
    const image = "registry.example.com/venta/app:1.0.0";
    const service = (as: string, replicas: object | number) => ({ image, replicas, uses: [{ store: "postgres", as }] });
    const domains = { orders: { services: { api: service("writer", { min: 1, max: 15 }), reports: service("reader", 2) } } };
    expect([...clientsOf(asDomains(anEnvironment({ stores: { postgres: { engine: "aurora", replicas: 1 } }, domains })))]).toEqual([
      ["postgres", "clients at maximum replicas: 2 read, 15 write"],
    ]);
  });
});

describe("the ways into an environment at a glance", () => {
  it("are the names of its sides, and the edge before queries", () => {
    expect(endpointsOf(asDomains(production))).toEqual([
      { name: "commands", answers: "commands.orders.example.com" },
      { name: "queries", answers: "queries.example.com at cloudflare, responses cached for 30s, in front of queries.orders.example.com" },
    ]);
    const edge = { provider: "cloudfront", cache: "5s" } as const;
    expect(endpointsOf(asDomains({ ...production, queryApi: { ...production.queryApi, edge } }))[1]?.answers).toBe(
      "queries.orders.example.com at cloudfront, responses cached for 5s",
    );
  });

  it("are its owner's where the cluster exists already", () => {
    expect(
      endpointsOf(asDomains({ ...production, writeCluster: { context: "on-premises" }, readCluster: { context: "on-premises" } })),
    ).toEqual([]);
  });
});
