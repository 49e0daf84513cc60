import { SECRET_STORE, secretStore } from "../../constructs/secrets";

describe("the store of secrets", () => {
  it("shows the environment's own secrets to namespaces that are named, without credentials", () => {
    expect(secretStore({ region: "eu-west-1", name: ["orders", "test"], namespaces: ["read-side", "observability"] })).toEqual({
      apiVersion: "external-secrets.io/v1",
      kind: "ClusterSecretStore",
      metadata: { name: SECRET_STORE },
      spec: {
        provider: { aws: { service: "SecretsManager", region: "eu-west-1", prefix: "orders-test-" } },
        conditions: [{ namespaces: ["observability", "read-side"] }],
      },
    });
  });
});
