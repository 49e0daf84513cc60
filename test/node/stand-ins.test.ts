import type { KubernetesObject } from "../cluster/api";
import { ENVIRONMENT, released, stacksOf, VERSIONS } from "./environment";
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
    const [release] = stacksOf(ENVIRONMENT).flatMap(({ releases }) => releases.filter(({ chart }) => chart === "nats"));
    const configuration = release && broker(release)[0]?.data["nats.conf"];
    for (const line of ['"server_name": $SERVER_NAME,', "include ../nats-users/users.conf;", '"max_file_store": 921Mi,', '"verify": true'])
      expect(configuration).toContain(line);
  });
});

describe("the environment of the tier", () => {
  const routes = (environment: Parameters<typeof stacksOf>[0]) =>
    stacksOf(environment)
      .flatMap(({ objects }) => objects)
      .filter(({ kind, metadata }) => kind === "HTTPRoute" && metadata.name === "command-api")
      .map(({ spec }) => spec.rules[0].backendRefs);

  it("turns requests to the other slot by the route alone", () => {
    const slots = { blue: VERSIONS.second, green: VERSIONS.first };
    const weights = (live: "blue" | "green") => routes(released(slots, live))[0].map(({ name, weight }: any) => [name, weight]);
    expect(weights("blue")).toEqual([
      ["command-api-blue", 100],
      ["command-api-green", 0],
    ]);
    expect(weights("green")).toEqual([
      ["command-api-blue", 0],
      ["command-api-green", 100],
    ]);
  });

  it("is applied in the order in which its stacks need each other", () => {
    expect(stacksOf(ENVIRONMENT).map(({ name }) => name)).toEqual([
      "platform",
      "event-store",
      "read-store",
      "broker",
      "migrations",
      "write-side",
      "read-side",
      "projections",
      "notices",
    ]);
  });
});
