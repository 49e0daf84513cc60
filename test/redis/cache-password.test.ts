import type { TerraformStack } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { CachePassword, type CachePasswordProps, redisUsers } from "../../constructs/redis";
import { type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<CachePasswordProps> & { readonly mirror?: string };

function aPassword(stack: TerraformStack, { mirror, ...changes }: Changes = {}): void {
  const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ...(mirror ? { mirror } : {}) });
  const user = { id: "orders-test-cache", arn: "arn:aws:elasticache:eu-west-1:111122223333:user:orders-test-cache" };
  const passwords = redisUsers("cache");
  new CachePassword(stack, "cache-password", { cluster, namespace: "read-store", user, region: "eu-west-1", passwords, ...changes });
}

const made = (changes?: Changes): Body => synth((stack) => aPassword(stack, changes));

describe("the password of a cache at AWS", () => {
  const json = made();
  const job = one(json, "kubernetes_job_v1", "first/job");
  const script = one(json, "kubernetes_config_map_v1", "cache-password/script");
  const pod: Body = job.spec.template.spec;

  it("is told by a job whose failure is told, and again by one that looks as often as a changed secret arrives", () => {
    expect(job.spec).toMatchObject({ backoff_limit: 4, active_deadline_seconds: 900 });
    expect(one(json, "kubernetes_config_map_v1", "verdict/checks").data.list).toContain(`\tjobs\t${job.metadata.name}\t`);
    expect(job.metadata.name).toMatch(/^cache-password-[0-9a-f]{8}$/);
    const rotation = one(json, "kubernetes_cron_job_v1", "cache-password/rotation");
    expect(rotation.spec).toMatchObject({ schedule: "*/15 * * * *", concurrency_policy: "Forbid" });
    expect(rotation.spec.job_template.spec.template).toEqual(job.spec.template);
    // Also where the first one failed.
    expect(rotation.depends_on).toEqual([`kubernetes_job_v1.${job["//"].metadata.uniqueId}`]);
  });

  it("ends at once by a job that nothing but a person starts", () => {
    const { metadata, spec } = one(json, "kubernetes_cron_job_v1", "cache-password/revocation");
    expect(metadata.name).toBe("cache-revoke");
    expect(spec).toMatchObject({ suspend: true, job_template: { spec: { ttl_seconds_after_finished: "86400" } } });
    const [container] = spec.job_template.spec.template.spec.container;
    expect(container).toEqual({ ...pod.container[0], command: ["sh", "/scripts/cache-password.sh", "revoke"] });
  });

  it("ends after a day by itself, or after as many hours as are said", () => {
    const overlapOf = (body: Body) =>
      one(body, "kubernetes_job_v1", "first/job").spec.template.spec.container[0].env.find(({ name }: Body) => name === "OVERLAP").value;
    expect(overlapOf(json)).toBe("86400");
    expect(overlapOf(made({ overlapHours: 1 }))).toBe("3600");
    expect(refusalsOf((stack) => aPassword(stack, { overlapHours: 0 }))).toEqual([
      "test/cache-password.overlapHours: 0 must be a whole number of hours from 1 to 720; use 24 to give clients a day",
    ]);
  });

  it("comes as files of all that the secret holds, and is in no variable", () => {
    expect(pod.volume).toEqual([
      { name: "passwords", secret: { secret_name: "cache-users", default_mode: "0440" } },
      { name: "scripts", config_map: { name: script.metadata.name, default_mode: "0444" } },
      { name: "tmp", empty_dir: { medium: "Memory", size_limit: "8Mi" } },
    ]);
    for (const variable of pod.container[0].env) expect(variable).toEqual({ name: expect.any(String), value: expect.any(String) });
  });

  it("is told by a pod that the restricted standard admits, and that can write nothing but memory", () => {
    expect(pod).toMatchObject({
      automount_service_account_token: false,
      service_account_name: "cache-password",
      security_context: { run_as_non_root: true, run_as_user: "65534", seccomp_profile: { type: "RuntimeDefault" } },
    });
    expect(pod.container[0].security_context).toMatchObject({
      allow_privilege_escalation: false,
      read_only_root_filesystem: true,
      run_as_non_root: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("goes to AWS and the agent that hands out its role, and nowhere else", () => {
    const { spec } = one(json, "kubernetes_network_policy_v1", "cache-password/traffic/policy");
    expect(spec.pod_selector).toEqual({ match_labels: job.spec.template.metadata.labels });
    expect(spec.egress.map(({ ports }: Body) => ports.map(({ port }: Body) => port))).toEqual([["53", "53"], ["80"], ["443"]]);
    expect(spec.ingress).toEqual([]);
  });

  it("is told by a script in which Terraform finds nothing to fill in", () => {
    const { data } = script;
    expect(Object.keys(data)).toEqual(["cache-password.sh", "overlap.sh"]);
    expect(Object.values(data).join("")).not.toMatch(/(?<![$%])[$%]\{/);
  });

  it("is told from a mirror where the cluster has one", () => {
    const [container] = one(made({ mirror: "registry.example.com/mirror" }), "kubernetes_job_v1", "first/job").spec.template.spec.container;
    expect(container.image).toMatch(/^registry.example.com\/mirror\/aws-cli\/aws-cli:/);
  });

  it("is in the capacity ledger as pods that come and go", () => {
    expect(podGroups(kubernetesObjects(json).objects).map(({ pods, passing }) => [pods, passing])).toEqual([
      [1, true],
      [1, true],
      [1, true],
      [1, true],
    ]);
  });
});
