import { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import {
  asDomains,
  type BackupRow,
  backupTable,
  type Environment,
  otherState,
  type Program,
  type Synthesis,
  statefulResources,
} from "../../stacks";
import { step } from "../../stacks/model/check/paths";
import { deployedParts } from "../../stacks/model/derive/standby";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { EXAMPLES } from "../examples/programs";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";
import { fewOf } from "../thorough";
import { claimsOf, type Evidence, evidenceOf, Resources } from "./backup-evidence";

const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const image = "registry.example.com/orders/app:1.0.0";
const licence = { secret: "licence", flag: "license" };
const usersOf = (stores: object) => ({
  workers: Object.fromEntries(Object.keys(stores).map((store) => [`of-${store}`, { image, replicas: 1, uses: [store] }])),
});

const ON_CLUSTERS = {
  postgres: { engine: "cloudnative-pg" },
  orders: { engine: "postgres", server: { engine: "cloudnative-pg" } },
  events: { engine: "kurrentdb", nodes: 3 },
  others: { engine: "eventsourcingdb", licence },
  redis: { engine: "valkey", purpose: "store" },
  cache: { engine: "valkey" },
  messages: { engine: "nats" },
  streams: { engine: "nats", purpose: "events" },
};

const AT_AWS = {
  aurora: { engine: "aurora", replicas: 0, backup: { keep: "40d" } },
  rds: { engine: "rds", replicas: 1, backup: { every: "6h" } },
  orders: { engine: "postgres", server: { engine: "rds", replicas: 0 }, streamBackup: { every: "6h", keep: "14d", drill: "0 4 1 * *" } },
  cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
  events: { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } },
};

const volumes = { "/data": { size: "1Gi" } };
const OBSERVED = { prometheus: true, grafana: true, tracing: true };
const LOGGED = { ...OBSERVED, elasticStack: true };
const noBackup = "filled again by a test";
const roomy = { insufficientCapacity: "nothing runs in a test" };

/** Environments that have every engine, and everything else that keeps anything. */
const VARIETY: readonly Environment[] = [
  anEnvironment({
    name: "kind",
    aws: undefined,
    cluster: { context: "kind" },
    stores: ON_CLUSTERS,
    domains: { all: { ...usersOf(ON_CLUSTERS), services: { reports: { image, replicas: 1, volumes } } } },
    monitoring: OBSERVED,
    exceptions: { noBackup },
  }),
  anEnvironment({
    name: "eks",
    cluster,
    stores: {
      ...ON_CLUSTERS,
      postgres: { engine: "cloudnative-pg", backup: { rto: "4h" } },
      orders: { ...ON_CLUSTERS.orders, streamBackup: { every: "30m", keep: "7d" } },
      events: {
        engine: "kurrentdb",
        nodes: 3,
        backup: { every: "15m", keep: "28d", rto: "4h" },
        volumeSnapshots: { every: "6h", keep: "7d" },
      },
    },
    domains: { all: usersOf(ON_CLUSTERS) },
    monitoring: LOGGED,
    exceptions: { noBackup, ...roomy },
  }),
  anEnvironment({
    name: "managed",
    aws: { ...anEnvironment().aws, network: { cidr: "10.8.0.0/16" }, domain: "managed.example.com" },
    cluster,
    stores: AT_AWS,
    domains: { all: usersOf(AT_AWS) },
    audit: { access: "365d", lock: "governance", writers: {}, subjectKeys: { recovery: "14d", users: ["of-aurora"] } },
    backup: { lock: "compliance" },
    exceptions: roomy,
  }),
  anEnvironment({
    name: "premises",
    aws: undefined,
    cluster: { context: "another" },
    eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", drill: "0 4 1 * *" } },
    readDatabase: { engine: "cloudnative-pg", backup: { drill: "0 4 1 * *" } },
    backup: {
      bucket: {
        endpoint: "https://s3.example.com:9000",
        bucket: "backups",
        credentials: { secret: "bucket" },
        authority: { secret: "authority" },
      },
    },
    monitoring: { prometheus: true },
  }),
];

const varied = aProgram(...VARIETY);

const stacksOf = (name: string, { compositions, stacks }: Synthesis) =>
  (compositions.find((one) => one.name === name)?.stacks ?? []).flatMap((stack) => stacks.get(stack.node.id) ?? []);

const IN_BUCKET = {
  AWS_ENDPOINT_URL_S3: "https://s3.example.com:9000",
  AWS_ACCESS_KEY_ID: { name: "bucket", key: "access-key-id" },
  AWS_SECRET_ACCESS_KEY: { name: "bucket", key: "secret-access-key" },
  AWS_REGION: "us-east-1",
  BUCKET: "backups",
};

function variablesOf(json: Body, job: string): Body {
  const { env } = one(json, "kubernetes_cron_job_v1", job).spec.job_template.spec.template.spec.container[0];
  return Object.fromEntries(env.map(({ name, value, value_from }: Body) => [name, value ?? value_from?.secret_key_ref]));
}

function portsOf(json: Body, policy: string): string[] {
  const { egress } = one(json, "kubernetes_network_policy_v1", policy).spec;
  return egress.flatMap(({ ports }: Body) => ports.map(({ port }: Body) => port));
}

/** What each stateful resource of an environment has: rows of its table, or an entry of other state. */
function joined(whole: Program, name: string) {
  const made = stacksOf(name, synthesisOf(whole));
  const environment = whole.environments.find((one) => one.name === name);
  const rows = (environment ? backupTable(deployedParts(asDomains(environment))) : []).map(({ keys }) => [name, ...keys].reduce(step));
  const kept = otherState(made);
  const resources = made.flatMap(statefulResources);
  return {
    lost: resources.filter(
      ({ stack, type, id, path }) =>
        !kept.some(({ kept: how, resources: of }) => of.includes(`${stack}/${type}.${id}`) && !how.startsWith("not known")) &&
        !rows.some((row) => path !== undefined && (row === path || row.startsWith(`${path}.`) || row.startsWith(`${path}[`))),
    ),
    without: rows.filter((row) => !resources.some(({ path }) => path !== undefined && row.startsWith(path))),
    count: resources.length,
  };
}

const environmentsOf = (whole: Program) => whole.environments.map(({ name }) => [name, whole] as const);

const EVERYWHERE = [
  ...environmentsOf(program),
  ...environmentsOf(varied),
  ...fewOf(Object.values(EXAMPLES).flatMap(environmentsOf), []),
] as const;

interface Removed {
  readonly in: string;
  readonly of: string;
  readonly how: string;
  readonly what: keyof Evidence;
  readonly type: string;
  readonly holds?: (body: Body) => boolean;
}

const named = (name: string) => (body: Body) => (body.metadata?.name ?? body.name) === name;
const telling =
  (alert: string) =>
  ({ values = [] }: Body) =>
    values.join().includes(alert);
const ofCopies = ({ provider }: Body) => provider !== undefined;
const streamed = { in: "eks", of: "events", how: "stream backup" } as const;
const outside = { in: "premises", of: "event-store", how: "stream backup" } as const;
const snapshot = { in: "eks", of: "events", how: "snapshots of a volume" } as const;
const archived = { in: "eks", of: "postgres", how: "CloudNativePG" } as const;
const inVault = { in: "managed", of: "aurora", how: "snapshots of Aurora by AWS Backup" } as const;

/** Resources without which the table would claim too much. */
const REMOVED: readonly Removed[] = [
  { ...streamed, what: "backup", type: "kubernetes_cron_job_v1", holds: named("events-backup") },
  { ...streamed, what: "drill", type: "helm_release", holds: named("events-drill") },
  { ...streamed, what: "lock", type: "aws_s3_bucket_object_lock_configuration" },
  { ...streamed, what: "copy", type: "aws_s3_bucket_replication_configuration" },
  { ...streamed, what: "alert", type: "helm_release", holds: telling("StreamBackupLate") },
  { ...streamed, of: "orders", what: "backup", type: "kubernetes_cron_job_v1", holds: named("orders-backup") },
  { in: "managed", of: "orders", how: "stream backup", what: "drill", type: "helm_release", holds: named("orders-stream-drill") },
  { ...streamed, of: "orders", what: "lock", type: "aws_s3_bucket_object_lock_configuration" },
  { ...streamed, of: "orders", what: "alert", type: "helm_release", holds: telling("StreamBackupLate") },
  { ...outside, what: "backup", type: "kubernetes_cron_job_v1", holds: named("event-store-backup") },
  { ...outside, what: "drill", type: "helm_release", holds: named("event-store-drill") },
  { ...outside, what: "alert", type: "helm_release", holds: telling("StreamBackupLate") },
  { ...snapshot, what: "backup", type: "kubernetes_cron_job_v1", holds: named("events-snapshots") },
  { ...snapshot, what: "drill", type: "helm_release", holds: named("events-volume-drill") },
  { ...snapshot, what: "lock", type: "helm_release", holds: named("events-snapshot-class") },
  { ...snapshot, what: "copy", type: "aws_iam_role_policy", holds: ({ policy }: Body) => policy.includes("ec2:CopySnapshot") },
  { ...snapshot, what: "copy", type: "kubernetes_cron_job_v1", holds: named("events-snapshots") },
  { ...snapshot, what: "alert", type: "helm_release", holds: telling("VolumeSnapshotLate") },
  { ...archived, what: "backup", type: "helm_release", holds: telling("ScheduledBackup") },
  { ...archived, what: "alert", type: "helm_release", holds: telling("PostgresBackupLate") },
  { ...archived, what: "drill", type: "kubernetes_cron_job_v1", holds: named("postgres-drill") },
  { ...inVault, what: "backup", type: "aws_backup_selection" },
  { ...inVault, what: "backup", type: "aws_backup_plan" },
  { ...inVault, what: "lock", type: "aws_backup_vault_lock_configuration", holds: ofCopies },
  { ...inVault, what: "copy", type: "aws_backup_vault", holds: ofCopies },
  { ...inVault, what: "alert", type: "aws_cloudwatch_metric_alarm" },
  { ...inVault, what: "drill", type: "aws_backup_restore_testing_selection" },
  { in: "managed", of: "aurora", how: "automated backups", what: "backup", type: "aws_rds_cluster" },
  { in: "managed", of: "cache", how: "snapshots", what: "backup", type: "aws_elasticache_replication_group" },
  { in: "managed", of: "audit.subjectKeys", how: "point-in-time recovery", what: "backup", type: "aws_dynamodb_table" },
  { in: "managed", of: "audit.subjectKeys", how: "point-in-time recovery", what: "copy", type: "aws_kms_replica_key" },
  { in: "managed", of: "events", how: "backups of Kurrent Cloud", what: "backup", type: "kurrentcloud_scheduled_backup" },
];

describe("the table of backups", () => {
  it.each([["bootstrap-111122223333", program] as const, ...EVERYWHERE])(
    "has every stateful resource of %s, and nothing else",
    (name, whole) => {
      const { lost, without, count } = joined(whole, name);
      expect({ lost, without }).toEqual({ lost: [], without: [] });
      expect(count).toBeGreaterThan(1);
    },
  );

  it.each(EVERYWHERE)("claims of each backup of %s what resources make true: backup, lock, copy, alarm and drill", (name, whole) => {
    const environment = deployedParts(asDomains(whole.environments.find((one) => one.name === name) as Environment));
    const resources = Resources.in(stacksOf(name, synthesisOf(whole)));
    const rows = backupTable(environment).filter(({ how }) => !how.startsWith("none: "));
    const claimed = rows.map((row) => [row.part, row.how, claimsOf(row)]);
    const proven = rows.map((row) => [row.part, row.how, evidenceOf(resources, row, [name, ...row.keys].reduce(step))]);
    expect(proven).toEqual(claimed);
  });

  it.each(REMOVED)(
    "would be wrong of $in $of, without what makes the $what of its $how: $type",
    ({ in: name, of, what, how, type, holds }) => {
      const environment = VARIETY.find((one) => one.name === name) as Environment;
      const row = backupTable(asDomains(environment)).find((one) => one.part === of && one.how.startsWith(how)) as BackupRow;
      const resources = Resources.in(stacksOf(name, synthesisOf(varied)));
      const path = [name, ...row.keys].reduce(step);
      const [all, some] = [resources, resources.without(type, holds)].map((each) => evidenceOf(each, row, path)[what]);
      expect(all).toEqual(claimsOf(row)[what]);
      expect(some).not.toEqual(all);
    },
  );

  it("says of a resource that somebody added that nothing is known of it", () => {
    const own: Program = {
      ...aProgram(anEnvironment({ exceptions: { disposable: "ends with a test" } })),
      extend: ({ stacks }) => {
        const stack = stacks.get("test-backup");
        if (stack) new EfsFileSystem(stack, "invoices", { encrypted: true });
      },
    };
    expect(otherState(stacksOf("test", synthesisOf(own)))).toContainEqual({
      what: "test-backup/aws_efs_file_system.invoices",
      kept: "not known to the platform: you must back it up",
      resources: ["test-backup/aws_efs_file_system.invoices"],
    });
  });

  it.each([
    ...[
      "aws_cognito_user_pool",
      "aws_docdb_cluster",
      "aws_dynamodb_table",
      "aws_ebs_volume",
      "aws_efs_file_system",
      "aws_fsx_windows_file_system",
    ],
    ...["aws_instance", "aws_keyspaces_table", "aws_kinesis_stream", "aws_memorydb_cluster", "aws_mq_broker", "aws_msk_cluster"],
    ...["aws_neptune_cluster", "aws_opensearch_domain", "aws_prometheus_workspace", "aws_redshift_cluster", "aws_s3_directory_bucket"],
    ...["aws_s3tables_table", "aws_sqs_queue", "aws_ssm_parameter"],
  ])("takes a resource for one with state: %s", (type) => {
    const [one] = stacksOf("kind", synthesisOf(varied));
    if (!one) throw new Error("kind has no stack");
    expect(statefulResources({ ...one, json: { resource: { [type]: { own: {} } } } })).toMatchObject([{ type, id: "own" }]);
  });

  it("has stream backups in the locked bucket, copied with it", () => {
    const rowsOf = (eventStore: object) => {
      const rows = backupTable(asDomains(anEnvironment({ cluster, eventStore })));
      return rows.filter(({ part }) => part === "event-store").map(({ keys: _, ...row }) => Object.values(row).join("; "));
    };
    const streamed = "eu-west-1, copied to eu-central-1; locked (governance); loses up to 30m";
    expect(rowsOf({ engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", rpo: "1h", rto: "6h" } })).toEqual([
      `event-store; stream backup; every 15m; kept 28d; ${streamed} (RPO 1h); RTO 6h; no alert; drill 30 5 * * 0`,
    ]);
    const backup = { every: "6h", keep: "7d" };
    expect(rowsOf({ engine: "kurrent-cloud", size: "development", backup, streamBackup: { every: "15m", keep: "28d" } })).toEqual([
      `event-store; stream backup; every 15m; kept 28d; ${streamed}; RTO 2h; no alert; no drill`,
      "event-store; backups of Kurrent Cloud; every 6h; kept 7d; at the vendor; not locked; loses up to 6h 30m; RTO 2h; no alert; no drill",
    ]);
  });

  it("has snapshots of volumes, locked by EBS and copied, or in the storage of a cluster, which is no backup of it", () => {
    const rowsOf = (environment: Environment) => {
      const rows = backupTable(asDomains(environment)).filter(({ part }) => part === "event-store");
      return rows.map(({ keys: _, ...row }) => Object.values(row).join("; "));
    };
    const eventStore = { engine: "kurrentdb", nodes: 3, volumeSnapshots: { every: "6h", keep: "7d" } };
    const onEks = anEnvironment({ cluster, eventStore });
    expect(rowsOf(onEks)).toEqual([
      "event-store; snapshots of a volume; every 6h; kept 7d; eu-west-1, copied to eu-central-1; locked (governance); loses up to 12h; RTO 2h; no alert; no drill",
    ]);
    const uncopied = { ...anEnvironment().aws, recoveryRegion: undefined };
    expect(rowsOf(anEnvironment({ cluster, eventStore, aws: uncopied }))).toEqual([
      "event-store; snapshots of a volume; every 6h; kept 7d; eu-west-1; locked (governance); loses up to 12h; RTO 2h; no alert; no drill",
    ]);
    const unexcepted = (changes: object, place: object = { aws: uncopied }) => {
      const exceptions = { noBackup: undefined, ...("aws" in place ? { noRecoveryCopy: "a test" } : {}) };
      return errorsOf(aProgram(anEnvironment({ cluster, eventStore: { ...eventStore, ...changes }, exceptions, ...place })));
    };
    expect(unexcepted({}, {})).toEqual([]);
    expect(unexcepted({})).toEqual([
      'test.eventStore.engine: "kurrentdb" has no backups outside of its region, so its data is lost with its volumes; set backup: { every: "15m", keep: "28d" }, or say in exceptions.noBackup why that is acceptable',
    ]);
    expect(unexcepted({ backup: { every: "15m", keep: "28d" } })).toEqual([]);
    const place = { aws: undefined, cluster: { context: "kind" } };
    const elsewhere = anEnvironment({
      ...place,
      eventStore: { ...eventStore, volumeSnapshots: { ...eventStore.volumeSnapshots, class: "ceph" } },
      exceptions: { noBackup: undefined },
    });
    expect(rowsOf(elsewhere)).toEqual([
      "event-store; snapshots of a volume; every 6h; kept 7d; in the storage of its cluster; not locked; loses up to 12h; RTO 2h; no alert; no drill",
    ]);
    expect(errorsOf(aProgram(elsewhere))).toEqual([
      'test.eventStore.engine: "kurrentdb" has no backups outside of the storage of its cluster, so its data is lost with its volumes; set backup.bucket, run it on a cluster that is made on AWS, or say in exceptions.noBackup why that is acceptable',
    ]);
  });

  it("has no snapshots of volumes that no schedule, lock or class can make", () => {
    const said = (volumeSnapshots: object, place: object = { cluster }) =>
      errorsOf(aProgram(anEnvironment({ ...place, eventStore: { engine: "kurrentdb", nodes: 3, volumeSnapshots } })));
    const at = "test.eventStore.volumeSnapshots";
    expect(said({ every: "5h", keep: "36h" })).toEqual([
      `${at}.every: "5h" must be an interval that a schedule of volume snapshots can have; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d`,
      `${at}.keep: "36h" must be a whole number of days, the unit of locks on EBS snapshots; use days, like "7d"`,
    ]);
    expect(said({ every: "6h", keep: "7d", class: "ceph" })).toEqual([
      `${at}.class: "ceph" is of a cluster that exists, and the environment creates this one with a class of EBS; leave it out`,
    ]);
    expect(said({ every: "12h", keep: "1h" }, { aws: undefined, cluster: { context: "kind" } })).toEqual([
      `${at}.keep: "1h" ends before the next snapshot, 12h later; keep snapshots longer than the time between them`,
      `${at}.class: is required on an existing cluster, whose storage is not known; name a VolumeSnapshotClass`,
    ]);
  });

  it("has a drill by default if an objective is set and data is protected", () => {
    const drills = (changes: object) => backupTable(asDomains(anEnvironment({ cluster, ...changes }))).map(({ drill }) => drill);
    const events = (backup: object) => ({
      eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", ...backup } },
    });
    const disposable = { exceptions: { disposable: "ends with a test" } };
    expect(drills(events({}))).toEqual(["no drill"]);
    expect(drills(events({ rto: "4h" }))).toEqual(["drill 30 5 * * 0"]);
    expect(drills(events({ rto: "4h", drill: false }))).toEqual(["no drill"]);
    expect(drills({ ...events({ rto: "4h" }), ...disposable })).toEqual(["no drill"]);
    expect(drills({ ...events({ drill: "0 4 1 * *" }), ...disposable })).toEqual(["drill 0 4 1 * *"]);
    const volumes = (drill: object, backup: object) => ({
      eventStore: { ...events(backup).eventStore, volumeSnapshots: { every: "6h", keep: "7d", ...drill } },
    });
    expect(drills(volumes({}, {}))).toEqual(["no drill", "no drill"]);
    expect(drills(volumes({}, { rto: "4h" }))).toEqual(["drill 30 5 * * 0", "drill 30 5 * * 0"]);
    expect(drills(volumes({ drill: false }, { rto: "4h" }))).toEqual(["drill 30 5 * * 0", "no drill"]);
    expect(drills(volumes({ drill: "0 4 1 * *" }, { drill: false }))).toEqual(["no drill", "drill 0 4 1 * *"]);
    const cloud = (streamBackup: object) => ({
      eventStore: { engine: "kurrent-cloud", size: "development", backup: { every: "6h", keep: "7d", rto: "4h" }, streamBackup },
    });
    expect(drills(cloud({ every: "15m", keep: "28d" }))).toEqual(["drill 30 5 * * 0", "no drill"]);
    const postgres = (backup: object, streamBackup: object = {}) => ({
      eventStore: {
        engine: "postgres",
        server: { engine: "cloudnative-pg", backup },
        streamBackup: { every: "15m", keep: "28d", ...streamBackup },
      },
    });
    expect(drills(postgres({}))).toEqual(["no drill", "no drill"]);
    expect(drills(postgres({ rto: "4h" }))).toEqual(["drill 30 5 * * 0", "drill 30 5 * * 0"]);
    expect(drills(postgres({ rto: "4h" }, { drill: false }))).toEqual(["drill 30 5 * * 0", "no drill"]);
    expect(drills(postgres({ rto: "4h", drill: false }, { drill: "0 4 1 * *" }))).toEqual(["no drill", "drill 0 4 1 * *"]);
    expect(drills({ ...postgres({ rto: "4h" }), ...disposable })).toEqual(["no drill", "no drill"]);
    expect(drills({ readDatabase: { engine: "cloudnative-pg", backup: { rto: "4h" } } })).toEqual(["drill 30 5 * * 0"]);
    expect(drills({ readDatabase: { engine: "cloudnative-pg" } })).toEqual(["no drill"]);
    expect(drills({ readDatabase: { engine: "aurora", replicas: 0 }, ...disposable })).toEqual(["no drill", "no drill"]);
  });

  it("has drills in a bucket outside of AWS, with its keys", () => {
    const json = synthesisOf(varied).stacks.get("premises-read-store")?.json as Body;
    expect(variablesOf(json, "read-database-drill/job")).toMatchObject({
      ...IN_BUCKET,
      RESULTS: "orders-premises/drills/read-store/read-database",
      RPO: "300",
    });
    expect(portsOf(json, "read-database-drill/pod/traffic/policy")).toEqual(expect.arrayContaining(["5432", "6443", "9000"]));
  });

  it("has stream backups in a bucket outside of AWS, with its keys and its CA", () => {
    const json = synthesisOf(varied).stacks.get("premises-event-store")?.json as Body;
    const PREFIX = "orders-premises/event-store/event-store-backup";
    for (const job of ["event-store-backup/backup", "event-store-backup/verify"]) {
      expect(variablesOf(json, job)).toMatchObject({ ...IN_BUCKET, AWS_CA_BUNDLE: "/run/secrets/s3/ca.crt", PREFIX });
      const { volume } = one(json, "kubernetes_cron_job_v1", job).spec.job_template.spec.template.spec;
      expect(JSON.stringify(volume)).toMatch(/"secret_name":"authority"|"name":"authority"/);
    }
    // The API of the store, and the bucket: no agent of roles.
    expect(portsOf(json, "event-store-backup/pod/traffic/policy").sort()).toEqual(["2113", "53", "53", "9000"]);
    const drill = JSON.stringify(all(json, "helm_release")).replaceAll("\\", "");
    expect(drill).toContain(`"name":"PREFIX","value":"${PREFIX}"`);
    expect(drill).toContain('"name":"RESULTS","value":"orders-premises/drills/event-store/event-store"');
    const row = backupTable(asDomains(VARIETY[3] as Environment)).find(({ part }) => part === "event-store") as BackupRow;
    const { keys: _, ...words } = row;
    expect(Object.values(words).join("; ")).toBe(
      "event-store; stream backup; every 15m; kept 28d; backups at s3.example.com:9000; as the bucket is; loses up to 30m; RTO 2h; alert StreamBackupLate; drill 0 4 1 * *",
    );
  });

  it("tells how, how often, for how long and where", () => {
    const rows = backupTable(asDomains(VARIETY[2] as Environment)).map(({ keys: _, ...row }) => Object.values(row).join("; "));
    expect(rows).toEqual([
      "aurora; automated backups of Aurora; to any second; kept 35d; eu-west-1; not locked; loses up to 5m; RTO 2h; no alert; no drill",
      "aurora; snapshots of Aurora by AWS Backup; every 1d; kept 40d; eu-west-1, copied to eu-central-1; locked (compliance); loses up to 1d 5h; RTO 2h; alarm in CloudWatch; drill 0 6 ? * SUN",
      "rds; automated backups of RDS; to any second; kept 35d; eu-west-1; not locked; loses up to 5m; RTO 2h; no alert; no drill",
      "rds; snapshots of RDS by AWS Backup; every 6h; kept 35d; eu-west-1, copied to eu-central-1; locked (compliance); loses up to 11h; RTO 2h; alarm in CloudWatch; drill 0 6 ? * SUN",
      "orders; automated backups of RDS; to any second; kept 35d; eu-west-1; not locked; loses up to 5m; RTO 2h; no alert; no drill",
      "orders; snapshots of RDS by AWS Backup; every 1d; kept 35d; eu-west-1, copied to eu-central-1; locked (compliance); loses up to 1d 5h; RTO 2h; alarm in CloudWatch; drill 0 6 ? * SUN",
      "orders; stream backup; every 6h; kept 14d; eu-west-1, copied to eu-central-1; locked (compliance); loses up to 12h; RTO 2h; no alert; drill 0 4 1 * *",
      "cache; snapshots of ElastiCache; every 1d; kept 7d; eu-west-1; not locked; loses up to 1d 1h; ; ; ",
      "events; backups of Kurrent Cloud; every 1h; kept 30d; at the vendor; not locked; loses up to 1h 30m; RTO 2h; no alert; no drill",
      "audit.subjectKeys; point-in-time recovery of DynamoDB; to any second; kept 14d; eu-west-1, copied to eu-central-1; not locked, so that deletions become final; loses up to 5m; ; no alert; no drill",
    ]);
  });

  it("tells why there is none", () => {
    const rows = backupTable(asDomains(VARIETY[0] as Environment)).map(({ part, how }) => `${part}: ${how}`);
    expect(rows).toEqual([
      "postgres: none: exceptions.noBackup",
      "orders: none: exceptions.noBackup",
      "events: none: exceptions.noBackup",
      "others: none: exceptions.noBackup",
      "redis: none: exceptions.noBackup",
      "cache: none: a cache may forget",
      "messages: none: messages may be lost",
      "streams: none: exceptions.noBackup",
      "all / reports /data: none: exceptions.noBackup",
    ]);
  });
});

describe("databases at AWS", () => {
  const jsonOf = (part: string) => synthesisOf(varied).stacks.get(`managed-${part}`)?.json as Body;

  it("have the tags by which plans of AWS Backup select them", () => {
    const databases = [...all(jsonOf("data"), "aws_rds_cluster"), ...all(jsonOf("data"), "aws_db_instance")];
    const tags = databases.flatMap(({ tags: { "backup-plan": plan } }) => plan ?? []);
    const selected = all(jsonOf("backup"), "aws_backup_selection").flatMap(({ selection_tag }) => selection_tag);
    expect(tags).toHaveLength(3);
    expect(selected.map(({ value }) => value).sort()).toEqual(tags.sort());
  });

  it("are restored by tests into the subnets that they are in", () => {
    const groups = all(jsonOf("data"), "aws_db_subnet_group").map(({ name }) => name);
    const tested = all(jsonOf("backup"), "aws_backup_restore_testing_selection");
    expect(tested.map(({ restore_metadata_overrides: { dbSubnetGroupName } }) => dbSubnetGroupName).sort()).toEqual(groups.sort());
    for (const {
      restore_metadata_overrides: { vpcSecurityGroupIds },
    } of tested)
      expect(JSON.parse(vpcSecurityGroupIds)).toEqual([expect.stringMatching(/managed-network\.outputs\.\w+_security_group_id\}$/)]);
  });

  it("have the longest retention that each kind of backup allows", () => {
    expect(one(jsonOf("data"), "aws_rds_cluster").backup_retention_period).toBe(35);
    expect(one(jsonOf("backup"), "aws_backup_plan", "/aurora-plan").rule[0].lifecycle).toEqual({ delete_after: 40 });
  });
});

describe("objectives of backups", () => {
  const said = (changes: object) => errorsOf(aProgram(anEnvironment({ cluster, ...changes })));
  const aurora = (backup: object) => ({ readDatabase: { engine: "aurora", replicas: 0, backup } });
  const cnpg = (backup: object, more: object = {}) => ({ readDatabase: { engine: "cloudnative-pg", backup, ...more } });
  const cloud = (backup: object) => ({
    eventStore: { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d", ...backup } },
  });

  it.each<[object, readonly string[]]>([
    [aurora({ rpo: "5m", rto: "20m" }), []],
    [
      aurora({ rpo: "1m", rto: "19m" }),
      [
        'test.readDatabase.backup.rpo: "1m" can\'t be met: Aurora restores up to 5 minutes before a failure, so that up to 5m are lost; use 5m or more',
        'test.readDatabase.backup.rto: "19m" can\'t be met: AWS takes 20 minutes to make what it restores into; use "20m" or more',
      ],
    ],
    [cnpg({ rpo: "5m", rto: "14m" }, { storage: "100Gi" }), []],
    [
      cnpg({ rpo: "4m", rto: "13m" }, { storage: "100Gi" }),
      [
        'test.readDatabase.backup.rpo: "4m" can\'t be met: the log is archived every 5 minutes, so that up to 5m are lost; use 5m or more',
        'test.readDatabase.backup.rto: "13m" can\'t be met: a volume takes 125 MiB a second, and a full one has 100Gi; use "14m" or more',
      ],
    ],
    [cloud({ rpo: "90m", rto: "30m" }), []],
    [
      cloud({ rpo: "1h", rto: "29m" }),
      [
        'test.eventStore.backup.rpo: "1h" can\'t be met: a backup every 1h counts from its start, and takes up to 30 minutes, so that up to 1h 30m are lost; make backups more often, or raise it',
        'test.eventStore.backup.rto: "29m" can\'t be met: Kurrent Cloud restores into a new cluster, and takes 30 minutes; use "30m" or more',
      ],
    ],
    [
      { eventStore: { engine: "postgres", server: { engine: "rds", replicas: 0, backup: { rpo: "1m" } } } },
      [
        'test.eventStore.server.backup.rpo: "1m" can\'t be met: RDS restores up to 5 minutes before a failure, so that up to 5m are lost; use 5m or more',
      ],
    ],
  ])("are what engine and schedule can meet: %j", (changes, problems) => {
    expect(said(changes)).toEqual(problems);
  });

  it("follow from the size, and from the disk that a restore fills", () => {
    const rto = (changes: object) => backupTable(asDomains(anEnvironment({ cluster, ...changes }))).map(({ restore }) => restore);
    expect(rto({ size: "small", ...cnpg({}) })).toEqual(["RTO 1h"]);
    expect(rto({ size: "large", ...cnpg({}) })).toEqual(["RTO 4h"]);
    expect(rto(cnpg({}, { storage: "4Ti" }))).toEqual(["RTO 10h"]);
    expect(rto(cnpg({ rto: "30m" }))).toEqual(["RTO 30m"]);
  });

  it("need schedules and retentions that exist", () => {
    expect(said(cnpg({ every: "5h" }))).toEqual([
      'test.readDatabase.backup.every: "5h" is not a time between base backups that a schedule can have; use one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 7d',
    ]);
    expect(said({ ...cnpg({ every: "7d" }), backup: { keep: "13d" } })).toEqual([
      'test.readDatabase.backup.every: "7d" leaves less than 7d of the 13d of backup.keep that a restore can reach: the oldest base backup is deleted after 13d; use at most half of backup.keep, or keep backups for 14d',
    ]);
    expect(said({ ...cnpg({ every: "7d" }), backup: { keep: "14d" } })).toEqual([]);
    expect(said(aurora({ keep: "36h", every: "1h" }))).toEqual([
      'test.readDatabase.backup.every: "1h" is not a time between snapshots that a schedule can have; use one of 6h, 8h, 12h, 1d',
      'test.readDatabase.backup.keep: "36h" must be a whole number of days; use 1d to 36500d',
    ]);
    expect(said({ ...aurora({}), backup: { lock: "compliance" }, exceptions: { disposable: "ends with a test" } })).toEqual([
      `test.backup.lock: "compliance" locks backups of a disposable environment, which then couldn't be destroyed; leave it out, or remove exceptions.disposable`,
    ]);
    expect(said({ ...aurora({}), backup: { notify: ["#orders"] } })).toEqual([
      'test.backup.notify[0]: "#orders" must be a mail address; write one like oncall@example.com',
    ]);
    expect(said({ cache: { engine: "elasticache", shards: 1, replicasPerShard: 1, backup: { keep: "12h" } } })).toEqual([
      'test.cache.backup.keep: "12h" is not a retention that ElastiCache has; use 1d to 35d',
    ]);
  });
});

describe("a volume of a workload", () => {
  it("is backed up by nothing, which takes an exception", () => {
    const domains = { sales: { services: { reports: { image, replicas: 1, volumes } } } };
    const environment = anEnvironment({ cluster, domains });
    expect(errorsOf(aProgram(environment))).toEqual([
      "test.domains.sales.services.reports.volumes./data: has no backups, so its data is lost with the volume; keep the data in a store, or say in exceptions.noBackup why that is acceptable",
    ]);
    expect(errorsOf(aProgram({ ...environment, exceptions: { noBackup } }))).toEqual([]);
  });
});

describe("backups that can't leave their region", () => {
  const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
  const said = (noRecoveryCopy: unknown, changes: object = {}) =>
    errorsOf(aProgram(anEnvironment({ cluster, eventStore, ...changes, exceptions: { noRecoveryCopy } })));
  const because = "its events are made by tests";
  const refused =
    'test.eventStore.engine: "kurrent-cloud" has backups in its region only, so its data is lost with the region, and aws.recoveryRegion is eu-central-1; set streamBackup: { every: "15m", keep: "28d" }, or say in exceptions.noRecoveryCopy why that is acceptable';

  it("need a stream backup, or a reason, where a recovery region is declared and data is protected", () => {
    expect(said(undefined)).toEqual([refused]);
    expect(said(because)).toEqual([]);
    expect(said({ eventStore: because })).toEqual([]);
    expect(said(undefined, { eventStore: { ...eventStore, streamBackup: { every: "15m", keep: "28d" } } })).toEqual([]);
    expect(errorsOf(aProgram(anEnvironment({ cluster, eventStore, exceptions: { disposable: "ends with a test" } })))).toEqual([]);
    const { recoveryRegion: _, ...aws } = anEnvironment().aws as { recoveryRegion: string };
    expect(said(because, { aws })).toEqual([]);
  });

  it("are excepted by the path of a store that has them, and then of no other", () => {
    expect(said({ stores: because })).toEqual([
      refused,
      "test.exceptions.noRecoveryCopy.stores: names nothing that lacks a copy of its backups in aws.recoveryRegion; use one of eventStore",
    ]);
    const { recoveryRegion: _, ...aws } = anEnvironment().aws as { recoveryRegion: string };
    expect(said({ eventStore: because }, { aws })).toEqual([
      "test.aws.recoveryRegion: is missing, so that a lost region takes the backups along; name a region, or say in exceptions.noRecoveryCopy why none is needed",
      "test.exceptions.noRecoveryCopy.eventStore: names nothing that lacks a copy of its backups in aws.recoveryRegion; remove it",
    ]);
  });
});

describe("the exception for parts without backups", () => {
  const stores = { redis: { engine: "valkey", purpose: "store" }, other: { engine: "valkey", purpose: "store" } };
  const domains = {
    sales: { services: { reports: { image, replicas: 1, volumes } }, workers: usersOf(stores).workers },
  };
  const said = (parts: unknown) => errorsOf(aProgram(anEnvironment({ cluster, stores, domains, exceptions: { noBackup: parts } })));
  const lost = (path: string) =>
    expect.stringMatching(new RegExp(`^test\\.${path.replaceAll(".", "\\.")}.* has no backups, so its data is lost`));

  it("can be of single stores and workloads, by their paths, and then of no others", () => {
    const all = { "stores.redis": noBackup, "stores.other": noBackup, "domains.sales.services.reports": noBackup };
    expect(said(all)).toEqual([]);
    for (const part of Object.keys(all))
      expect(said(Object.fromEntries(Object.entries(all).filter(([one]) => one !== part)))).toEqual([lost(part)]);
    expect(said({ stores: noBackup, "domains.sales.services.reports.volumes./data": noBackup })).toEqual([]);
  });

  it("is refused of a part that has backups, or that nobody knows, and without a reason", () => {
    const all = { stores: noBackup, domains: noBackup };
    expect(said({ ...all, "stores.re": noBackup })).toEqual([
      "test.exceptions.noBackup.stores.re: names nothing that lacks a backup; use one of stores.redis, stores.other, domains.sales.services.reports.volumes./data",
    ]);
    expect(said({ ...all, stores: "because" })).toEqual([
      'test.exceptions.noBackup.stores: "because" is not a reason; say in a sentence why that is right here',
    ]);
  });
});
