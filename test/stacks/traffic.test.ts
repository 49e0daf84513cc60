import { traffic } from "../../stacks/model/derive/traffic";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";
import { program } from "../fixtures/environments";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const cluster = { nodes: 3, node };

/** Who may talk to whom beside what every cluster needs by itself, a line for each way. */
const ways = (changes: object) =>
  traffic(asDomains(anEnvironment(changes)))
    .flows.filter(({ from, to }) => from !== to && ![from, to].some((party) => /^(.*api|internet|deploy-runners)$/.test(party)))
    .map(({ from, to, port }) => `${from} -> ${to}:${port}`);

const production = program.environments.find(({ name }) => name === "production") as object;

describe("the traffic of an environment", () => {
  it("is what production needs, and nothing else", () => {
    expect(ways(production)).toEqual([
      "write-nodes -> aws-endpoints:443",
      "read-nodes -> aws-endpoints:443",
      "read-nodes -> read-database:5432",
      "read-nodes -> cache:6379",
      "write-nodes -> read-nodes:443",
      "write-nodes -> kurrent-cloud:2113",
      "read-nodes -> kurrent-cloud:2113",
      "write-entry -> write-nodes:443",
      "write-entry -> write-nodes:8081",
      "read-entry -> read-nodes:443",
      "read-entry -> read-nodes:8081",
    ]);
  });

  it("lets load balancers in to the side that they are for, on whichever cluster that is", () => {
    const commandApi = { image: "registry.example.com/orders/command-api:1.0.0", replicas: 3 };
    const exceptions = { awsApisOverInternet: "saves money" };
    expect(ways({ cluster, commandApi, queryApi: commandApi, exceptions })).toEqual([
      "write-entry -> nodes:443",
      "write-entry -> nodes:8081",
      "read-entry -> nodes:443",
      "read-entry -> nodes:8081",
    ]);
    expect(ways({ cluster: { context: "kind" }, commandApi })).toEqual([]);
    expect(ways({ writeCluster: cluster, readCluster: { context: "kind" }, commandApi, queryApi: commandApi, exceptions })).toEqual([
      "write-entry -> write-nodes:443",
      "write-entry -> write-nodes:8081",
    ]);
  });

  it("lets the read side subscribe to an event store on the write cluster, and not the other way round", () => {
    const changes = {
      writeCluster: cluster,
      readCluster: cluster,
      eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
      exceptions: { awsApisOverInternet: "saves money" },
    };
    expect(ways({ ...changes, projections: { workers: 1, parallelism: 1 } })).toEqual(["read-nodes -> write-nodes:2113"]);
    expect(ways({ ...changes, commandProcessors: { replicas: 1 } })).toEqual([]);
  });

  it("goes to Kurrent Cloud by the addresses of its network, from whichever nodes are made here", () => {
    const eventStore = { engine: "kurrent-cloud", size: "development", backup: { every: "1d", keep: "7d" } };
    const { flows, networks } = traffic(
      asDomains(anEnvironment({ cluster, eventStore: { ...eventStore, network: { cidr: "172.21.0.0/16" } } })),
    );
    expect(networks).toEqual({ "kurrent-cloud": "172.21.0.0/16" });
    expect(flows.filter(({ to }) => to === "kurrent-cloud").map(({ from, port }) => `${from}:${port}`)).toEqual(["nodes:2113"]);
    expect(ways({ cluster: { context: "kind" }, eventStore })).toEqual([]);
  });

  it("needs no way between the two sides where they share a cluster", () => {
    expect(ways({ cluster, eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" } })).toEqual(["nodes -> aws-endpoints:443"]);
  });

  it("knows no group for clusters and stores that are not of AWS", () => {
    const { parties } = traffic(
      asDomains(
        anEnvironment({
          cluster: { context: "kind" },
          cache: { engine: "valkey", replicas: 0, storage: "1Gi" },
          exceptions: { awsApisOverInternet: "saves money" },
        }),
      ),
    );
    expect(parties).toEqual([]);
  });
});
