import type { Environment } from "cdktf-cqrs/stacks";
import { domains } from "./domains";
import release from "./production.release.json";

/** On the cluster that the kubeconfig calls `acme`, with its Terraform state in the cluster `operations`. */
export const production = {
  system: "acme",
  name: "production",
  release: { of: "production", workloads: release },
  cluster: { context: "acme" },
  state: { backend: "kubernetes", context: "operations" },
  stores: {
    postgres: { engine: "cloudnative-pg" },
    redis: { engine: "valkey" },
  },
  domains,
  authentication: {
    issuer: "https://login.example.com/",
    audience: "acme",
    jwks: "https://login.example.com/.well-known/jwks.json",
  },
  authorization: { PlaceOrder: ["user"], CancelOrder: ["admin"], GetProducts: ["user", "admin"] },
  exceptions: { noBackup: "the owner of the cluster takes snapshots of its volumes" },
} as const satisfies Environment;
