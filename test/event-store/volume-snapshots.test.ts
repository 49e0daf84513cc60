import { parse } from "yaml";
import {
  KurrentDbVolumeSnapshots,
  type KurrentDbVolumeSnapshotsProps,
  kurrentDbEventStore,
  VOLUME_SNAPSHOT_INTERVALS,
  volumeSnapshotCopyStatements,
  volumeSnapshotPods,
  volumeSnapshotSchedule,
} from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { allows, type Statement } from "../bootstrap/evaluator";
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

  it("are copied to another region with a role, by their tags", () => {
    const tags = { system: "orders", environment: "production" };
    const copies = { from: "eu-west-1", to: "eu-central-1", keyArn: "arn:key", tags };
    const copied = made({ snapshots: { ebs: { lock: "governance", copies } } });
    expect(variables(copied)).toMatchObject({
      AWS_REGION: "eu-west-1",
      COPY_REGION: "eu-central-1",
      COPY_KEY: "arn:key",
      COPY_LOCK: "governance",
      COPY_TAGS: '{"system":"orders","environment":"production","event-store":"event-store/event-store"}',
    });
    const { egress } = one(copied, "kubernetes_network_policy_v1").spec;
    expect(egress).toContainEqual({ to: [{ ip_block: { cidr: "169.254.170.23/32" } }], ports: [{ port: "80", protocol: "TCP" }] });
    expect(egress).toContainEqual({ ports: [{ port: "443", protocol: "TCP" }] });
    expect(variables(made({ snapshots: { ebs: { copies } } })).COPY_LOCK).toBeUndefined();
    expect(Object.keys(variables(json)).filter((name) => /^COPY_|^AWS_REGION/.test(name))).toEqual([]);
  });

  it("are offered to drills, with a claim of the size of a node's volume", () => {
    const drilled = made({ drill: { storage: "100Gi" } });
    const scratch = { DRILL: "event-store-volume-drill", DRILL_CLASS: expect.any(String), DRILL_STORAGE: "100Gi" };
    expect(variables(drilled)).toMatchObject(scratch);
    const claims = { api_groups: [""], resources: ["persistentvolumeclaims"] };
    expect(one(drilled, "kubernetes_role_v1").rule.slice(1)).toEqual([
      { ...claims, verbs: ["create"] },
      { ...claims, resource_names: ["event-store-volume-drill"], verbs: ["get", "delete"] },
      { api_groups: [""], resources: ["pods"], verbs: ["list"] },
    ]);
    expect(Object.keys(variables(json)).filter((name) => name.startsWith("DRILL"))).toEqual([]);
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

describe("the rights to copy volume snapshots", () => {
  const ACCOUNT = "111122223333";
  const [volumes, copies] = ["eu-west-1", "eu-central-1"].map((region) => `arn:aws:kms:${region}:${ACCOUNT}:key/1`) as [string, string];
  const identity = volumeSnapshotCopyStatements({
    from: "eu-west-1",
    to: "eu-central-1",
    keyArn: copies,
    sourceKeyArn: volumes,
    tags: { system: "orders", environment: "production" },
    namespace: "event-store",
    store: "events",
    lockedDays: 7,
  }) as readonly Statement[];
  const may = (action: string, resource: string, context: Readonly<Record<string, string>> = {}) =>
    allows({ arn: `arn:aws:iam::${ACCOUNT}:role/r`, identity }, { action, resource, context });
  const own = { system: "orders", environment: "production", "event-store": "event-store/events" };
  const tagged = (kind: "Request" | "Resource", tags: object) =>
    Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:${kind}Tag/${name}`, String(value)]));
  const [here, there] = ["eu-west-1", "eu-central-1"].map((region) => `arn:aws:ec2:${region}::snapshot/snap-1`) as [string, string];

  it("are of snapshots of the store", () => {
    for (const region of ["eu-west-1", "eu-central-1"])
      expect(may("ec2:DescribeSnapshots", "*", { "aws:RequestedRegion": region })).toBe(true);
    expect(may("ec2:DescribeSnapshots", "*", { "aws:RequestedRegion": "us-east-1" })).toBe(false);
    expect(may("ec2:CopySnapshot", here, tagged("Resource", own))).toBe(true);
    expect(may("ec2:CopySnapshot", here)).toBe(true);
    expect(may("ec2:CopySnapshot", there, tagged("Request", own))).toBe(true);
    expect(may("ec2:CreateTags", there, { ...tagged("Request", own), "ec2:CreateAction": "CopySnapshot" })).toBe(true);
    expect(may("ec2:DeleteSnapshot", there, tagged("Resource", own))).toBe(true);
    expect(may("ec2:LockSnapshot", there, { ...tagged("Resource", own), "ec2:SnapshotLockDuration": "7" })).toBe(true);
  });

  it.each<[string, object]>([
    ["another store", { ...own, "event-store": "event-store/others" }],
    ["another environment", { ...own, environment: "staging" }],
    ["another system", { ...own, system: "sales" }],
  ])("are not of those of %s", (_, tags) => {
    expect(may("ec2:CopySnapshot", here, tagged("Resource", tags))).toBe(false);
    expect(may("ec2:CopySnapshot", there, tagged("Request", tags))).toBe(false);
    expect(may("ec2:CreateTags", there, { ...tagged("Request", tags), "ec2:CreateAction": "CopySnapshot" })).toBe(false);
    expect(may("ec2:DeleteSnapshot", there, tagged("Resource", tags))).toBe(false);
    expect(may("ec2:LockSnapshot", there, { ...tagged("Resource", tags), "ec2:SnapshotLockDuration": "7" })).toBe(false);
  });

  it("change no snapshot in the region of the volumes, no tag later, no lock, and read no data", () => {
    const context = { ...tagged("Resource", own), ...tagged("Request", own) };
    for (const action of ["DeleteSnapshot", "LockSnapshot", "CreateTags"]) {
      expect(may(`ec2:${action}`, here, { ...context, "ec2:SnapshotLockDuration": "7", "ec2:CreateAction": "CopySnapshot" })).toBe(false);
    }
    expect(may("ec2:CreateTags", there, context)).toBe(false);
    expect(may("ec2:CopySnapshot", there)).toBe(false);
    expect(may("ec2:LockSnapshot", there, { ...context, "ec2:SnapshotLockDuration": "1" })).toBe(false);
    for (const action of ["ec2:UnlockSnapshot", "ec2:ModifySnapshotAttribute", "ec2:CreateVolume", "ebs:GetSnapshotBlock"]) {
      expect(may(action, there, context)).toBe(false);
    }
  });

  it("are of both keys, by EBS only", () => {
    const by = (region: string) => ({ "kms:ViaService": `ec2.${region}.amazonaws.com` });
    for (const [key, region] of [
      [volumes, "eu-west-1"],
      [copies, "eu-central-1"],
    ] as const) {
      expect(may("kms:Decrypt", key, by(region))).toBe(true);
      expect(may("kms:GenerateDataKeyWithoutPlaintext", key, by(region))).toBe(true);
      expect(may("kms:CreateGrant", key, { ...by(region), "kms:GrantIsForAWSResource": "true" })).toBe(true);
      expect(may("kms:CreateGrant", key, by(region))).toBe(false);
      expect(may("kms:Decrypt", key)).toBe(false);
      expect(may("kms:Decrypt", `${key}2`, by(region))).toBe(false);
    }
  });
});
