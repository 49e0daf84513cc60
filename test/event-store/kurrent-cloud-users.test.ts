import { podGroups } from "../../constructs/capacity/pod-groups";
import { KurrentCloudUsers, type KurrentCloudUsersProps, kurrentCloudSecrets } from "../../constructs/event-store";
import { GRANTS } from "../../constructs/event-store/kurrentdb-rights";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { type Body, one, synth } from "../synth";

const made = (clustered = true, mirror?: string, changes: Partial<KurrentCloudUsersProps> = {}): Body =>
  synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ...(mirror ? { mirror } : {}) });
    new KurrentCloudUsers(stack, "users", {
      cluster,
      namespace: "event-store",
      access: { name: "event-store", host: "c1.mesdb.eventstore.cloud", cidr: "10.128.0.0/20", clustered },
      adminSecret: "orders-production-event-store-admin",
      ...changes,
    });
  });

const variables = (template: Body): Body =>
  Object.fromEntries(template.spec.container[0].env.map(({ name, value }: Body) => [name, value]));

describe("the users of a cluster at Kurrent Cloud", () => {
  const json = made();
  const job = one(json, "kubernetes_job_v1", "users/first/job");
  const rotation = one(json, "kubernetes_cron_job_v1").spec;
  const files = one(json, "kubernetes_config_map_v1", "users/files");
  const pod: Body = job.spec.template.spec;

  it("are made by a job that has the time of a person, and so has who says why it failed", () => {
    expect(job.spec).toMatchObject({ backoff_limit: 1, active_deadline_seconds: 2100 });
    const verdict = one(json, "kubernetes_job_v1", "users/first/verdict/job");
    expect(variables(verdict.spec.template)).toMatchObject({ EXPIRES: job.metadata.name, TIME: "2160" });
    expect(verdict).toMatchObject({ wait_for_completion: true, timeouts: { create: "2760s" } });
  });

  it("are looked after also where the first look at them failed, as where nobody filled in the password in time", () => {
    expect(one(json, "kubernetes_cron_job_v1").depends_on).toEqual([`kubernetes_job_v1.${job["//"].metadata.uniqueId}`]);
  });

  it("have what a rotation has changed as often as a changed secret arrives", () => {
    expect(rotation).toMatchObject({ schedule: "*/15 * * * *", concurrency_policy: "Forbid" });
    expect(rotation.job_template.spec.active_deadline_seconds).toBe(900);
  });

  it("wait, the first time, for whoever fills in the password of admin, and name the secret", () => {
    expect(variables(job.spec.template)).toEqual({
      ADMIN: "/admin",
      FILLED: "write the one that the vendor shows to orders-production-event-store-admin",
      FILLING: "1200",
      GRANTS: "/grants",
      RECOVERY: "600",
      SEED: "https://c1.mesdb.eventstore.cloud:2113",
      USERS: "/users",
    });
    expect(variables(rotation.job_template.spec.template)).toEqual({ ...variables(job.spec.template), FILLING: "0" });
  });

  it("are made at the one node of a cluster that has no other", () => {
    const told = variables(one(made(false), "kubernetes_job_v1", "users/first/job").spec.template);
    expect(told).toMatchObject({ NODES: "https://c1.mesdb.eventstore.cloud:2113" });
    expect(told).not.toHaveProperty("SEED");
  });

  it("come as files of all that their secrets hold, beside the scripts and nothing but the rights", () => {
    const secrets = Object.values(kurrentCloudSecrets());
    expect(secrets.map(({ name }) => name)).toEqual(["event-store-admin", "event-store-commands", "event-store-subscriptions"]);
    const mounted = (name: string) => pod.container[0].volume_mount.find((mount: Body) => mount.name === name).mount_path;
    expect(pod.volume.flatMap(({ name, secret }: Body) => (secret ? [[mounted(name), secret.secret_name, secret.items]] : []))).toEqual([
      ["/admin", "event-store-admin", undefined],
      ["/users/commands", "event-store-commands", undefined],
      ["/users/subscriptions", "event-store-subscriptions", undefined],
    ]);
    const items = (name: string) => pod.volume.find((volume: Body) => volume.name === name).config_map.items.map(({ key }: Body) => key);
    expect(items("grants")).toEqual(Object.keys(GRANTS));
    expect(items("scripts")).toEqual(["nodes.sh", "users.sh"]);
    expect(Object.keys(files.data)).toEqual(items("scripts"));
    expect(Object.keys(files.binary_data)).toEqual(items("grants"));
  });

  it("come with the persistent subscriptions that are declared, which are updated when they are deployed and not by the clock", () => {
    const persistentSubscriptions = [{ stream: "$ce-order", group: "billing" }];
    const subscribed = made(true, undefined, { persistentSubscriptions });
    const first = one(subscribed, "kubernetes_job_v1", "users/first/job").spec.template;
    const later = one(subscribed, "kubernetes_cron_job_v1").spec.job_template.spec.template;
    expect(variables(first)).toMatchObject({ SUBSCRIPTIONS: "/persistent-subscriptions", UPDATES: "yes" });
    expect(variables(later)).toMatchObject({ SUBSCRIPTIONS: "/persistent-subscriptions" });
    expect(variables(later)).not.toHaveProperty("UPDATES");
    const keys = first.spec.volume
      .find(({ name }: Body) => name === "persistent-subscriptions")
      .config_map.items.map(({ key }: Body) => key);
    expect(keys).toEqual(["name", "path", "settings", "create", "update"].map((part) => `0.${part}`));
    const { binary_data: binary, data } = one(subscribed, "kubernetes_config_map_v1", "users/files");
    expect(Object.keys({ ...data, ...binary })).toEqual(expect.arrayContaining([...keys, "read-ce-order.bin"]));
  });

  it("are made by a pod that the restricted standard admits, and that can write nothing but memory", () => {
    expect(pod).toMatchObject({
      automount_service_account_token: false,
      service_account_name: "event-store-users",
      security_context: { run_as_non_root: true, run_as_user: "65534", seccomp_profile: { type: "RuntimeDefault" } },
    });
    expect(pod.container[0].security_context).toMatchObject({
      allow_privilege_escalation: false,
      read_only_root_filesystem: true,
      run_as_non_root: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.volume.find(({ name }: Body) => name === "tmp").empty_dir.medium).toBe("Memory");
  });

  it("are made by what reaches the vendor's network, and nothing else", () => {
    const { spec } = one(json, "kubernetes_network_policy_v1", "users/traffic/policy");
    expect(spec.pod_selector).toEqual({ match_labels: job.spec.template.metadata.labels });
    expect(spec.egress.slice(1)).toEqual([{ ports: [{ port: "2113", protocol: "TCP" }], to: [{ ip_block: { cidr: "10.128.0.0/20" } }] }]);
    expect(spec.ingress).toEqual([]);
  });

  it("enter the account of what runs on the cluster by themselves", () => {
    expect(podGroups(kubernetesObjects(json).objects).map(({ name }) => name)).toEqual(
      expect.arrayContaining([expect.stringContaining("event-store-users")]),
    );
  });

  it("are made with an image from the cluster's mirror", () => {
    const { image } = one(made(true, "registry.example.com/mirror"), "kubernetes_job_v1", "users/first/job").spec.template.spec
      .container[0];
    expect(image).toMatch(/^registry\.example\.com\/mirror\/curlimages\/curl:/);
  });
});
