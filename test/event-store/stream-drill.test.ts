import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { TOOLS } from "../../constructs/core/versions";
import { requestsOf } from "../../constructs/domain";
import {
  kurrentDbEventStore,
  postgresEventStore,
  STREAM_DRILL_POD,
  StreamDrill,
  type StreamDrillProps,
  streamDrillPods,
} from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { aPostgres } from "../postgres/postgres";
import { type Body, one, refusalsOf, synth } from "../synth";

const aDrill =
  (changes: Partial<StreamDrillProps> = {}) =>
  (stack: TerraformStack): void => {
    new StreamDrill(stack, "drill", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders", scratchClass: "scratch" }),
      namespace: "event-store",
      eventStore: kurrentDbEventStore({ namespace: "event-store", nodes: 3 }),
      bucket: { name: "orders-backups", prefix: "event-store/event-store-backup", region: "eu-west-1" },
      results: "drills/event-store/event-store",
      schedule: "30 5 * * 0",
      rpo: 1800,
      rto: 7200,
      scratch: { storage: "500Gi" },
      ...changes,
    });
  };
const made = (changes: Partial<StreamDrillProps> = {}): Body => synth(aDrill(changes));
const cronJobOf = (json: Body): Body => kubernetesObjects(json).objects.find(({ kind }) => kind === "CronJob") as Body;
const podOf = (job: Body): Body => job.spec.jobTemplate.spec.template.spec;
const variables = ({ env }: Body): Body => Object.fromEntries(env.map(({ name, value }: Body) => [name, value]));

/** The restricted Pod Security Standard, of a container. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
};

describe("the restore drill of a stream backup", () => {
  const json = made();
  const job = cronJobOf(json);
  const pod = podOf(job);
  const [drill, server] = [pod.containers[0], pod.initContainers.at(-1)];

  it("runs on its schedule, once, for twice the RTO and half an hour at most", () => {
    expect(job).toMatchObject({ apiVersion: "batch/v1", metadata: { name: "event-store-drill", namespace: "event-store" } });
    expect(job.spec).toMatchObject({ schedule: "30 5 * * 0", timeZone: "Etc/UTC", concurrencyPolicy: "Forbid" });
    expect(job.spec.jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 16_200, ttlSecondsAfterFinished: 3600 });
    expect(job.spec.jobTemplate.spec.podFailurePolicy.rules[0].action).toBe("Ignore");
  });

  it("has an empty server beside it, which listens on the loopback interface only", () => {
    expect(server).toMatchObject({ name: "kurrentdb", restartPolicy: "Always", command: ["/opt/kurrentdb/KurrentDB"] });
    expect(variables(server)).toMatchObject({
      KURRENTDB_CLUSTER_SIZE: "1",
      KURRENTDB_INSECURE: "true",
      KURRENTDB_NODE_IP: "127.0.0.1",
      KURRENTDB_REPLICATION_IP: "127.0.0.1",
    });
    expect(variables(drill).SCRATCH_URL).toBe("kurrentdb://127.0.0.1:2113?tls=false");
    expect([server.ports, server.volumeMounts.map(({ name }: Body) => name)]).toEqual([undefined, ["data", "logs", "server-tmp"]]);
    const { startupProbe } = server;
    expect(startupProbe.exec.command.at(-1)).toBe("http://127.0.0.1:2113/health/live");
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(300);
  });

  it("has a volume as large as the store's, which is deleted with the pod", () => {
    const { volumeClaimTemplate } = pod.volumes.find(({ name }: Body) => name === "data").ephemeral;
    expect(volumeClaimTemplate.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "500Gi" } },
      storageClassName: "scratch",
    });
    const groups = podGroups(kubernetesObjects(json).objects);
    expect(groups).toEqual([
      {
        name: "event-store/event-store-drill",
        passing: true,
        pods: 1,
        request: { memoryBytes: 2.5 * 2 ** 30, millicores: 600, volumes: 1 },
      },
    ]);
    expect(requestsOf(STREAM_DRILL_POD, 1)).toEqual({ count: 1, millicores: 600, bytes: 2.5 * 2 ** 30 });
  });

  it("runs the version of the store, as its user, with the limits of its events", () => {
    expect(server.image).toBe("docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3");
    expect(pod.securityContext).toMatchObject({ fsGroup: 1001, runAsUser: 1001, runAsNonRoot: true });
    const options = { MAX_APPEND_SIZE: 2_000_000, READER_THREADS_COUNT: 8, TCP_PLUGIN__ENABLE_EXTERNAL_TCP: true };
    const old = podOf(cronJobOf(made({ scratch: { version: "24.10", storage: "20Gi", options } })));
    expect(old.securityContext.runAsUser).toBe(1000);
    const names = Object.keys(variables(old.initContainers.at(-1)));
    expect(names).toContain("EVENTSTORE_MAX_APPEND_SIZE");
    expect(names.filter((name) => /READER|TCP/.test(name))).toEqual([]);
  });

  it("passes the restricted Pod Security Standard, and keeps last output, in all containers", () => {
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container).toMatchObject({ securityContext: RESTRICTED, terminationMessagePolicy: "FallbackToLogsOnError" });
    }
    expect(pod.securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
  });

  it("reads the store and the bucket, writes results, and nobody connects to it", () => {
    expect(drill).toMatchObject({ command: ["bun", "--smol", "/app/stream-backup.mjs"], args: ["drill"] });
    expect(variables(drill)).toMatchObject({
      BUCKET: "orders-backups",
      PREFIX: "event-store/event-store-backup",
      RESULTS: "drills/event-store/event-store",
      RPO: "1800",
      RTO: "7200",
    });
    const secrets = drill.env.flatMap(({ valueFrom }: Body) => valueFrom?.secretKeyRef.name ?? []);
    expect([...new Set(secrets)]).toEqual(["event-store-subscriptions"]);
    expect(variables(server)).not.toHaveProperty("EVENT_STORE_URL");
    const { ingress = [], egress, pod_selector } = one(json, "kubernetes_network_policy_v1").spec;
    expect([ingress, egress.map(({ ports: [{ port }] }: Body) => port)]).toEqual([[], ["53", "2113", "80", "443"]]);
    expect(streamDrillPods("event-store")).toEqual({ namespace: "event-store", labels: pod_selector.match_labels });
  });

  it("restores a copy of the backups, and writes results elsewhere", () => {
    const bucket = { name: "orders-copies", prefix: "event-store/event-store-backup", region: "eu-central-1" };
    const [container] = podOf(cronJobOf(made({ bucket, resultsIn: { name: "orders-backups", region: "eu-west-1" } }))).containers;
    expect(variables(container)).toMatchObject({
      BUCKET: "orders-copies",
      AWS_REGION: "eu-central-1",
      RESULTS_BUCKET: "orders-backups",
      RESULTS_REGION: "eu-west-1",
    });
    expect(variables(drill)).not.toHaveProperty("RESULTS_BUCKET");
  });

  it("exposes its result to Prometheus", () => {
    const scraped = made({ metricsFrom: "observability" });
    const { objects } = kubernetesObjects(scraped);
    const [container] = podOf(cronJobOf(scraped)).containers;
    expect(container.ports).toEqual([{ name: "metrics", containerPort: 9400, protocol: "TCP" }]);
    expect(variables(container).METRICS_PORT).toBe("9400");
    expect(objects.find(({ kind }) => kind === "PodMonitor")).toMatchObject({
      spec: { selector: { matchLabels: { "app.kubernetes.io/name": "event-store-drill" } }, podMetricsEndpoints: [{ port: "metrics" }] },
    });
    const [{ from, ports }] = one(scraped, "kubernetes_network_policy_v1").spec.ingress;
    expect([from[0].namespace_selector.match_labels, ports[0].port]).toEqual([{ "kubernetes.io/metadata.name": "observability" }, "9400"]);
    expect(variables(drill)).not.toHaveProperty("METRICS_PORT");
  });

  it("refuses a schedule that Kubernetes doesn't have", () => {
    expect(refusalsOf(aDrill({ schedule: "weekly" }))).toEqual([
      'test/drill.schedule: "weekly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ]);
  });
});

const inPostgres = (changes: Partial<StreamDrillProps> = {}) =>
  aDrill({ eventStore: postgresEventStore(aPostgres()), scratch: { engine: "postgres", storage: "70Gi" }, ...changes });

describe("the restore drill of a stream backup of events in PostgreSQL", () => {
  const json = synth(inPostgres());
  const job = cronJobOf(json);
  const pod = podOf(job);
  const [drill, server] = [pod.containers[0], pod.initContainers.at(-1)];
  const namesOf = (mounts: Body) => mounts.map(({ mountPath }: Body) => mountPath);

  it("has another name than the drill of the server, and runs for twice the RTO and half an hour at most", () => {
    expect(job).toMatchObject({ metadata: { name: "event-store-stream-drill", namespace: "event-store" } });
    expect(job.spec.jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 16_200, ttlSecondsAfterFinished: 3600 });
    expect(pod.serviceAccountName).toBe("event-store-stream-drill");
    expect(streamDrillPods("event-store", undefined, "postgres")).toEqual({
      namespace: "event-store",
      labels: one(json, "kubernetes_network_policy_v1").spec.pod_selector.match_labels,
    });
  });

  it("has an empty server beside it, in the image of psql, which accepts clients of the pod only", () => {
    expect(server).toMatchObject({ name: "postgres", restartPolicy: "Always", command: ["sh", "/scratch/serve.sh"] });
    expect(server.image).toBe(TOOLS.psql);
    expect(server.ports).toBeUndefined();
    expect(server.startupProbe.exec.command).toEqual(["pg_isready", "--quiet", "--host", "127.0.0.1", "--username", "postgres"]);
    expect(server.startupProbe.periodSeconds * server.startupProbe.failureThreshold).toBe(300);
    expect(variables(drill).SCRATCH_URL).toBe("postgresql://postgres@127.0.0.1:5432/postgres?sslmode=disable");
    const script = readFileSync(join(__dirname, "../../constructs/event-store/scratch-postgres/serve.sh"), "utf8");
    expect(script).toContain("listen_addresses=127.0.0.1 -c unix_socket_directories= ");
    expect(script).not.toMatch(/archive|fsync/);
  });

  it("creates the tables with the SQL of the event store, which only the server reads", () => {
    const sql = ["0001-events.sql", "0002-bounds.sql"];
    expect(namesOf(server.volumeMounts)).toEqual(["/data", "/tmp", ...sql.map((name) => `/scratch/${name}`), "/scratch/serve.sh"]);
    expect(namesOf(drill.volumeMounts)).toContain("/app/stream-backup.mjs");
    expect(namesOf(drill.volumeMounts).join()).not.toContain("/scratch/");
    const { data } = one(json, "kubernetes_config_map_v1", "pod/files");
    for (const name of sql) {
      const text = readFileSync(join(__dirname, "../../constructs/event-store/sql", name), "utf8");
      expect(data[`scratch_${name}`].replaceAll("$${", "${")).toBe(text);
    }
  });

  it("has a volume of its own, which is deleted with the pod", () => {
    const { volumeClaimTemplate } = pod.volumes.find(({ name }: Body) => name === "data").ephemeral;
    expect(volumeClaimTemplate.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "70Gi" } },
      storageClassName: "scratch",
    });
    expect(podGroups(kubernetesObjects(json).objects)).toEqual([
      {
        name: "event-store/event-store-stream-drill",
        passing: true,
        pods: 1,
        request: { memoryBytes: 2.5 * 2 ** 30, millicores: 600, volumes: 1 },
      },
    ]);
  });

  it("passes the restricted Pod Security Standard as the image's user, in all containers", () => {
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container).toMatchObject({ securityContext: RESTRICTED });
    }
    expect(pod.securityContext).toMatchObject({
      runAsUser: 70,
      fsGroup: 70,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  it("reads the store as a reader, and has no other secret; its server has none", () => {
    const secrets = ({ env }: Body) => env.flatMap(({ valueFrom }: Body) => valueFrom?.secretKeyRef.name ?? []);
    expect([...new Set(secrets(drill))]).toEqual(["orders-reader"]);
    expect(secrets(server)).toEqual([]);
    expect(variables(server)).not.toHaveProperty("EVENT_STORE_URL");
    const { ingress = [], egress } = one(json, "kubernetes_network_policy_v1").spec;
    expect([ingress, egress.map(({ ports: [{ port }] }: Body) => port)]).toEqual([[], ["53", "5432", "80", "443"]]);
  });

  it("refuses a server of another engine, and a volume that is too small", () => {
    const storage = "1Gi";
    expect(refusalsOf(inPostgres({ scratch: { storage } }))).toEqual([
      'test/drill.scratch.engine: "kurrentdb" must be the engine of the event store; use a scratch server for postgres',
    ]);
    expect(refusalsOf(aDrill({ scratch: { engine: "postgres", storage: "70Gi" } }))).toEqual([
      'test/drill.scratch.engine: "postgres" must be the engine of the event store; use a scratch server for kurrentdb',
    ]);
    expect(refusalsOf(inPostgres({ scratch: { engine: "postgres", storage: "much" as "1Gi" } }))).toEqual([
      'test/drill.scratch.storage: "much" is not a size; write a number and a unit, like "16Gi"',
    ]);
    expect(refusalsOf(inPostgres({ scratch: { engine: "postgres", storage } }))).toEqual([
      'test/drill.scratch.storage: "1Gi" is too small for a PostgreSQL server with its write-ahead log; use 2Gi or more',
    ]);
  });
});
