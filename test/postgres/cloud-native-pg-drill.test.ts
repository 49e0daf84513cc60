import type { TerraformStack } from "cdktf";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { PostgresDrill, type PostgresDrillProps, postgresOfCluster, postgresUsers } from "../../constructs/postgres";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const aDrill =
  (changes: Partial<PostgresDrillProps> = {}, settings: object = {}) =>
  (stack: TerraformStack): void => {
    const server = {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders", storageClass: "data", scratchClass: "scratch" }),
      namespace: "read-store",
      name: "orders",
      size: "medium",
      users: postgresUsers("orders", "read-store"),
      backup: { destination: "s3://orders-backups/read-store/orders", keepDays: 35, schedule: "10 0 2 * * *" },
      pooler: {},
      metricsFrom: "observability",
      ...settings,
    } as const;
    new PostgresDrill(stack, "drill", {
      server,
      postgres: postgresOfCluster(server),
      results: { name: "orders-backups", region: "eu-west-1", prefix: "drills/read-store/orders" },
      schedule: "30 5 * * 0",
      rpo: 300,
      rto: 7200,
      ...changes,
    });
  };
const made = (changes: Partial<PostgresDrillProps> = {}, settings: object = {}): Body => synth(aDrill(changes, settings));
const files = (json: Body): Body => one(json, "kubernetes_config_map_v1", "drill/pod/files").data;
const podOf = (json: Body): Body => one(json, "kubernetes_cron_job_v1").spec.job_template.spec.template.spec;
const variables = (json: Body): Body => Object.fromEntries(podOf(json).container[0].env.map(({ name, value }: Body) => [name, value]));

describe("the restore drill of a server of CloudNativePG", () => {
  const json = made();
  const manifest: Body = JSON.parse(files(json)["app_cluster.json"]);
  const { objects } = kubernetesObjects(json);

  it("restores one instance like the server's from its archive, which archives nothing and is not watched", () => {
    expect(manifest).toMatchObject({
      apiVersion: "postgresql.cnpg.io/v1",
      kind: "Cluster",
      metadata: { name: "orders-scratch", namespace: "read-store" },
    });
    expect(manifest.spec).toMatchObject({
      instances: 1,
      resources: { requests: { cpu: "1", memory: "4Gi" } },
      storage: { size: "100Gi", storageClass: "scratch" },
      walStorage: { size: "20Gi", storageClass: "scratch" },
      bootstrap: { recovery: { source: "origin", database: "app" } },
      externalClusters: [{ name: "origin", plugin: { parameters: { barmanObjectName: "orders-scratch-origin", serverName: "orders" } } }],
      certificates: { serverTLSSecret: "orders-scratch-tls" },
    });
    expect([manifest.spec.plugins, manifest.spec.postgresql.synchronous]).toEqual([undefined, undefined]);
    const origin = objects.find(({ kind }) => kind === "ObjectStore") as Body;
    expect(origin.metadata.name).toBe("orders-scratch-origin");
    expect(origin.spec.configuration.destinationPath).toBe("s3://orders-backups/read-store/orders");
    // It would delete backups of the source.
    expect(origin.spec).not.toHaveProperty("retentionPolicy");
    expect(objects.map(({ kind }) => kind)).not.toEqual(expect.arrayContaining(["Pooler", "PodMonitor", "ScheduledBackup"]));
  });

  it("runs once, for as long as the objectives allow, with its name and its pod as owner", () => {
    const { schedule, job_template } = one(json, "kubernetes_cron_job_v1").spec;
    expect([schedule, job_template.spec.backoff_limit, job_template.spec.active_deadline_seconds]).toEqual([
      "30 5 * * 0",
      0,
      300 + 14_400 + 2400,
    ]);
    const { env } = podOf(json).container[0];
    const fields = env.flatMap(({ name, value_from }: Body) => (value_from?.field_ref ? [[name, value_from.field_ref.field_path]] : []));
    expect(Object.fromEntries(fields)).toEqual({ POD: "metadata.name", POD_UID: "metadata.uid" });
    expect(variables(json)).toMatchObject({ MANIFEST: "/app/cluster.json", RESULTS: "drills/read-store/orders", RPO: "300", RTO: "7200" });
  });

  it("may create clusters in its namespace, and read and delete only its own", () => {
    const { rule } = one(json, "kubernetes_role_v1");
    const clusters = { api_groups: ["postgresql.cnpg.io"], resources: ["clusters"] };
    expect(rule).toEqual([
      { ...clusters, verbs: ["create"] },
      { ...clusters, resource_names: ["orders-scratch"], verbs: ["get", "delete"] },
    ]);
    expect(podOf(json)).toMatchObject({ service_account_name: "orders-drill", automount_service_account_token: true });
    expect(one(json, "kubernetes_role_binding_v1").subject).toEqual([
      { kind: "ServiceAccount", name: "orders-drill", namespace: "read-store" },
    ]);
  });

  it("connects to both servers as the migrator, by TLS, and waits for the first one only", () => {
    const { SOURCE_URL, SCRATCH_URL } = variables(json);
    expect(SOURCE_URL).toMatch(/@orders-rw\.read-store\.svc:5432\/app\?sslmode=verify-full&sslrootcert=\S+$/);
    expect(SCRATCH_URL).toMatch(/@orders-scratch-rw\.read-store\.svc:5432\/app\?sslmode=verify-full&sslrootcert=\S+$/);
    expect(SOURCE_URL.split("sslrootcert=")[1]).not.toBe(SCRATCH_URL.split("sslrootcert=")[1]);
    const waits = podOf(json).init_container.find(({ name }: Body) => name === "wait-for-connections");
    expect(JSON.stringify(waits)).not.toContain("orders-scratch");
    const certificate = objects.find(({ kind, metadata }) => kind === "Certificate" && metadata.name === "orders-scratch") as Body;
    expect(certificate.spec.dnsNames).toContain("orders-scratch-rw.read-store.svc");
  });

  it("lets only the job and the operator into the restored server", () => {
    const policies = all(json, "kubernetes_network_policy_v1");
    const restored = policies.find(({ spec }) => spec.pod_selector.match_labels["cnpg.io/cluster"] === "orders-scratch")?.spec;
    const labels = restored.ingress.flatMap(({ from }: Body) => from.map((peer: Body) => peer.pod_selector?.match_labels));
    expect(labels).toContainEqual({ "app.kubernetes.io/name": "orders-drill" });
    expect(restored.ingress).toHaveLength(3);
  });

  it("counts the restored server in the capacity of the cluster, while it runs", () => {
    let found: readonly object[] = [];
    synth((stack) => {
      aDrill()(stack);
      found = (stack.node.findChild("kubernetes") as KubernetesTarget).ledger.groups;
    });
    const request = { millicores: 1050, memoryBytes: (4 * 1024 + 256) * 2 ** 20, volumes: 2 };
    expect(found).toEqual([{ name: "read-store/orders-scratch", pods: 1, passing: true, request }]);
  });

  it("compares events where there are some", () => {
    expect(files(json)).not.toHaveProperty(["app_digest.sql"]);
    const events = made({ digest: "select count(*) from events \\gset" });
    expect([files(events)["app_digest.sql"], variables(events).DIGEST]).toEqual(["select count(*) from events \\gset", "/app/digest.sql"]);
  });

  it("refuses a schedule that Kubernetes doesn't have", () => {
    expect(refusalsOf(aDrill({ schedule: "weekly" }))).toEqual([
      'test/drill.schedule: "weekly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ]);
  });
});
