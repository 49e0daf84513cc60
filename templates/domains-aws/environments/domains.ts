import type { Domain } from "cdktf-cqrs/stacks";

/** The domains of every environment. Images are in the release file of each environment. */
export const domains = {
  catalog: {
    jobs: { migrate: { when: "before", uses: [{ store: "postgres", as: "migrator" }] } },
    services: {
      products: { replicas: 2, uses: [{ store: "postgres", as: "reader" }, "redis"] },
    },
  },
  checkout: {
    services: {
      orders: { replicas: { min: 2, max: 6 }, paths: ["/orders"], uses: ["postgres"], calls: ["products"] },
    },
  },
} as const satisfies Readonly<Record<string, Domain>>;
