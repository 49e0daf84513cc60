import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { VerifiedJob, type VerifiedJobProps } from "../../constructs/workload";
import { type Body, one } from "../synth";
import { Sent } from "./workloads";

const template = { metadata: {}, spec: { restartPolicy: "Never", container: [{ name: "roles", image: "postgres:17" }] } };

const aJob =
  (props: Partial<VerifiedJobProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const files = new ConfigMapV1(stack, "files", { metadata: { name: "files", namespace: "data" } });
    const spec = { backoffLimit: 4, activeDeadlineSeconds: 12_600, template };
    const { job, passed } = new VerifiedJob(stack, "roles", {
      cluster,
      namespace: "data",
      name: "read-database-roles",
      spec,
      follows: [files],
      after: [],
      ...props,
    });
    new ConfigMapV1(stack, "beside", { metadata: { name: "beside", namespace: "data" }, dependsOn: [job] });
    new ConfigMapV1(stack, "after", { metadata: { name: "after", namespace: "data" }, dependsOn: [passed] });
  };

const sent = new Sent(aJob());
const { json } = sent;
const job = (of: Body = json): Body => one(of, "kubernetes_job_v1", "roles/job");
const verdict = one(json, "kubernetes_job_v1", "verdict/job");
const address = (body: Body) => `kubernetes_job_v1.${body["//"].metadata.uniqueId}`;

describe("a job that says why it failed", () => {
  const { name } = job().metadata;

  it("is not waited for by Terraform, which would know no cause, and stays when it has done its work", () => {
    expect(job()).toMatchObject({ wait_for_completion: false, spec: { backoff_limit: 4, active_deadline_seconds: 12_600 } });
    expect(job().spec).not.toHaveProperty("ttl_seconds_after_finished");
    // Who looks at it writes that where it has failed.
    expect(job().lifecycle.ignore_changes).toEqual(["spec[0].ttl_seconds_after_finished"]);
  });

  it("is looked at until it has its end, however long that may take, by what has it expire where it has failed", () => {
    expect(one(json, "kubernetes_config_map_v1", "verdict/checks").data.list).toBe(
      `job\t0\tread-database-roles\tdata\tjobs\t${name}\tbatch.kubernetes.io%2Fjob-name%3D${name}\n`,
    );
    expect(verdict).toMatchObject({
      wait_for_completion: true,
      timeouts: { create: "13260s" },
      spec: { active_deadline_seconds: 12_960 },
    });
    const { env } = verdict.spec.template.spec.container[0];
    expect(env).toEqual(
      expect.arrayContaining([
        { name: "EXPIRES", value: name },
        // Not known where the job is made anew, whoever took it away, so that it is looked at again.
        { name: "FOLLOWS", value: `\${${address(job())}.id}` },
        { name: "TIME", value: "12660" },
      ]),
    );
  });

  it("is looked at by what may read just that, and reaches the API alone", () => {
    expect(sent.one("Role", "read-database-roles-verdict").rules).toEqual([
      { apiGroups: ["batch"], resources: ["jobs"], resourceNames: [name], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] },
      { apiGroups: ["external-secrets.io"], resources: ["externalsecrets"], verbs: ["list"] },
      { apiGroups: ["batch"], resources: ["jobs"], resourceNames: [name, verdict.metadata.name], verbs: ["patch"] },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["read-database-roles-verdict-report"], verbs: ["patch"] },
    ]);
    const { spec } = sent.one("NetworkPolicy", "read-database-roles-verdict");
    expect(spec.egress.map(({ ports }: Body) => ports.map(({ port }: Body) => port))).toEqual([
      [53, 53],
      [443, 6443],
    ]);
  });

  it("runs again for another specification, and for a change of what it follows, and is looked at again then", () => {
    const names = [{ ...template, metadata: { labels: { a: "b" } } }, template].map(
      (other) => job(new Sent(aJob({ spec: { backoffLimit: 4, activeDeadlineSeconds: 12_600, template: other } })).json).metadata.name,
    );
    expect(names).toEqual([expect.not.stringMatching(name), name]);
    expect(job().lifecycle.replace_triggered_by).toEqual(["kubernetes_config_map_v1.files"]);
    expect(verdict.lifecycle.replace_triggered_by).toEqual([address(job())]);
  });

  it("holds up what comes after it until it has done its work, and what comes beside it only until it has begun", () => {
    expect(one(json, "kubernetes_config_map_v1", "after").depends_on).toEqual([
      expect.stringMatching(/^data\.kubernetes_config_map_v1\.roles_verdict/),
    ]);
    expect(one(json, "kubernetes_config_map_v1", "beside").depends_on).toEqual([address(job())]);
  });

  it("leaves room in the name of its verdict for what follows that", () => {
    const long = new Sent(aJob({ name: `${"o".repeat(40)}-projections` }));
    const [account = ""] = long.names("ServiceAccount");
    expect(account).toMatch(/^o{31}-[0-9a-f]{8}$/);
    for (const each of long.names("Job")) expect(each.length).toBeLessThanOrEqual(63);
  });
});
