import { ENVIRONMENT, released, stacksOf, VERSIONS } from "../node/environment";

describe("the environment of the node tier", () => {
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
      "observability",
      "migrations",
      "write-side",
      "read-side",
      "projections",
      "notices",
    ]);
  });
});
