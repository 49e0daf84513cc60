import { type App, TerraformStack } from "cdktf";
import { type Checked, checkStacks } from "cdktf-cqrs/constructs/check";
import type { Duration } from "cdktf-cqrs/constructs/core";
import { type DomainService, ServiceDomain } from "cdktf-cqrs/constructs/domain";
import { KubernetesTarget, Namespace } from "cdktf-cqrs/constructs/kubernetes";
import { PostgresServer } from "cdktf-cqrs/constructs/postgres";

/** A system in the words of the package, by the types that it exports. */
export class Shop extends TerraformStack {
  constructor(scope: App, id: string) {
    super(scope, id);
    const cluster = KubernetesTarget.kubeconfig(this, { context: "kind-shop" });
    const { name: namespace, ready: after } = new Namespace(this, "data", {
      cluster,
      name: "data",
      quota: { cpu: 4, memory: "8Gi", pods: 20 },
    });
    const orders = new PostgresServer(this, "orders", { cluster, namespace, name: "orders", clients: [{ namespace: "shop" }], after });
    const timeout: Duration = "60s";
    const checkout: DomainService = { uses: [orders.connection("writer")], calls: ["stock"], paths: ["/checkout"], timeout };
    new ServiceDomain(this, "shop", {
      cluster,
      defaults: { image: "registry.example.com/shop/all:1.4.0" },
      services: { checkout, stock: {} },
      after: orders.ready,
    });
    // @ts-expect-error a job of a domain has no port
    new ServiceDomain(this, "wrong", { cluster, jobs: { migrate: { image: "shop:1.4.0", port: 8080 } } });
  }
}

export const checked = (app: App): Checked => checkStacks(app);
