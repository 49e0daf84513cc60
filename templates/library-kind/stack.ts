import { type App, TerraformStack } from "cdktf";
import { ServiceDomain } from "cdktf-cqrs/constructs/domain";
import { KubernetesTarget, Namespace } from "cdktf-cqrs/constructs/kubernetes";
import { Platform } from "cdktf-cqrs/constructs/platform";
import { PostgresServer } from "cdktf-cqrs/constructs/postgres";

/** A database, and a domain with two services, on a cluster that exists. */
export function addStack(app: App): TerraformStack {
  const stack = new TerraformStack(app, "acme");
  stack.addOverride("terraform.backend", {
    kubernetes: { secret_suffix: "acme", config_path: "~/.kube/config", config_context: "kind-acme" },
  });
  const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-acme" });
  const platform = new Platform(stack, "platform", {
    cluster,
    parts: { definitions: {}, autoscaling: {}, certificates: {}, secrets: {}, postgres: {}, gateways: {} },
  });
  const data = new Namespace(stack, "data", { cluster, name: "data", quota: { cpu: 8, memory: "16Gi", pods: 30, volumes: 6 } });
  const orders = new PostgresServer(stack, "orders", {
    cluster,
    namespace: data.name,
    name: "orders",
    size: "small",
    clients: [{ namespace: "shop" }],
    after: [...data.ready, ...platform.installed],
  });
  new ServiceDomain(stack, "shop", {
    cluster,
    defaults: { image: "registry.example.com/acme/shop:1.0.0" },
    jobs: { migrate: { uses: [orders.connection("migrator")], command: ["/app/migrate"] } },
    services: {
      checkout: { replicas: { min: 2, max: 10 }, uses: [orders.connection("writer")], calls: ["stock"], paths: ["/checkout"] },
      stock: { uses: [orders.connection("reader")] },
    },
    after: orders.ready,
  });
  return stack;
}
