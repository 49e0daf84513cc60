import type { TerraformStack } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { requestsOf } from "../../constructs/domain";
import {
  KurrentDbVolumeDrill,
  type KurrentDbVolumeDrillProps,
  kurrentDbEventStore,
  VOLUME_DRILL_POD,
  volumeDrillPods,
} from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { type Body, one, refusalsOf, synth } from "../synth";

const aDrill =
  (changes: Partial<KurrentDbVolumeDrillProps> = {}) =>
  (stack: TerraformStack): void => {
    new KurrentDbVolumeDrill(stack, "drill", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders", scratchClass: "scratch" }),
      namespace: "event-store",
      eventStore: kurrentDbEventStore({ namespace: "event-store", nodes: 3 }),
      results: { name: "orders-backups", prefix: "drills/event-store/event-store-volume", region: "eu-west-1" },
      schedule: "30 5 * * 0",
      rpo: 43_200,
      rto: 7200,
      scratch: { storage: "500Gi" },
      ...changes,
    });
  };
const made = (changes: Partial<KurrentDbVolumeDrillProps> = {}): Body => synth(aDrill(changes));
const cronJobOf = (json: Body): Body => kubernetesObjects(json).objects.find(({ kind }) => kind === "CronJob") as Body;
const podOf = (job: Body): Body => job.spec.jobTemplate.spec.template.spec;
const variables = ({ env }: Body): Body => Object.fromEntries(env.map(({ name, value }: Body) => [name, value]));

describe("the restore drill of a volume snapshot", () => {
  const json = made();
  const job = cronJobOf(json);
  const pod = podOf(job);
  const [drill, server] = [pod.containers[0], pod.initContainers.at(-1)];

  it("runs on its schedule, once, for twice the RTO and half an hour at most", () => {
    expect(job).toMatchObject({ apiVersion: "batch/v1", metadata: { name: "event-store-volume-drill", namespace: "event-store" } });
    expect(job.spec).toMatchObject({ schedule: "30 5 * * 0", timeZone: "Etc/UTC", concurrencyPolicy: "Forbid" });
    expect(job.spec.jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 16_200, ttlSecondsAfterFinished: 3600 });
  });

  it("has a server beside it, alone and on the loopback interface, on the claim of the newest snapshot", () => {
    expect(server).toMatchObject({ name: "kurrentdb", restartPolicy: "Always", image: "docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3" });
    expect(variables(server)).toMatchObject({
      KURRENTDB_CLUSTER_SIZE: "1",
      KURRENTDB_INSECURE: "true",
      KURRENTDB_NODE_IP: "127.0.0.1",
      KURRENTDB_REPLICATION_IP: "127.0.0.1",
    });
    expect(pod.volumes).toContainEqual({ name: "data", persistentVolumeClaim: { claimName: "event-store-volume-drill" } });
    expect([server.ports, server.volumeMounts.map(({ name }: Body) => name)]).toEqual([undefined, ["data", "logs", "server-tmp"]]);
    expect(server.env.filter(({ valueFrom }: Body) => valueFrom)).toEqual([]);
    expect(podGroups(kubernetesObjects(json).objects)).toMatchObject([
      { name: "event-store/event-store-volume-drill", passing: true, pods: 1, request: { millicores: 600, volumes: 1 } },
    ]);
    expect(requestsOf(VOLUME_DRILL_POD, 1)).toEqual({ count: 1, millicores: 600, bytes: 2.25 * 2 ** 30 });
  });

  it("discards what was not replicated before the first start of the server, and reports one that does not start", () => {
    const [shell, options, script, ...args] = server.command;
    expect([shell, options, args]).toEqual(["sh", "-ec", ["/opt/kurrentdb/KurrentDB", "/var/lib/kurrentdb"]]);
    expect(script).toMatch(
      /if \[ ! -e \/tmp\/restored \]; then cp -p "\$1\/chaser.chk" "\$1\/truncate.chk"; touch \/tmp\/restored; fi\s+exec "\$0"/,
    );
    expect(server).not.toHaveProperty("startupProbe");
  });

  it("keeps the format of the files of the store, and no option that needs a licence", () => {
    const options = { CHUNK_SIZE: 1_048_576, DB_LOG_FORMAT: "V2", READER_THREADS_COUNT: 8, TCP_PLUGIN__ENABLE_EXTERNAL_TCP: true };
    const old = podOf(cronJobOf(made({ scratch: { version: "24.10", storage: "20Gi", options } })));
    expect(old.securityContext.runAsUser).toBe(1000);
    expect(old.initContainers.at(-1).command.at(-1)).toBe("/var/lib/eventstore");
    const names = Object.keys(variables(old.initContainers.at(-1)));
    expect(names).toEqual(expect.arrayContaining(["EVENTSTORE_CHUNK_SIZE", "EVENTSTORE_DB_LOG_FORMAT"]));
    expect(names.filter((name) => /READER|TCP/.test(name))).toEqual([]);
  });

  it("passes the restricted Pod Security Standard in all containers", () => {
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
      });
    }
    expect(pod.securityContext).toMatchObject({
      fsGroup: 1001,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("reads and deletes its claim, reads pods, and can create nothing", () => {
    expect(pod.automountServiceAccountToken).toBe(true);
    expect(one(json, "kubernetes_role_v1").rule).toEqual([
      { api_groups: [""], resources: ["persistentvolumeclaims"], resource_names: ["event-store-volume-drill"], verbs: ["get", "delete"] },
      { api_groups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    expect(one(json, "kubernetes_role_binding_v1").subject).toEqual([
      { kind: "ServiceAccount", name: "event-store-volume-drill", namespace: "event-store" },
    ]);
  });

  it("reads the store, writes results, and nobody connects to it", () => {
    expect(drill.command).toEqual(["bun", "--smol", "/app/volume-drill.mjs"]);
    expect(variables(drill)).toMatchObject({
      BUCKET: "orders-backups",
      CLAIM: "event-store-volume-drill",
      RESULTS: "drills/event-store/event-store-volume",
      RPO: "43200",
      RTO: "7200",
      SCRATCH_URL: "kurrentdb://127.0.0.1:2113?tls=false",
    });
    const secrets = drill.env.flatMap(({ valueFrom }: Body) => valueFrom?.secretKeyRef?.name ?? []);
    expect([...new Set(secrets)]).toEqual(["event-store-subscriptions"]);
    const { ingress = [], egress, pod_selector } = one(json, "kubernetes_network_policy_v1").spec;
    expect(ingress).toEqual([]);
    expect(egress.map(({ ports: [{ port }] }: Body) => port).sort()).toEqual(["2113", "443", "443", "53", "80"]);
    expect(volumeDrillPods("event-store")).toEqual({ namespace: "event-store", labels: pod_selector.match_labels });
  });

  it("exposes its result to Prometheus", () => {
    const scraped = made({ metricsFrom: "observability" });
    const [container] = podOf(cronJobOf(scraped)).containers;
    expect(variables(container).METRICS_PORT).toBe("9400");
    expect(kubernetesObjects(scraped).objects.find(({ kind }) => kind === "PodMonitor")).toMatchObject({
      spec: { selector: { matchLabels: { "app.kubernetes.io/name": "event-store-volume-drill" } } },
    });
  });

  it("refuses a schedule that Kubernetes doesn't have", () => {
    expect(refusalsOf(aDrill({ schedule: "weekly" }))).toEqual([
      'test/drill.schedule: "weekly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ]);
  });
});
