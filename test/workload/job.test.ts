import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { HttpService, Job, type JobProps, MigrationJob, PartitionedWorker, ScheduledTask, Worker } from "../../constructs/workload";
import { aPostgres } from "../postgres/postgres";
import { type Body, one } from "../synth";
import { refused, Sent } from "./workloads";

type Stack = Parameters<typeof KubernetesTarget.kubeconfig>[0];

const image = "registry.example.com/orders/api:1.0.0";
const place = (stack: Stack) => ({
  cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
  namespace: "write-side",
  image,
});

const aJob =
  (props: Partial<JobProps> = {}, followed = false) =>
  (stack: Stack) => {
    const where = place(stack);
    const api = new HttpService(stack, "api", where);
    const { ready } = new Job(stack, "import", {
      ...where,
      command: ["node", "import.js"],
      ...(followed ? { follows: [api] } : {}),
      ...props,
    });
    new Worker(stack, "later", { ...where, after: ready });
  };

const job = (json: Body): Body => one(json, "kubernetes_job_v1", "import/Default/job");

describe("a job of an apply", () => {
  const { json } = new Sent(aJob());

  it("runs once, is tried by three pods, and has ten minutes", () => {
    expect(job(json).metadata.name).toMatch(/^import-[0-9a-f]{8}$/);
    expect(job(json).spec).toMatchObject({
      backoff_limit: 2,
      active_deadline_seconds: 600,
      template: { metadata: { labels: { "app.kubernetes.io/component": "job" } }, spec: { restart_policy: "Never" } },
    });
    expect(job(json)).not.toHaveProperty("lifecycle.replace_triggered_by");
  });

  it("holds up what comes after it until it has succeeded", () => {
    const later = one(json, "kubernetes_deployment_v1", "later/rollout/pods");
    expect(later.depends_on).toContainEqual(expect.stringMatching(/^data\.kubernetes_config_map_v1\.import_verdict/));
  });

  it("runs again for another image, command or configuration", () => {
    const changes: Partial<JobProps>[] = [{}, { image: `${image}1` }, { command: ["true"] }, { env: { A: "b" } }, { files: { "/a": "b" } }];
    const names = changes.map((props) => job(new Sent(aJob(props)).json).metadata.name);
    expect(new Set(names).size).toBe(5);
  });

  it("runs after a release of what it follows, and again after each", () => {
    const { json: following } = new Sent(aJob({}, true));
    const api = one(following, "kubernetes_deployment_v1", "api/rollout/pods")["//"].metadata.uniqueId;
    expect(job(following).lifecycle.replace_triggered_by).toEqual([`kubernetes_deployment_v1.${api}`]);
    expect(job(following).depends_on).toContain(`kubernetes_deployment_v1.${api}`);
  });

  it("is in the capacity ledger as a pod that comes and goes", () => {
    const groups = podGroups(new Sent(aJob()).objects).filter(({ passing }) => passing);
    expect(groups.map(({ name }) => name.replace(/-[0-9a-f]{8}$/, ""))).toContain("write-side/import");
  });
});

describe("a job by hand", () => {
  const sent = new Sent(aJob({ start: "by-hand", timeout: "1h" }));

  it("is kept as a suspended CronJob, whose pod is tried once", () => {
    expect(sent.names("Job")).toEqual([]);
    expect(sent.one("CronJob", "import").spec).toMatchObject({
      suspend: true,
      schedule: "0 0 30 2 *",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 0, activeDeadlineSeconds: 3600, template: { spec: { restartPolicy: "Never" } } } },
    });
  });

  it("follows no release", () => {
    expect(refused(aJob({ start: "by-hand" }, true))).toEqual([
      'import.follows: can\'t start a job that an operator starts; leave follows out, or set start to "apply"',
    ]);
  });
});

describe("jobs", () => {
  it.each(["apply", "by-hand"] as const)("reach their connections and what is named beside them, and nothing else (%s)", (start) => {
    const connections = [{ connection: postgresConnection(aPostgres(), "writer") }];
    const listening = [{ name: "progress", peer: "namespace", ports: [9000] } as const];
    const partner = [{ name: "partner", peer: { cidr: "192.0.2.0/24" }, ports: [443] } as const];
    const sent = new Sent(aJob({ start, connections, ingress: listening, egress: partner }));
    const { egress, ingress, policyTypes } = sent.one("NetworkPolicy", "import").spec;
    const ports = (rules: Body[]) => rules.map((rule) => rule.ports.map(({ port }: Body) => port));
    expect(policyTypes).toEqual(["Ingress", "Egress"]);
    expect(ports(egress)).toEqual([[53, 53], [5432], [443]]);
    expect(ports(ingress)).toEqual([[9000]]);
  });

  it("have an end and retries that can be counted", () => {
    expect(refused(aJob({ timeout: "7h", retries: -1 }))).toEqual([
      'import.timeout: "7h" exceeds the maximum wait for a deployment; use 360m or less',
      "import.retries: -1 must be a valid number of retries; use 0 or more",
    ]);
  });

  it("can be let in by services, as every workload can", () => {
    const sent = new Sent((stack) => {
      const where = place(stack);
      const callers = [
        new Job(stack, "import", where),
        new MigrationJob(stack, "migration", where),
        new ScheduledTask(stack, "report", { ...where, schedule: "0 1 * * *" }),
        new Worker(stack, "worker", where),
        new PartitionedWorker(stack, "projections", { ...where, workers: 1, parallelism: 1 }),
        new HttpService(stack, "web", where),
      ];
      new HttpService(stack, "api", { ...where, clients: callers.map(({ peer }) => peer) });
    });
    const [{ from }] = sent.one("NetworkPolicy", "api").spec.ingress;
    expect(from.map(({ podSelector }: Body) => podSelector.matchLabels["app.kubernetes.io/name"])).toEqual([
      "import",
      "migration",
      "report",
      "worker",
      "projections",
      "web",
    ]);
  });
});
