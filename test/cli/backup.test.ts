import { backup } from "../../cli/backup";
import { withLastDrills } from "../../cli/backup/last-drills";
import { hashOf } from "../../cli/backup/record";
import { publish } from "../../constructs/drill/contract";
import { asDomains, backupTable } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { FakeMachine } from "./fake-machine";
import { unwrapped } from "./unwrapped";

const RECORD = {
  id: "0c6f0d3e-1111-4222-8333-444455556666",
  time: "2026-11-28T21:50:00.123456Z",
  lsn: "5/3C0000A8",
  position: 612,
  count: 600,
  hash: "ab".repeat(32),
};

/** Events of KurrentDB in streams, read models in CloudNativePG and Aurora, and a cache that nothing backs up. */
const CLOUD = anEnvironment({
  name: "production",
  cluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
  eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } },
  readDatabase: [
    { engine: "cloudnative-pg", name: "orders" },
    { engine: "aurora", name: "search", replicas: 1 },
  ],
  cache: { engine: "valkey" },
});

const BUCKET = {
  endpoint: "https://s3.example.com",
  bucket: "backups",
  credentials: { secret: "bucket" },
  authority: { secret: "authority" },
};

/** Events in PostgreSQL, on an existing cluster. */
const PREMISES = anEnvironment({
  name: "premises",
  aws: undefined,
  cluster: { context: "shop" },
  state: { backend: "kubernetes", context: "operations" },
  eventStore: { engine: "postgres", records: "0 * * * *", server: { engine: "cloudnative-pg" } },
  backup: { bucket: BUCKET },
});

const COMPLETE = { status: { conditions: [{ type: "Complete", status: "True" }] } };
const FAILED = { status: { conditions: [{ type: "Failed", status: "True", message: "Job has reached the specified backoff limit" }] } };
const STREAM = [
  { time: "t", message: "wrote", key: "20261101T000000Z/00000007-00000000000000004096.ndjson.gz" },
  {
    time: "t",
    message: "backed up",
    generation: "20261101T000000Z",
    sequence: 7,
    events: 600,
    through: "4096/4096",
    sha256: "cd".repeat(32),
  },
];
const lines = (all: readonly object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join("");

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.rules.push(
    [/get backups\.postgresql\.cnpg\.io/, { status: { phase: "completed", backupId: "20261128T214800" } }],
    ["currentPrimary", "orders-2"],
    ["pg_current_wal_insert_lsn", "0/5000060\n"],
    ["pg_create_restore_point", "0/50000C8\n"],
    ["pg_switch_wal", "000000010000000000000005\n"],
    ["pg_stat_archiver", "000000010000000000000005\n"],
    [/get job/, COMPLETE],
    [/logs -l job-name=event-store-backup/, lines(STREAM)],
    [/logs -l job-name=event-store-record/, `NOTICE\n${lines([RECORD])}`],
    ["start-backup-job", { BackupJobId: "job-1" }],
    [
      "describe-backup-job",
      { State: "COMPLETED", RecoveryPointArn: "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:job-1" },
    ],
    ["get secret bucket", { data: { "access-key-id": btoa("key"), "secret-access-key": btoa("secret") } }],
    ["get secret authority", { data: { "ca.crt": btoa("CA") } }],
  );
});
afterEach(() => jest.restoreAllMocks());

const run = async (...args: string[]) => {
  const errors: string[] = [];
  jest.spyOn(process.stderr, "write").mockImplementation((text) => errors.push(String(text)) > 0);
  const code = await backup(aProgram(CLOUD, PREMISES), args, machine);
  return { code, errors: unwrapped(errors.join("")) };
};
/** A rule before all others. */
const first = (...rule: (typeof machine.rules)[number]) => machine.rules.unshift(rule);
const recordOf = () => {
  const [[place = "", { body }] = ["", { body: Buffer.from("{}") }]] = machine.objects;
  return { place, record: JSON.parse(String(body)) };
};

describe("the last restore drills", () => {
  const result = (changes: object) => ({
    drill: "stream-backup",
    time: "2026-11-22T05:30:00.000Z",
    passed: true,
    problems: [],
    restored: {},
    restoreSeconds: 4320.4,
    lossSeconds: 0,
    rpoSeconds: 1800,
    rtoSeconds: 14_400,
    ...changes,
  });
  const drilled = { every: "15m", keep: "28d", rpo: "30m", rto: "4h" } as const;
  const volumeSnapshots = { every: "6h", keep: "7d" } as const;
  const system = asDomains({ ...CLOUD, eventStore: { engine: "kurrentdb", backup: drilled, volumeSnapshots } });
  const rows = backupTable(system);
  const last = async () =>
    (await withLastDrills(system, rows, machine)).flatMap(({ part, how, drill }) =>
      part === "event-store" && how === "stream backup" ? [part, drill] : [],
    );
  const stored = (changes: object, prefix = "drills/event-store/event-store") => {
    const one = result(changes);
    return publish(machine.bucket({ bucket: "orders-production-backups-111122223333-eu-west-1" }), prefix, one);
  };

  it("are read from the bucket of the backups, for the backups that have drills", async () => {
    expect(await last()).toEqual(["event-store", "drill 30 5 * * 0, last: none yet"]);
    await stored({});
    expect(await last()).toEqual([
      "event-store",
      "drill 30 5 * * 0, last: passed 2026-11-22, restored in 1h 12m (RTO 4h), lost 0s (RPO 30m)",
    ]);
    await stored({ time: "2026-11-29T05:30:00.000Z", passed: false, problems: ["00000003 is missing"], restoreSeconds: null });
    expect((await last())[1]).toBe("drill 30 5 * * 0, last: FAILED 2026-11-29: 00000003 is missing");
    const ofVolumes = async () => (await withLastDrills(system, rows, machine)).find(({ how }) => how === "snapshots of a volume")?.drill;
    expect(await ofVolumes()).toBe("drill 30 5 * * 0, last: none yet");
    await stored({ drill: "volume-snapshot", rpoSeconds: 43_200 }, "drills/event-store/event-store-volume");
    expect(await ofVolumes()).toBe("drill 30 5 * * 0, last: passed 2026-11-22, restored in 1h 12m (RTO 4h), lost 0s (RPO 12h)");
    expect((await last())[1]).toBe("drill 30 5 * * 0, last: FAILED 2026-11-29: 00000003 is missing");
    const others = rows.filter(({ part }) => part !== "event-store");
    expect((await withLastDrills(system, rows, machine)).filter(({ part }) => part !== "event-store")).toEqual(others);
  });

  it("are those of the stream backup of events in PostgreSQL, and of their server", async () => {
    const server = { engine: "cloudnative-pg", backup: { rto: "4h" } };
    const found = asDomains(
      anEnvironment({ ...PREMISES, eventStore: { engine: "postgres", server, streamBackup: { every: "15m", keep: "28d" } } }),
    );
    const lastOf = async () =>
      (await withLastDrills(found, backupTable(found), machine)).map(({ how, drill }) => `${how.slice(0, 6)}: ${drill}`);
    expect(await lastOf()).toEqual(["CloudN: drill 30 5 * * 0, last: none yet", "stream: drill 30 5 * * 0, last: none yet"]);
    const place = machine.bucket({ bucket: "backups" });
    await publish(place, "orders-premises/drills/event-store/event-store", result({ drill: "postgres", rpoSeconds: 300 }));
    await publish(
      place,
      "orders-premises/drills/event-store/event-store-stream",
      result({ passed: false, problems: ["00000003 is missing"] }),
    );
    expect(await lastOf()).toEqual([
      "CloudN: drill 30 5 * * 0, last: passed 2026-11-22, restored in 1h 12m (RTO 4h), lost 0s (RPO 5m)",
      "stream: drill 30 5 * * 0, last: FAILED 2026-11-22: 00000003 is missing",
    ]);
  });

  it.each<[string, object]>([
    ["an environment without AWS", {}],
    ["an environment on AWS with a cluster that exists", { aws: CLOUD.aws }],
  ])("are read from the bucket outside of AWS, with the credentials of its namespace, in %s", async (_, more) => {
    const outside = asDomains({ ...PREMISES, ...more, eventStore: { engine: "kurrentdb", backup: drilled } });
    await publish(machine.bucket({ bucket: "backups" }), "orders-premises/drills/event-store/event-store", result({}));
    const [row] = await withLastDrills(outside, backupTable(outside), machine);
    expect(row?.drill).toBe("drill 30 5 * * 0, last: passed 2026-11-22, restored in 1h 12m (RTO 4h), lost 0s (RPO 30m)");
    expect(machine.ran).toEqual(
      ["bucket", "authority"].map((secret) => `kubectl --context shop -n event-store get secret ${secret} -o json`),
    );
  });

  it("are refused if a result is damaged", async () => {
    await stored({});
    for (const object of machine.objects.values()) object.body[20] = 0;
    await expect(withLastDrills(system, rows, machine)).rejects.toThrow(/its SHA-256 is \w{64}, and \w{64} was recorded$/);
  });
});

describe("cdktf-cqrs backup", () => {
  it("backs up every store, events last, and records all of them under one id", async () => {
    expect(await run("production")).toEqual({ code: 0, errors: "" });
    const { place, record } = recordOf();
    expect(record.id).toMatch(/^20261128-214728-[0-9a-f]{6}$/);
    expect(place).toBe(`s3://orders-production-backups-111122223333-eu-west-1/backup-records/${record.id}.json`);
    expect(machine.text).toContain(
      `Recorded in ${place}\nTo restore: npm run restore -- production --backup ${record.id} --into <environment>`,
    );
    expect(record).toMatchObject({ format: 1, system: "orders", environment: "production", started: "2026-11-28T21:47:28.000Z" });
    expect(record.without).toEqual([{ store: "cache", why: "nothing backs it up: a cache may forget" }]);
    expect(record.stores).toEqual([
      {
        store: "orders",
        engine: "cloudnative-pg",
        way: "base-backup",
        place: "s3://orders-production-backups-111122223333-eu-west-1/read-store/orders/orders/base/20261128T214800",
        position: "0/5000060",
        count: null,
        hash: null,
        restore: { target: { lsn: "0/5000060" } },
      },
      {
        store: "search",
        engine: "aurora",
        way: "cluster-snapshot",
        place: "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:job-1",
        position: null,
        count: null,
        hash: null,
        restore: { target: { snapshot: "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:job-1" } },
      },
      {
        store: "event-store",
        engine: "kurrentdb",
        way: "stream",
        place: "s3://orders-production-backups-111122223333-eu-west-1/event-store/event-store-backup/20261101T000000Z/",
        position: "4096/4096",
        count: 600,
        hash: "cd".repeat(32),
        restore: { generation: "20261101T000000Z", sequence: 7 },
      },
    ]);
    const order = ["-n read-store create -f -", `create job event-store-backup-${record.id} --from=cronjob/event-store-backup`];
    const [before = -1, after = -1] = order.map((part) => machine.ran.findIndex((line) => line.includes(part)));
    expect(before).toBeGreaterThanOrEqual(0);
    expect(after).toBeGreaterThan(before);
    expect(JSON.parse(machine.inputs[0] ?? "")).toMatchObject({ kind: "Backup", spec: { cluster: { name: "orders" }, method: "plugin" } });
    expect(machine.ran).toContain("aws eks update-kubeconfig --name orders-production-shared --region eu-west-1 --alias production");
    expect(machine.ran.find((line) => line.includes("start-backup-job"))).toBe(
      `aws backup start-backup-job --region eu-west-1 --output json --backup-vault-name orders-production --resource-arn arn:aws:rds:eu-west-1:111122223333:cluster:orders-production-search --iam-role-arn arn:aws:iam::111122223333:role/orders/production/orders-production-backup --lifecycle DeleteAfterDays=35 --idempotency-token ${record.id}-search --recovery-point-tags backup-id=${record.id}`,
    );
  });

  it("names the database, the vault and the role that Terraform creates", async () => {
    await run("production", "--dry-run");
    const { stacks } = synthesisOf(aProgram(CLOUD));
    const all = (stack: string, type: string) => Object.values<any>((stacks.get(stack)?.json as any)?.resource?.[type] ?? {});
    const role = all("production-backup", "aws_iam_role").find(({ name }) => name.endsWith("-backup"));
    const vault = all("production-backup", "aws_backup_vault").find(({ name }) => !name.endsWith("-copy"));
    const [database] = all("production-data", "aws_rds_cluster");
    const command = machine.lines.find((line) => line.includes("start-backup-job"));
    for (const part of [`:role${role.path}${role.name} `, `-name ${vault.name} `, `:cluster:${database.cluster_identifier} `])
      expect(command).toContain(part);
  });

  it("records a stream backup in the bucket outside of AWS", async () => {
    const streams = anEnvironment({ ...PREMISES, eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } } });
    expect(await backup(aProgram(streams), ["premises"], machine)).toBe(0);
    const { place, record } = recordOf();
    expect(place).toBe(`s3://backups/orders-premises/backup-records/${record.id}.json`);
    expect(record.stores).toEqual([
      expect.objectContaining({
        store: "event-store",
        way: "stream",
        place: "s3://backups/orders-premises/event-store/event-store-backup/20261101T000000Z/",
        restore: { generation: "20261101T000000Z", sequence: 7 },
      }),
    ]);
    expect(machine.ran).toContain(
      `kubectl --context shop -n event-store create job event-store-backup-${record.id} --from=cronjob/event-store-backup`,
    );
  });

  it("records events after their base backup, and only once their WAL is archived", async () => {
    let archived = 0;
    first("pg_stat_archiver", () =>
      ++archived < 3 ? "000000010000000000000004\n" : "000000010000000000000005.00000028.backup".slice(0, 24),
    );
    expect(await run("premises")).toEqual({ code: 0, errors: "" });
    const { place, record } = recordOf();
    expect(place).toBe(`s3://backups/orders-premises/backup-records/${record.id}.json`);
    expect(record.stores).toEqual([
      {
        store: "event-store",
        engine: "cloudnative-pg",
        way: "base-backup",
        place: "s3://backups/orders-premises/event-store/event-store/event-store/base/20261128T214800",
        position: "612",
        count: 600,
        hash: "ab".repeat(32),
        restore: { target: { latest: true }, record: RECORD },
      },
    ]);
    expect(archived).toBe(3);
    const place_ = (part: string) => machine.ran.findIndex((line) => line.includes(part));
    const steps = ["create -f -", "create job event-store-record-", "pg_create_restore_point", "pg_switch_wal", "pg_stat_archiver"].map(
      place_,
    );
    expect(steps).toEqual([...steps].sort((one, other) => one - other));
    expect(steps[0]).toBeGreaterThan(0);
    expect(machine.ran.every((line) => line.startsWith("kubectl --context shop -n event-store "))).toBe(true);
  });

  it.each<readonly [string, string | RegExp, object, string, string]>([
    [
      "a base backup that fails",
      /get backups/,
      { status: { phase: "failed", error: "can't connect to the bucket" } },
      "orders failed: base backup orders-ID: can't connect to the bucket",
      "kubectl --context production -n read-store describe backups.postgresql.cnpg.io orders-ID",
    ],
    [
      "a snapshot that expires",
      "describe-backup-job",
      { State: "EXPIRED", StatusMessage: "no window" },
      "search failed: backup job job-1: no window",
      "aws backup describe-backup-job --region eu-west-1 --output json --backup-job-id job-1",
    ],
    [
      "a stream backup that fails",
      /get job event-store-backup/,
      FAILED,
      'event-store failed: job event-store-backup-ID failed: {"time":"t","message":"backed up"',
      "kubectl --context production -n event-store logs job/event-store-backup-ID",
    ],
    ["WAL that is not archived", "pg_stat_archiver", { fails: "no such pod" }, "orders failed: kubectl", "npm run backup -- production"],
  ])("writes no record after %s, and names the cause and the next command", async (_, part, said, cause, look) => {
    first(part, said);
    expect(await run("production")).toEqual({ code: 1, errors: "" });
    expect(machine.objects.size).toBe(0);
    const text = machine.text.replaceAll(/\d{8}-\d{6}-[0-9a-f]{6}/g, "ID");
    expect(text).toContain(cause);
    expect(text).toContain("There is no record of this backup");
    const next = look.startsWith("npm") ? `Next: ${look}` : `Next: ${look}; then npm run backup -- production`;
    expect(text.trimEnd().endsWith(next)).toBe(true);
  });

  it("gives up on WAL that is never archived", async () => {
    first("pg_stat_archiver", "");
    expect((await run("premises")).code).toBe(1);
    expect(machine.text).toContain("event-store failed: WAL file 000000010000000000000005 was not archived within 10 min");
    expect(machine.objects.size).toBe(0);
  });

  it("repeats a stream backup that a scheduled one overtook", async () => {
    let looks = 0;
    first(/get job event-store-backup/, () => (++looks === 1 ? FAILED : COMPLETE));
    first(
      /logs -l job-name=event-store-backup-[\da-f-]{22} /,
      lines([{ message: "failed", error: "k: another backup has written it; this one ends" }]),
    );
    expect((await run("production")).code).toBe(0);
    expect(
      machine.ran
        .filter((line) => line.includes("create job event-store-backup"))
        .map((line) => /backup-[\da-f-]{22}(\S*)/.exec(line)?.[1]),
    ).toEqual(["", "-2"]);
  });

  it("makes no backup if the bucket of records can't be reached", async () => {
    jest
      .spyOn(machine, "bucket")
      .mockReturnValue({ ...machine.bucket({ bucket: "b" }), list: () => Promise.reject(new Error("GET s3://b/: AccessDenied")) });
    expect(await run("production")).toEqual({ code: 1, errors: "GET s3://b/: AccessDenied\n" });
    expect(machine.ran).toEqual([]);
  });

  it("prints the commands of a dry run, and runs none", async () => {
    expect((await run("production", "--dry-run")).code).toBe(0);
    expect((await run("premises", "--dry-run")).code).toBe(0);
    expect(machine.ran).toEqual([]);
    expect(machine.objects.size).toBe(0);
    expect(machine.text.replaceAll(/\d{8}-\d{6}-[0-9a-f]{6}/g, "ID")).toMatchSnapshot();
  });

  it("lists records, the newest first, and refuses a damaged one", async () => {
    await run("production");
    await machine.wait(3_600_000);
    await run("production");
    machine.lines.length = 0;
    expect((await run("production", "--list")).code).toBe(0);
    expect(machine.lines.map((line) => line.replace(/-[0-9a-f]{6} /, " "))).toEqual([
      "20261128-224728  2026-11-28T22:47:28.000Z  orders at 0/5000060, search, event-store at 4096/4096; without cache",
      "20261128-214728  2026-11-28T21:47:28.000Z  orders at 0/5000060, search, event-store at 4096/4096; without cache",
    ]);
    const [object] = machine.objects.values();
    if (object) object.body = Buffer.from(String(object.body).replace("4096/4096", "4097/4096"));
    expect((await run("production", "--list")).errors).toMatch(
      /^s3:\S+: its SHA-256 is \w{64}, and \w{64} was recorded; restore an earlier version/,
    );
    // The first stored is the last listed: a damaged record hides no other one.
    const [, newest] = machine.objects.values();
    const sound = newest?.body ?? Buffer.alloc(0);
    if (object && newest)
      [object.body, newest.body] = [Buffer.from(String(object.body).replace("4097/4096", "4096/4096")), Buffer.from("{")];
    machine.lines.length = 0;
    expect((await run("production", "--list")).errors).toContain("its SHA-256 is");
    expect(machine.lines).toEqual([expect.stringMatching(/^20261128-214728-/)]);
    if (newest) newest.body = sound;
    for (const text of ["", "null", "[]", '{"format":1,"id":"ID"}']) {
      const [[address, stored]] = [...machine.objects] as unknown as [[string, { body: Buffer; headers: Record<string, string> }]];
      stored.body = Buffer.from(text.replace("ID", /([^/]+)\.json$/.exec(address)?.[1] ?? ""));
      stored.headers["x-amz-meta-sha256"] = hashOf(String(stored.body));
      expect((await run("production", "--list")).errors).toMatch(/^s3:\S+: (is not a record of a backup|has format undefined)/);
    }
  });

  it("checks the age of the newest record", async () => {
    const next = "npm run backup -- production";
    expect(await run("production", "--within", "1h")).toEqual({ code: 1, errors: `production: has no record of a backup; ${next}\n` });
    await run("production");
    await machine.wait(3_600_000);
    expect((await run("production", "--within", "1h")).code).toBe(0);
    await machine.wait(1000);
    expect((await run("production", "--within", "1h")).errors).toMatch(
      /^production: the newest backup, \S+, is older than 1h; npm run backup -- production\n$/,
    );
    expect((await run("production", "--within", "soon")).errors).toMatch(/^--within: "soon" .*; write it like 24h\n$/);
  });

  it("refuses what it can't do", async () => {
    expect((await run("produktion")).errors).toContain("There is no environment produktion; did you mean production?");
    expect((await run("production", "--lst")).errors).toContain("did you mean --list?");
    expect((await run("production", "--list", "--dry-run")).errors).toContain("Usage:");
    const bare = anEnvironment({ name: "bare", aws: undefined, cluster: { context: "shop" }, cache: { engine: "valkey" } });
    jest.spyOn(process.stderr, "write").mockImplementation((text) => machine.lines.push(String(text)) > 0);
    expect(await backup(aProgram(bare), ["bare"], machine)).toBe(1);
    expect(machine.text).toContain("bare: has no store that can be backed up at any time");
  });
});
