import type { TerraformStack } from "cdktf";
import {
  kurrentDbEventStore,
  postgresEventStore,
  StreamBackup,
  type StreamBackupProps,
  streamBackupPods,
  streamBackupSchedule,
} from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { aPostgres } from "../postgres/postgres";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const bucket = { name: "orders-backups", prefix: "event-store/event-store-backup", region: "eu-west-1" };

const aBackup =
  (changes: Partial<StreamBackupProps> = {}) =>
  (stack: TerraformStack): void => {
    new StreamBackup(stack, "backup", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
      namespace: "event-store",
      eventStore: kurrentDbEventStore({ namespace: "event-store", nodes: 3 }),
      bucket,
      every: "15m",
      fullEvery: "7d",
      ...changes,
    });
  };
const made = (changes: Partial<StreamBackupProps> = {}): Body => synth(aBackup(changes));

const jobs = (json: Body): Readonly<Record<string, Body>> =>
  Object.fromEntries(all(json, "kubernetes_cron_job_v1").map((job) => [job.metadata.name, job.spec]));
const container = (job: Body | undefined): Body => job?.job_template.spec.template.spec.container[0];
const variables = (job: Body | undefined): Body => Object.fromEntries(container(job).env.map(({ name, value }: Body) => [name, value]));

describe("the stream backup of a KurrentDB", () => {
  const json = made();
  const { "event-store-backup": backup, "event-store-verify": verify } = jobs(json);

  it("runs one at a time, and all objects are checked every week", () => {
    expect(backup).toMatchObject({ schedule: "*/15 * * * *", concurrency_policy: "Forbid", timezone: "Etc/UTC" });
    expect(backup?.job_template.spec).toMatchObject({ backoff_limit: 0, active_deadline_seconds: 86_400 });
    expect(verify).toMatchObject({ schedule: "40 4 * * 0", concurrency_policy: "Forbid" });
    const command = ["bun", "--smol", "/app/stream-backup.mjs"];
    expect(container(backup)).toMatchObject({ command, args: ["backup"] });
    expect(container(verify)).toMatchObject({ command, args: ["verify"] });
  });

  it("runs the program of a ConfigMap, in an image by digest, and can write nothing but its directory for temporary files", () => {
    const { data } = one(json, "kubernetes_config_map_v1", "backup/pod/files");
    const [[key, source]] = Object.entries(data) as [[string, string]];
    expect(source).toContain("verify [--generation NAME]");
    expect(source.length).toBeLessThan(300_000);
    expect(container(backup).image).toMatch(/^docker\.io\/oven\/bun:[\d.]+-slim@sha256:[0-9a-f]{64}$/);
    expect(container(backup).volume_mount).toContainEqual({
      mount_path: "/app/stream-backup.mjs",
      name: "files",
      read_only: true,
      sub_path: key,
    });
    expect(container(backup).security_context).toMatchObject({ read_only_root_filesystem: true, run_as_non_root: true });
  });

  it("signs in as a reader, finds its bucket, and leaves half of its time to full backups", () => {
    expect(variables(backup)).toMatchObject({
      AWS_REGION: "eu-west-1",
      BUCKET: "orders-backups",
      FULL_BUDGET: "450",
      FULL_EVERY: "604800",
      PREFIX: "event-store/event-store-backup",
    });
    const secrets = container(backup).env.flatMap(({ value_from }: Body) => value_from?.secret_key_ref.name ?? []);
    expect([...new Set(secrets)]).toEqual(["event-store-subscriptions"]);
  });

  it("reads events in PostgreSQL as the reader of the writer's host, over TLS", () => {
    const json = made({ namespace: "data", eventStore: postgresEventStore(aPostgres()) });
    const { "event-store-backup": backup } = jobs(json);
    const { EVENT_STORE_URL } = variables(backup);
    expect(EVENT_STORE_URL).toMatch(/^postgresql:\/\/.+@writer\.example\.com:5432\/orders\?sslmode=verify-full&sslrootcert=/);
    const secrets = container(backup).env.flatMap(({ value_from }: Body) => value_from?.secret_key_ref.name ?? []);
    expect([...new Set(secrets)]).toEqual(["orders-reader"]);
    const ports = one(json, "kubernetes_network_policy_v1").spec.egress.map(({ ports: [{ port }] }: Body) => port);
    expect(ports).toEqual(["53", "5432", "80", "443"]);
  });

  it("connects to the store, to AWS and to the agent of roles, and nobody connects to it", () => {
    const { ingress = [], egress } = one(json, "kubernetes_network_policy_v1").spec;
    expect(ingress).toEqual([]);
    const ports = egress.map(({ ports: [{ port }] }: Body) => port);
    expect(ports).toEqual(["53", "2113", "80", "443"]);
    const labels = one(json, "kubernetes_network_policy_v1").spec.pod_selector.match_labels;
    expect(streamBackupPods("event-store")).toEqual({ namespace: "event-store", labels });
  });

  it("can use a service with the API of S3, with keys from a Secret and a CA of its own", () => {
    const secret = {
      name: "s3",
      purpose: "keys of the S3 service",
      keys: {},
      rotation: { method: "provider", clients: "restart", engine: "-" },
    } as never;
    const keyOf = (key: string) => ({ secret, home: "event-store", key });
    const found = made({
      bucket: {
        ...bucket,
        service: {
          url: "https://s3.example.internal",
          egress: { name: "s3", peer: { cidr: "10.0.0.9/32" }, ports: [443] },
          accessKeyId: keyOf("id"),
          secretAccessKey: keyOf("key"),
          authority: keyOf("ca.crt"),
        },
      },
    });
    expect(variables(jobs(found)["event-store-backup"])).toMatchObject({
      AWS_CA_BUNDLE: "/run/secrets/s3/ca.crt",
      AWS_ENDPOINT_URL_S3: "https://s3.example.internal",
    });
    const { egress } = one(found, "kubernetes_network_policy_v1").spec;
    expect(egress.at(-1)).toEqual({ to: [{ ip_block: { cidr: "10.0.0.9/32" } }], ports: [{ port: "443", protocol: "TCP" }] });
  });

  it("has only intervals that divide an hour or a day", () => {
    expect(["5m", "60m", "24h", "1d", "7m", "2d"].map((every) => streamBackupSchedule(every as "5m"))).toEqual([
      "*/5 * * * *",
      "0 * * * *",
      "0 2 * * *",
      "0 2 * * *",
      undefined,
      undefined,
    ]);
    expect(refusalsOf(aBackup({ every: "7m" }))).toEqual([
      'test/backup.every: "7m" must be an interval that a schedule can have; use one of 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d',
    ]);
  });
});
