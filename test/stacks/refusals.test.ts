import { InvalidInput } from "../../constructs/core/errors";
import { PolicyViolation, type Program } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";

const image = "registry.example.com/orders/api:1.0.0";

/** A small system on a cluster that exists. */
const small = {
  system: "orders",
  name: "test",
  cluster: { context: "kind-orders" },
  eventStore: { engine: "eventsourcingdb" },
  exceptions: { disposable: "made and thrown away by a test" },
} as const;

/** A read database, and a migration of it. */
const withMigration = (migrations: object) => ({
  ...small,
  readDatabase: { engine: "cloudnative-pg" },
  migrations: { image, ...migrations },
});

/** What synthesis says of a program, a line for each problem. */
function refused(...environments: readonly object[]): readonly string[] {
  return refusedOf(aProgram(...environments));
}

function refusedOf(program: Program): readonly string[] {
  try {
    void synthesisOf(program).sites;
    return [];
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof PolicyViolation) return error.message.split("\n");
    throw error;
  }
}

const on = (context: string) => ({ cluster: { context } });

describe("what constructs refuse", () => {
  it("is told together with what rules say, of each environment, at the path that somebody wrote", () => {
    const misspelt = { ...small, commandApi: { image, replicas: 1, prot: 8080 } };
    const privileged = { ...small, ...on("low"), name: "low", commandApi: { image, replicas: 1, port: 80 } };
    const both = {
      ...small,
      ...on("both"),
      name: "both",
      commandApi: { image, replicas: 1, port: 443 },
      commandProcessors: { image, replicas: { min: 3, max: 2 } },
    };
    expect(refused(misspelt, privileged, both)).toEqual([
      'test.commandApi.prot: is not a setting here; did you mean "port"?',
      'both.commandProcessors.replicas: {"min":3,"max":2} has a minimum above its maximum; swap the two',
      "low.commandApi.port: 80 is not a port that it can open; use 1024 to 65535: what is below is root's",
      "both.commandApi.port: 443 is not a port that it can open; use 1024 to 65535: what is below is root's",
    ]);
  });

  it("is told once where rules say it too, and not of what follows from it", () => {
    const api = { image, replicas: 1, port: 8080, ports: { a: 8080, x: 9000 }, publicPorts: ["x", "x"] };
    const domains = { shop: { sourceRanges: ["10.0.0.0/8", "10.0.0.0/8"], services: { api } } };
    const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
    expect(refused(anEnvironment({ cluster, domains, exceptions: { disposable: "a test" } }))).toEqual([
      "test.domains.shop.services.api.ports.a: 8080 is port as well; use another port, or leave it out",
      'test.domains.shop.services.api.publicPorts[1]: "x" is 9000, on which the load balancer listens for api; use another port for one of the two',
      'test.domains.shop.sourceRanges: "10.0.0.0/8" overlaps one that is named before; name each address once',
    ]);
  });
});

describe("two of one name in a cluster", () => {
  it("are refused where the second is described, and the first is named", () => {
    const projections = { image, workers: 1, parallelism: 1 };
    expect(refused({ ...withMigration({ name: "orders-read-model" }), projections })).toEqual([
      "test.projections: makes NetworkPolicy read-store/orders-read-model, which test.migrations makes as well; choose another name for one of the two",
    ]);
  });

  it("are refused where they are constructs of one stack", () => {
    const migrations = [
      { image, name: "tables", per: "slot" },
      { image, name: "tables-orders-a" },
    ];
    const projections = { image, workers: 1, parallelism: 1 };
    expect(refused({ ...withMigration({}), migrations, projections })).toEqual([
      'test.migrations[1].name: "tables-orders-a" is the name of a part of the platform as well; choose another',
    ]);
  });
});

describe("names as long as they may be", () => {
  it("fit whatever is made of them, on AWS and on a cluster", () => {
    const long = (word: string, length: number) => word.padEnd(length, "x");
    const name = long("production", 24);
    const release = "blue-green";
    const slots = { slots: { blue: image, green: image }, live: "blue" };
    const aws = anEnvironment().aws as object;
    const program = aProgram({
      ...anEnvironment({ system: long("orders", 24), name, aws: { ...aws, domain: `${"d".repeat(60)}.${"e".repeat(60)}.example.com` } }),
      access: { administrators: ["arn:aws:iam::111122223333:role/platform"] },
      cluster: { nodes: 6, node: { cpu: 16, memory: "64Gi", storage: "100Gi" } },
      eventStore: { engine: "postgres", server: { engine: "rds", replicas: 1, name: long("events", 32) } },
      commandApi: { ...slots, release, replicas: { min: 1, max: 2 }, name: long("commands", 40) },
      commandProcessors: { image, replicas: { min: 1, max: 2 }, name: long("processors", 40) },
      queryApi: { ...slots, release, replicas: 1, name: long("queries", 40) },
      migrations: { image, per: "slot", database: long("aurora", 32), name: long("migrations", 40) },
      projections: { image, workers: 1, parallelism: 1, database: long("aurora", 32), name: long("projections", 38) },
      readDatabase: [
        { engine: "aurora", replicas: 1, name: long("aurora", 32) },
        { engine: "cloudnative-pg", name: long("cluster", 32) },
      ],
      cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
      broker: { engine: "nats" },
      exceptions: { unauthenticatedApis: "a test", disposable: "a test" },
    });
    expect(refusedOf({ ...program, accounts: [{ system: long("orders", 24), id: "111122223333", region: "eu-west-1" }] })).toEqual([]);
  });
});
