import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { CapacityLedger, type NodePool } from "../../constructs/capacity";
import { type CheckOptions, checkStacks, synthesizeChecked } from "../../constructs/check";
import { describe as described } from "../../constructs/core/errors";
import { ServiceDomain, type ServiceDomainProps } from "../../constructs/domain";
import { KubernetesTarget, type KubernetesTargetProps } from "../../constructs/kubernetes";

const image = "registry.example.com/shop/all:1.0.0";

const THREE_SMALL: NodePool = {
  zones: { a: 1, b: 1, c: 1 },
  node: { millicores: 900, memoryBytes: 4 * 2 ** 30, pods: 50, volumes: 20 },
};

class Foreign extends TerraformStack {
  readonly cluster: KubernetesTarget;

  constructor(app: App, id: string, props: KubernetesTargetProps = {}) {
    super(app, id);
    new LocalBackend(this, { path: `../../../${id}.tfstate` });
    this.cluster = KubernetesTarget.kubeconfig(this, { context: "kind-shop", ...props });
  }

  domain(id: string, props: Partial<ServiceDomainProps> = {}): ServiceDomain {
    return new ServiceDomain(this, id, { cluster: this.cluster, defaults: { image }, services: { orders: {} }, ...props });
  }
}

let outdir = "";

beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
});

afterEach(() => rmSync(outdir, { recursive: true, force: true }));

function check(build: (app: App) => void, options?: CheckOptions) {
  const app = new App({ outdir });
  build(app);
  const { problems, capacity } = checkStacks(app, options);
  return { problems: problems.map(described), capacity };
}

describe("a program of others", () => {
  it("is written where nothing is wrong with it, and its capacity is told", () => {
    const app = new App({ outdir });
    new Foreign(app, "shop").domain("shop");
    const { capacity } = synthesizeChecked(app);
    expect(capacity).toEqual([expect.stringMatching(/^shop\/kubernetes: not checked: node sizes are unknown; required pods request /)]);
    expect(existsSync(join(outdir, "stacks/shop/cdk.tf.json"))).toBe(true);
  });

  it("hears of all that is wrong at once, in all of its stacks, and nothing is written", () => {
    const app = new App({ outdir });
    new Foreign(app, "shop").domain("shop", { services: { orders: { image: "shop:latest" } } });
    new Foreign(app, "billing").domain("billing", { workers: { invoices: { calls: ["orderz"] } } });
    const aws = new TerraformStack(app, "queues");
    new AwsProvider(aws, "aws", { region: "eu-west-1" });
    new SqsQueue(aws, "queue", { name: "queue", policy: '{"Statement":[]}' });
    let message = "";
    try {
      synthesizeChecked(app);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('shop/shop/services/orders.image: "shop:latest"');
    expect(message).toContain('billing/billing.workers.invoices.calls: "orderz" is not a service of the domain');
    expect(message).toContain("queues/aws_sqs_queue.queue: ");
    for (const stack of ["shop", "billing", "queues"]) expect(existsSync(join(outdir, "stacks", stack, "cdk.tf.json"))).toBe(false);
  });

  it("does not fit its nodes if a zone fails, over all stacks on a cluster", () => {
    const full = (options?: CheckOptions) =>
      check((app) => {
        const ledger = new CapacityLedger(THREE_SMALL);
        const zones = Object.keys(THREE_SMALL.zones);
        new Foreign(app, "shop", { ledger, zones }).domain("shop", { services: { orders: { replicas: 3, cpu: "400m" } } });
        new Foreign(app, "billing", { ledger, zones }).domain("billing", { services: { bills: { replicas: 3, cpu: "400m" } } });
      }, options);
    const { problems, capacity } = full();
    expect(problems).toEqual([
      expect.stringMatching(
        /^shop\/kubernetes.ledger: 3 of 0.9 cores with 4Gi leave 2.7 cores .* a new version of billing\/bills finds no node/,
      ),
    ]);
    expect(capacity).toHaveLength(1);
    const accepted = full({ insufficientCapacity: "the fourth node arrives on Monday" });
    expect(accepted.problems).toEqual([]);
    expect(accepted.capacity[0]).toMatch(/; accepted: the fourth node arrives on Monday$/);
  });

  it("gives the same result again: a check leaves the ledger as it was", () => {
    const app = new App({ outdir });
    new Foreign(app, "shop", { ledger: new CapacityLedger(THREE_SMALL) }).domain("shop");
    expect(checkStacks(app)).toEqual(checkStacks(app));
  });

  it("hears of two objects of one name in two stacks", () => {
    const { problems } = check((app) => {
      new Foreign(app, "shop").domain("shop", { namespace: "apps" });
      new Foreign(app, "billing").domain("shop", { namespace: "apps" });
    });
    expect(problems).toContainEqual(
      "billing/shop/services/orders/rollout: makes Deployment apps/orders, which shop/shop/services/orders/rollout makes too; choose another name for one of the two",
    );
  });

  it("hears of pods that their quota never admits", () => {
    const { problems } = check((app) => {
      new Foreign(app, "shop").domain("shop", { quota: { cpu: "300m", memory: "8Gi", pods: 20 } });
    });
    expect(problems.join()).toContain("the quota of shop admits 300m of CPU");
  });

  it("is checked by policies of its own, or by none", () => {
    const everything = { id: "nothing-at-all", rule: "is there", remedy: "leave it out", check: () => [""] };
    const one = (options: CheckOptions) => check((app) => void new Foreign(app, "shop").domain("shop"), options).problems;
    expect(one({ policies: [everything] })).toEqual(["shop: is there (nothing-at-all); leave it out"]);
    expect(one({ policies: false })).toEqual([]);
  });
});
