import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { checkStacks } from "../../constructs/check";
import { describe as described } from "../../constructs/core/errors";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { HttpService, MigrationJob, ScheduledTask, SmokeTest } from "../../constructs/workload";
import { aPostgres } from "../postgres/postgres";
import type { Body } from "../synth";

const image = "registry.example.com/shop/all:1.0.0";
const seen = postgresConnection(aPostgres({ name: "reports", authority: { pem: "-----BEGIN CERTIFICATE-----" } }), "writer");
const copied = postgresConnection(aPostgres(), "reader");

const EKS = { clusterName: "shop", region: "eu-west-1", endpoint: "https://api.example.com", certificateAuthority: "Y2E=", vpcId: "vpc-1" };
const CLUSTERS: Readonly<Record<string, (stack: TerraformStack) => KubernetesTarget>> = {
  "an existing cluster": (stack) => KubernetesTarget.kubeconfig(stack, { context: "kind-shop" }),
  EKS: (stack) => KubernetesTarget.eks(stack, EKS),
};

/** Workloads of every kind in the namespace `apps`, which other stacks have too. */
function aTeam(app: App, name: string, clusterOf: (stack: TerraformStack) => KubernetesTarget, uses = [seen, copied]): TerraformStack {
  const stack = new TerraformStack(app, name);
  const place = { cluster: clusterOf(stack), namespace: "apps" };
  const connections = uses.map((connection) => ({
    connection,
    variables: { [`${connection.name.toUpperCase().replaceAll("-", "_")}_URL`]: "{DATABASE_URL}" },
  }));
  new MigrationJob(stack, `${name}-migrate`, { ...place, image, connections });
  const service = new HttpService(stack, `${name}-api`, { ...place, image, connections });
  new ScheduledTask(stack, `${name}-report`, { ...place, image, connections, schedule: "0 3 * * *" });
  new SmokeTest(stack, `${name}-test`, { ...place, verifies: [service] });
  return stack;
}

const rendered = (stack: TerraformStack): Body => JSON.parse(JSON.stringify(stack.toTerraform()));
const copies = (stack: TerraformStack) =>
  kubernetesObjects(rendered(stack))
    .objects.filter(({ kind, metadata }) => kind === "ExternalSecret" || /-authority$/.test(metadata.name))
    .map(({ metadata }) => metadata.name)
    .sort();

describe.each(Object.entries(CLUSTERS))("two stacks with workloads in one namespace of %s", (_, clusterOf) => {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  const app = new App({ outdir });
  const [first, second] = [aTeam(app, "orders", clusterOf, [seen]), aTeam(app, "billing", clusterOf)];

  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  it("make no object of one name", () => {
    expect(checkStacks(app, { policies: false }).problems.map(described)).toEqual([]);
  });

  it("have the copies of secrets and CAs once, in the first of them, on which the other depends", () => {
    expect(copies(first)).toEqual(expect.arrayContaining(["orders-reader", "orders-writer", "read-database-ca", "reports-authority"]));
    expect(copies(second)).toEqual([]);
    expect(second.dependsOn(first)).toBe(true);
  });
});

describe("stacks that share a name of a namespace and no cluster", () => {
  it("each have copies of their own", () => {
    const outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
    const app = new App({ outdir });
    const context = (name: string) => (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: name });
    const [first, second] = [aTeam(app, "orders", context("kind-one")), aTeam(app, "billing", context("kind-two"))];
    expect(copies(second)).toEqual(copies(first));
    expect(second.dependsOn(first)).toBe(false);
    rmSync(outdir, { recursive: true, force: true });
  });
});
