import { Namespace, Release } from "cdktf-cqrs/constructs/kubernetes";
import type { Environment, Program } from "cdktf-cqrs/stacks";

const image = (name: string) => `registry.example.com/shop/${name}:1.0.0`;

export const development: Environment = {
  system: "shop",
  name: "development",
  size: "small",
  cluster: { context: "kind-shop" },
  stores: {
    postgres: { engine: "cloudnative-pg", database: "shop" },
    redis: { engine: "valkey" },
  },
  domains: {
    catalog: {
      env: { LOG_LEVEL: "info" },
      jobs: {
        migrate: { when: "before", image: image("migrations"), uses: [{ store: "postgres", as: "migrator" }] },
      },
      services: {
        products: { image: image("products"), replicas: 2, uses: [{ store: "postgres", as: "reader" }, "redis"] },
      },
    },
    checkout: {
      services: {
        orders: {
          image: image("orders"),
          replicas: { min: 2, max: 6 },
          paths: ["/orders"],
          uses: ["postgres"],
          calls: ["products"],
          egress: [{ host: "payments.example.com" }],
          secrets: { SESSION_KEY: "session-key", PAYMENT_TOKEN: { secret: "payments", key: "token" } },
        },
      },
      jobs: {
        report: { when: { schedule: "0 3 * * *" }, image: image("report"), uses: [{ store: "postgres", as: "reader" }] },
      },
    },
  },
  exceptions: { disposable: "lives on one developer's machine" },
};

export const program: Program = {
  accounts: [],
  environments: [development],
  policies: [
    {
      id: "no-iam-users",
      rule: "is a user with keys that don't expire",
      remedy: "use a role",
      check: (_, resources) => resources.filter(({ type }) => type === "aws_iam_user").map(({ address }) => address),
    },
  ],
  extend: ({ name, stacks }) => {
    const stack = stacks.get(`${name}-checkout`);
    if (!stack?.cluster) return;
    const { cluster } = stack;
    const quota = { cpu: "500m", memory: "512Mi", pods: 3 } as const;
    const { ready } = new Namespace(stack, "mailpit-namespace", { cluster, name: "mailpit", quota });
    new Release(stack, "mailpit", {
      cluster,
      namespace: "mailpit",
      chart: { repository: "https://charts.example.com", chart: "mailpit", version: "0.30.1" },
      values: { resources: { requests: { cpu: "100m", memory: "64Mi" } } },
      pods: [{ name: "mailpit", pods: 1, request: { millicores: 100, memoryBytes: 64 * 2 ** 20 } }],
      after: ready,
    });
  },
};
