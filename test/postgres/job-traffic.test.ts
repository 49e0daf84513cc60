import type { TerraformStack } from "cdktf";
import { PostgresEvents } from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { type JobTraffic, PostgresRoles } from "../../constructs/postgres";
import { ProjectionTables, ReadModel } from "../../constructs/projection";
import { all, type Body, one, synth } from "../synth";
import { aPostgres } from "./postgres";

type Made = readonly [what: string, make: (stack: TerraformStack, more: JobTraffic & { readonly namespace: string }) => void];

const common = (stack: TerraformStack) => ({
  cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
  postgres: aPostgres(),
});

const JOBS: readonly Made[] = [
  ["roles", (stack, more) => new PostgresRoles(stack, "job", { ...common(stack), ...more })],
  ["events", (stack, more) => new PostgresEvents(stack, "job", { ...common(stack), ...more })],
  ["tables of projections", (stack, more) => new ProjectionTables(stack, "job", { ...common(stack), ...more })],
  [
    "a read model",
    (stack, more) =>
      new ReadModel(stack, "job", { ...common(stack), projection: "orders", slots: { a: { partitions: 1 } }, live: "a", ...more }),
  ],
];

const made = (make: Made[1], more: Partial<JobTraffic & { readonly namespace: string }> = {}): Body =>
  synth((stack) => make(stack, { namespace: "data", ...more }));

const job = (json: Body): Body => one(json, "kubernetes_job_v1", "job/Default/job");

describe.each(JOBS)("the job of %s", (_, make) => {
  it("is allowed to the server and to DNS by a policy of its own, and waits for it", () => {
    const json = made(make);
    const policy = one(json, "kubernetes_network_policy_v1", "job/pod/traffic/policy");
    const { labels } = job(json).spec.template.metadata;
    expect(policy.metadata.namespace).toBe("data");
    expect(policy.spec.pod_selector.match_labels).toEqual(labels);
    expect(policy.spec.egress.flatMap(({ ports }: Body) => ports.map(({ port }: Body) => port))).toEqual(["53", "53", "5432"]);
    expect(policy.spec.ingress).toEqual([]);
    expect(job(json).depends_on).toContain(`kubernetes_network_policy_v1.${policy["//"].metadata.uniqueId}`);
  });

  it("brings no policy where the namespace has one", () => {
    const policies = all(made(make, { traffic: "namespace" }), "kubernetes_network_policy_v1");
    expect(policies.filter((policy) => policy["//"].metadata.path.endsWith("job/pod/traffic/policy"))).toEqual([]);
  });

  it("has copies of the secrets and the CA of another namespace, and waits for them", () => {
    const json = made(make, { namespace: "projections" });
    const copies = kubernetesObjects(json).objects.filter(({ kind }) => kind === "ExternalSecret");
    expect(copies.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(["orders-migrator", "read-database-ca"]));
    const release = all(json, "helm_release").find((body) => body["//"].metadata.path.includes("connections-projections/from-data"));
    expect(job(json).depends_on).toContain(`helm_release.${release?.["//"].metadata.uniqueId}`);
    expect(all(made(make), "helm_release")).toEqual([]);
  });
});
