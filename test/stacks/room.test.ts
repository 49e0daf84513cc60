import { gatewayPods } from "../../constructs/platform";
import { sitesOf } from "../../stacks/kubernetes";
import { anEnvironment } from "../environments";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const api = { image: "registry.example.com/orders/api:1.0.0", replicas: 2 };

/** What room is kept for, by the cluster. */
const kept = (changes: object) =>
  Object.fromEntries(
    sitesOf(anEnvironment(changes)).map(({ key, ledger }) => [key, ledger.kept.flatMap(({ groups }) => groups.map(({ name }) => name))]),
  );

describe("room is kept", () => {
  it("for the nginx of the Gateway of each side that serves, on its own cluster", () => {
    const both = { commandApi: api, queryApi: api };
    const gateways = (changes: object) =>
      Object.entries(kept(changes)).map(([key, names]) => [key, names.filter((name) => name.endsWith("gateway-nginx"))]);
    expect(gateways({ ...both, cluster: { nodes: 3, node } })).toEqual([
      ["cluster", ["write-side/gateway-nginx", "read-side/gateway-nginx"]],
    ]);
    expect(gateways({ ...both, writeCluster: { nodes: 3, node }, readCluster: { nodes: 3, node } })).toEqual([
      ["writeCluster", ["write-side/gateway-nginx"]],
      ["readCluster", ["read-side/gateway-nginx"]],
    ]);
    expect(gateways({ cluster: { nodes: 3, node } })).toEqual([["cluster", []]]);
  });

  it("for as many nginx as the cluster's zones will have", () => {
    const nginx = (cluster: object) =>
      sitesOf(anEnvironment({ queryApi: api, cluster })).flatMap(({ ledger }) =>
        ledger.kept.flatMap(({ groups }) => groups.filter(({ name }) => name === "read-side/gateway-nginx")),
      );
    const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    expect(nginx({ nodes: 3, node })).toEqual([gatewayPods({ cluster: { zones } }, "read-side/gateway")]);
    expect(nginx({ context: "one", room: { zones: { one: 3 }, cpu: 4, memory: "16Gi" } })).toMatchObject([{ pods: 1 }]);
  });
});
