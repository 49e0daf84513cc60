import type { Environment } from "cdktf-cqrs/stacks";
import { program } from "./sample";

/** Two domains on one machine: the shop calls the service of the catalog, which reads its database. */
export const local = {
  system: "acme",
  name: "local",
  size: "small",
  cluster: { context: "kind-acme" },
  stores: { postgres: { engine: "cloudnative-pg", storage: "5Gi" } },
  domains: {
    catalog: {
      jobs: { migrate: { ...program("migrate.ts", "database.ts"), when: "before", uses: [{ store: "postgres", as: "migrator" }] } },
      services: {
        products: { ...program("products.ts", "database.ts"), replicas: 1, uses: [{ store: "postgres", as: "reader" }] },
      },
    },
    shop: { services: { web: { ...program("web.ts"), replicas: 1, calls: ["products"] } } },
  },
  exceptions: { disposable: "lives on one developer's machine" },
} as const satisfies Environment;
