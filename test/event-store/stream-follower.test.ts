import type { TerraformStack } from "cdktf";
import {
  KurrentDbStreamFollower,
  type KurrentDbStreamFollowerProps,
  kurrentDbEventStore,
  kurrentDbSecrets,
  streamFollowerPods,
} from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const aFollower =
  (changes: Partial<KurrentDbStreamFollowerProps> = {}) =>
  (stack: TerraformStack): void => {
    new KurrentDbStreamFollower(stack, "follower", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
      namespace: "event-store",
      eventStore: kurrentDbEventStore({ namespace: "event-store", nodes: 3 }),
      administrator: { secret: kurrentDbSecrets().users, home: "event-store", key: "admin" },
      bucket: { name: "orders-backups-copy", prefix: "event-store/event-store-backup", region: "eu-central-1" },
      every: "15m",
      ...changes,
    });
  };
const made = (changes: Partial<KurrentDbStreamFollowerProps> = {}): Body => synth(aFollower(changes));
const variables = ({ env }: Body): Body => Object.fromEntries(env.map(({ name, value, value_from }: Body) => [name, value ?? value_from]));

describe("a KurrentDB that follows a stream backup", () => {
  const json = made();
  const { metadata, spec } = one(json, "kubernetes_cron_job_v1");
  const [container] = spec.job_template.spec.template.spec.container;

  it("appends what is new at the interval of the backup, one run at a time", () => {
    expect(metadata.name).toBe("event-store-follow");
    expect(spec).toMatchObject({ schedule: "*/15 * * * *", concurrency_policy: "Forbid" });
    expect(container).toMatchObject({ command: ["bun", "--smol", "/app/stream-backup.mjs"], args: ["follow"] });
    expect(all(json, "kubernetes_job_v1")).toEqual([]);
  });

  it("reads the copy of the bucket, signs in as the administrator, and fails after an hour, two backups and a replication", () => {
    const told = variables(container);
    expect(told).toMatchObject({
      AWS_REGION: "eu-central-1",
      BUCKET: "orders-backups-copy",
      MAX_LAG: String(3600 + 2 * 900 + 900),
      PREFIX: "event-store/event-store-backup",
    });
    const secrets = container.env.flatMap(({ value_from }: Body) => (value_from?.secret_key_ref ? [value_from.secret_key_ref] : []));
    expect(secrets).toEqual([expect.objectContaining({ name: "event-store-users", key: "admin" })]);
    expect(told.EVENT_STORE_URL).toMatch(/^kurrentdb:\/\/admin:/);
  });

  it("has pods that the store can tell from others", () => {
    const labels = one(json, "kubernetes_network_policy_v1").spec.pod_selector.match_labels;
    expect(streamFollowerPods("event-store")).toEqual({ namespace: "event-store", labels });
  });

  it("follows no longer once promoted: a job completes the store, and the apply waits for it", () => {
    const promoted = made({ promoted: true });
    expect(all(promoted, "kubernetes_cron_job_v1")).toEqual([]);
    const [job, verdict] = all(promoted, "kubernetes_job_v1");
    expect(job?.metadata.name).toMatch(/^event-store-promote-[0-9a-f]+$/);
    expect(job?.spec.template.spec.container[0].args).toEqual(["promote"]);
    expect(verdict?.metadata.name).toMatch(/^event-store-promote-verdict/);
  });

  it("has only intervals that a backup can have", () => {
    expect(refusalsOf(aFollower({ every: "7m" }))[0]).toMatch(/^test\/follower\.every: "7m" must be an interval that a schedule can have/);
  });
});
