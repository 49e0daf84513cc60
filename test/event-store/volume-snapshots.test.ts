import { parse } from "yaml";
import {
  KurrentDbVolumeSnapshots,
  type KurrentDbVolumeSnapshotsProps,
  kurrentDbEventStore,
  VOLUME_SNAPSHOT_INTERVALS,
  volumeSnapshotPods,
  volumeSnapshotSchedule,
} from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const snapshotsOf =
  (changes: Partial<KurrentDbVolumeSnapshotsProps> = {}) =>
  (stack: Parameters<Parameters<typeof synth>[0]>[0]): void => {
    new KurrentDbVolumeSnapshots(stack, "snapshots", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
      namespace: "event-store",
      eventStore: kurrentDbEventStore({ namespace: "event-store", nodes: 3 }),
      every: "6h",
      keep: "7d",
      snapshots: { ebs: { lock: "governance" } },
      ...changes,
    });
  };
const made = (changes: Partial<KurrentDbVolumeSnapshotsProps> = {}): Body => synth(snapshotsOf(changes));
const container = (json: Body): Body => one(json, "kubernetes_cron_job_v1").spec.job_template.spec.template.spec.container[0];
const variables = (json: Body): Body => Object.fromEntries(container(json).env.map(({ name, value }: Body) => [name, value]));
const classOf = (json: Body): Body => {
  const releases = all(json, "helm_release").flatMap(({ values: [values] }) => parse(values).objects ?? []);
  return releases.find(({ kind }: Body) => kind === "VolumeSnapshotClass");
};

describe("volume snapshots of a KurrentDB", () => {
  const json = made();

  it("are made one at a time, with a token for snapshots of the namespace only", () => {
    const { spec } = one(json, "kubernetes_cron_job_v1");
    expect(spec).toMatchObject({ schedule: "0 */6 * * *", concurrency_policy: "Forbid", timezone: "Etc/UTC" });
    expect(spec.job_template.spec).toMatchObject({ backoff_limit: 0, active_deadline_seconds: 82_800 });
    expect(spec.job_template.spec.template.spec.automount_service_account_token).toBe(true);
    expect(one(json, "kubernetes_role_v1").rule).toEqual([
      { api_groups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshots"], verbs: ["create", "delete", "get", "list"] },
    ]);
    expect(all(json, "kubernetes_cluster_role_v1")).toEqual([]);
  });

  it("run the program with the nodes and their CA, and with no user", () => {
    expect(container(json).command).toEqual(["bun", "--smol", "/app/volume-snapshots.mjs"]);
    const [nodes] = variables(json).NODES.split(",");
    expect(nodes).toBe("event-store-0.event-store-nodes.event-store.svc.cluster.local:2113");
    expect(variables(json)).toMatchObject({ CA: expect.stringMatching(/\.crt$/), KEEP: "604800", STORE: "event-store", TIMEOUT: "82200" });
    expect(container(json).env.filter(({ value_from }: Body) => value_from?.secret_key_ref)).toEqual([]);
  });

  it("reach the nodes and the API, and nobody reaches them", () => {
    const { ingress = [], egress, pod_selector } = one(json, "kubernetes_network_policy_v1").spec;
    expect(ingress).toEqual([]);
    expect(egress.flatMap(({ ports }: Body) => ports.map(({ port }: Body) => port))).toEqual(["53", "53", "2113", "443", "6443"]);
    expect(volumeSnapshotPods("event-store")).toEqual({ namespace: "event-store", labels: pod_selector.match_labels });
  });

  it("are locked by EBS until their retention ends, in a class of that retention", () => {
    expect(classOf(json)).toEqual({
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshotClass",
      metadata: { name: "event-store-event-store-governance-7d" },
      driver: "ebs.csi.aws.com",
      deletionPolicy: "Delete",
      parameters: { lockMode: "governance", lockDuration: "7", tagSpecification_1: "event-store=event-store/event-store" },
    });
    expect(variables(json).CLASS).toBe("event-store-event-store-governance-7d");
    const unlocked = made({ snapshots: { ebs: {} } });
    expect(classOf(unlocked)).toMatchObject({
      metadata: { name: "event-store-event-store-unlocked" },
      parameters: { tagSpecification_1: "event-store=event-store/event-store" },
    });
  });

  it("use a class that exists, elsewhere", () => {
    const elsewhere = made({ snapshots: { className: "ceph" }, keep: "36h" });
    expect(classOf(elsewhere)).toBeUndefined();
    expect(variables(elsewhere)).toMatchObject({ CLASS: "ceph", KEEP: "129600" });
  });

  it("have an interval and, with a lock, whole days", () => {
    expect(VOLUME_SNAPSHOT_INTERVALS.map(volumeSnapshotSchedule)).not.toContain(undefined);
    expect(refusalsOf(snapshotsOf({ every: "15m" }))).toEqual([
      'test/snapshots.every: "15m" must be an interval that a schedule of volume snapshots can have; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d',
    ]);
    expect(refusalsOf(snapshotsOf({ keep: "36h" }))).toEqual([
      'test/snapshots.keep: "36h" must be a whole number of days, the unit of locks on EBS snapshots; use days',
    ]);
  });
});
