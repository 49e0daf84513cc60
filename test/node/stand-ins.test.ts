import { Nats } from "../../constructs/broker";
import { kubernetesObjects } from "../../constructs/kubernetes";
import { aCluster, usersOf } from "../broker/data-cluster";
import type { KubernetesObject } from "../cluster/api";
import { synth } from "../synth";
import { broker } from "./nats";
import { nginxConfiguration } from "./stand-ins";

const routeOf = (...backendRefs: readonly object[]): KubernetesObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { namespace: "write-side", name: "command-api" },
  spec: { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs }] },
});

describe("the stand-in for a gateway", () => {
  it("sends each version its share of requests, and none to one without", () => {
    const configuration = nginxConfiguration("write-side", [
      routeOf({ name: "blue", port: 8080, weight: 90 }, { name: "green", port: 8080, weight: 10 }),
    ]);
    expect(configuration).toContain("90.00% blue-8080;\n    * green-8080;");
    expect(
      nginxConfiguration("write-side", [routeOf({ name: "blue", port: 80, weight: 0 }, { name: "green", port: 80, weight: 100 })]),
    ).not.toContain("blue");
  });
});

describe("the stand-in for NATS' chart", () => {
  it("writes raw values and includes, which are no JSON", () => {
    const { releases } = kubernetesObjects(
      synth((stack) => {
        const cluster = aCluster(stack);
        new Nats(stack, "broker", {
          cluster,
          namespace: "shop",
          name: "broker",
          purpose: "events",
          clients: [],
          users: usersOf("nats-users", "system"),
        });
      }),
    );
    const [release] = releases.filter(({ chart }) => chart === "nats");
    const configuration = release && broker(release)[0]?.data["nats.conf"];
    for (const line of [
      '"server_name": $SERVER_NAME,',
      "include ../nats-users/users.conf;",
      '"max_file_store": 46080Mi,',
      '"verify": true',
    ])
      expect(configuration).toContain(line);
  });
});
