import { type BackupRecord, hashOf, type StoreRecord, textOf } from "../../cli/backup/record";
import { restorationOf } from "../../cli/backup/restoration";
import { restore } from "../../cli/restore";
import { asDomains, type System } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { FakeMachine } from "./fake-machine";
import { unwrapped } from "./unwrapped";

const ID = "20261128-214728-3f9c1a";
const COMPLETED = "2026-11-28T21:49:00.000Z";
const LATER = "2026-11-28T22:30:00Z";
const EVENTS = {
  id: "0c6f0d3e-1111-4222-8333-444455556666",
  time: "2026-11-28T21:48:00.123456Z",
  lsn: "5/3C0000A8",
  position: 612,
  count: 600,
  hash: "ab".repeat(32),
};

/** Events and read models in PostgreSQL, on existing clusters. */
const OUTSIDE = { endpoint: "https://s3.example.com", bucket: "backups", credentials: { secret: "bucket" } };
const onPremises = (name: string, context: string, more: object = {}) =>
  anEnvironment({
    name,
    aws: undefined,
    cluster: { context },
    state: { backend: "kubernetes", context: "operations" },
    backup: { bucket: OUTSIDE },
    eventStore: { engine: "postgres", records: "0 * * * *", server: { engine: "cloudnative-pg" } },
    readDatabase: { engine: "cloudnative-pg" },
    projections: { image: "registry.example.com/orders/projections:1.0.0", workers: 1, parallelism: 1 },
    authentication: { issuer: "https://login.example.com/", audience: "orders", jwks: "https://login.example.com/jwks.json" },
    ...more,
  });
const premises = onPremises("premises", "shop");
const OF_PREMISES: readonly StoreRecord[] = [
  {
    store: "read-database",
    engine: "cloudnative-pg",
    way: "base-backup",
    place: "s3://backups/orders-premises/read-store/read-database/read-database/base/1",
    position: "5/30000000",
    count: null,
    hash: null,
    restore: { target: { lsn: "5/30000000" } },
  },
  {
    store: "event-store",
    engine: "cloudnative-pg",
    way: "base-backup",
    place: "s3://backups/orders-premises/event-store/event-store/event-store/base/1",
    position: "612",
    count: 600,
    hash: EVENTS.hash,
    restore: { target: { latest: true }, record: EVENTS },
  },
];
const from = { environment: "premises" };
const recovered = onPremises("recovered", "spare", {
  eventStore: {
    engine: "postgres",
    records: "0 * * * *",
    server: { engine: "cloudnative-pg", restore: { from, target: { latest: true }, record: EVENTS } },
  },
  readDatabase: { engine: "cloudnative-pg", restore: { from, target: { lsn: "5/30000000" } } },
});

/** Events in streams of KurrentDB, and read models in Aurora, on AWS. */
const onAws = (name: string, cidr: string) =>
  anEnvironment({
    name,
    aws: {
      account: "111122223333",
      region: "eu-west-1",
      recoveryRegion: "eu-central-1",
      domain: `${name}.example.com`,
      network: { cidr },
    },
    cluster: { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
    eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } },
    readDatabase: { engine: "aurora", replicas: 1 },
    projections: { image: "registry.example.com/orders/projections:1.0.0", workers: 1, parallelism: 1 },
  });
const production = onAws("production", "10.0.0.0/16");
const second = onAws("second", "10.9.0.0/16");
const SNAPSHOT = "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:job-1";
const OF_PRODUCTION: readonly StoreRecord[] = [
  {
    store: "read-database",
    engine: "aurora",
    way: "cluster-snapshot",
    place: SNAPSHOT,
    position: null,
    count: null,
    hash: null,
    restore: { target: { snapshot: SNAPSHOT } },
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
];

/** Events in streams of KurrentDB, on existing clusters with buckets of different services. */
const streamsOn = (name: string, context: string, bucket: object = OUTSIDE) =>
  onPremises(name, context, {
    eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } },
    readDatabase: undefined,
    projections: undefined,
    backup: { bucket },
  });
const streams = streamsOn("streams", "mill");
const moved = streamsOn("moved", "quarry", {
  endpoint: "https://other.example.com",
  bucket: "elsewhere",
  credentials: { secret: "bucket-elsewhere" },
});
const OF_STREAMS: readonly StoreRecord[] = OF_PRODUCTION.slice(1).map((one) => ({
  ...one,
  place: "s3://backups/orders-streams/event-store/event-store-backup/20261101T000000Z/",
}));

const COMPLETE = { status: { succeeded: 1, conditions: [{ type: "Complete", status: "True" }] } };
const ABSENT = { fails: 'Error from server (NotFound): "it" not found' };
const serverRestoredTo = (lsn: string, more: object = {}) => ({
  metadata: { creationTimestamp: LATER },
  spec: { bootstrap: { recovery: { recoveryTarget: { targetLSN: lsn } } } },
  status: { phase: "Cluster in healthy state" },
  ...more,
});
const verification = (record: object) => ({
  items: [
    {
      metadata: { name: "event-store-verify-1a2b3c4d" },
      spec: { template: { spec: { containers: [{ env: [{ name: "RECORD", value: JSON.stringify(record) }] }] } } },
      status: { succeeded: 1 },
    },
  ],
});
const CRON_JOB = {
  spec: {
    jobTemplate: {
      metadata: { labels: { "app.kubernetes.io/name": "event-store-backup" } },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            containers: [
              {
                name: "event-store-backup",
                args: ["backup"],
                env: [
                  { name: "EVENT_STORE_USER", valueFrom: { secretKeyRef: { name: "event-store-subscriptions", key: "user" } } },
                  { name: "EVENT_STORE_PASSWORD", valueFrom: { secretKeyRef: { name: "event-store-subscriptions", key: "password" } } },
                ],
              },
            ],
          },
        },
      },
    },
  },
};

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  store("backups", "orders-premises/", recordOf("premises", OF_PREMISES));
  store("backups", "orders-streams/", recordOf("streams", OF_STREAMS));
  store("orders-production-backups-111122223333-eu-west-1", "", recordOf("production", OF_PRODUCTION));
  machine.rules.push(
    ["get secret bucket", { data: { "access-key-id": btoa("key"), "secret-access-key": btoa("secret") } }],
    [/get clusters\S+ event-store/, serverRestoredTo(EVENTS.lsn)],
    [/get clusters\S+ read-database/, serverRestoredTo("5/30000000")],
    ["get jobs -o", verification(EVENTS)],
    [/get job /, COMPLETE],
    [/get cronjob/, CRON_JOB],
    ["logs -l job-name=orders-progress", "orders/a (live): healthy, 2 behind, 1 of 1 partitions have a worker\n"],
    [
      "logs -l job-name=event-store-restore",
      `${JSON.stringify({ message: "restored", events: 600, through: "4096/4096", content: "ef" })}\n`,
    ],
    ["describe-db-clusters", { Status: "available", Created: LATER }],
  );
});
afterEach(() => jest.restoreAllMocks());

function recordOf(environment: string, stores: readonly StoreRecord[]): BackupRecord {
  const versions = { platform: "0.1.0", images: {} };
  return { format: 1, id: ID, system: "orders", environment, started: COMPLETED, completed: COMPLETED, versions, stores, without: [] };
}

function store(bucket: string, prefix: string, record: BackupRecord): void {
  const text = textOf(record);
  machine.objects.set(`s3://${bucket}/${prefix}backup-records/${record.id}.json`, {
    body: Buffer.from(text),
    headers: { "x-amz-meta-sha256": hashOf(text) },
  });
}

const program = aProgram(premises, recovered, production, second, streams, moved);
const run = async (source: string, into: string, ...more: string[]) => {
  const errors: string[] = [];
  jest.spyOn(process.stderr, "write").mockImplementation((text) => errors.push(String(text)) > 0);
  const code = await restore(program, [source, "--backup", ID, "--into", into, ...more], machine);
  return { code, errors: unwrapped(errors.join("")) };
};
const first = (...rule: (typeof machine.rules)[number]) => machine.rules.unshift(rule);
const again = (source: string, into: string) => `npm run restore -- ${source} --backup ${ID} --into ${into}`;

describe("cdktf-cqrs restore", () => {
  it("asks for the data keys of the source, if the new environment has access to personal data", () => {
    const audited = (name: string, subjectKeys?: object) =>
      asDomains(
        anEnvironment({ name, audit: { access: "400d", lock: "governance", writers: {}, ...(subjectKeys ? { subjectKeys } : {}) } }),
      );
    const settings = (source: System, into: System) => restorationOf(recordOf("source", []), source, into).settings;
    const [source, own] = [audited("source", { users: [] }), audited("into", { users: [] })];
    expect(settings(source, own)).toEqual(['into.audit.subjectKeys.of: "source"']);
    expect(settings(audited("source", { of: "first", users: [] }), own)).toEqual(['into.audit.subjectKeys.of: "first"']);
    expect(settings(source, audited("into", { of: "source", users: [] }))).toEqual([]);
    expect(settings(source, audited("into"))).toEqual([]);
    expect(settings(audited("source"), own)).toEqual([]);
  });

  it("refuses the record of another environment at the place of this one", async () => {
    store("orders-production-backups-111122223333-eu-west-1", "", recordOf("staging", OF_PRODUCTION));
    const { code, errors } = await run("production", "second");
    expect([code, errors]).toEqual([1, `${ID}: is a backup of staging of orders, and not of production\n`]);
  });

  it("restores servers, and compares events and projections with the record", async () => {
    expect(await run("premises", "recovered")).toEqual({ code: 0, errors: "" });
    expect(machine.lines.filter((line) => !line.startsWith("   kubectl"))).toMatchSnapshot();
    expect(machine.ran.filter((line) => !/ get | logs /.test(line))).toEqual([]);
  });

  it("runs the job of a projection once, also if it is run again", async () => {
    let asked = 0;
    first("get job orders-progress", () => (++asked === 1 ? ABSENT : COMPLETE));
    expect((await run("premises", "recovered")).code).toBe(0);
    expect((await run("premises", "recovered")).code).toBe(0);
    expect(machine.ran.filter((line) => line.includes("create job"))).toEqual([
      `kubectl --context spare -n read-store create job orders-progress-${ID} --from=cronjob/orders-progress`,
    ]);
  });

  it("prints the settings of an environment that does not describe the restore, and runs nothing in it", async () => {
    const other = onPremises("other", "third");
    const bare = aProgram(premises, other);
    const lines = async (name: string) => {
      machine.lines.length = 0;
      expect(await restore(bare, ["premises", "--backup", ID, "--into", name], machine)).toBe(3);
      return machine.lines.slice(1);
    };
    const settings = (name: string) => [
      `  ${name}.readDatabase.restore: { from: { environment: "premises" }, target: { lsn: "5/30000000" } }`,
      `  ${name}.eventStore.server.restore: { from: { environment: "premises" }, target: { latest: true }, record: { id: "${EVENTS.id}", time: "${EVENTS.time}", lsn: "5/3C0000A8", position: 612, count: 600, hash: "${EVENTS.hash}" } }`,
      `docs/restore.md#3-describe-the-restore has examples.\nNext: npm start -- ${name}, then this command again`,
    ];
    expect(await lines("other")).toEqual(["\nother does not describe this restore; change it, and set:", ...settings("other")]);
    expect(await lines("absent")).toEqual([
      "\nabsent does not describe this restore; add it to the program: a copy of premises with this name, its own network and domain, and set:",
      ...settings("absent"),
    ]);
    expect(machine.ran.every((line) => line.includes("get secret"))).toBe(true);
  });

  it.each<readonly [string, string | RegExp, readonly string[]]>([
    ["stores are not created", /get clusters\S+ event-store/, ["npm run apply -- recovered --stores"]],
    ["events are not compared", "get jobs -o", ["npm run apply -- recovered --stores"]],
    ["workloads are not deployed", /get cronjob/, ["npm run apply -- recovered"]],
  ])("names the next commands while %s", async (_, part, next) => {
    first(part, ABSENT);
    expect(await run("premises", "recovered")).toEqual({ code: 3, errors: "" });
    expect(machine.lines.at(-1)).toBe(`Next:\n${[...next, again("premises", "recovered")].map((line) => `  ${line}`).join("\n")}`);
  });

  it("does not take the comparison with another record for its own", async () => {
    first("get jobs -o", verification({ ...EVENTS, id: "11111111-1111-4222-8333-444455556666" }));
    expect((await run("premises", "recovered")).code).toBe(3);
  });

  it.each<readonly [string, object, string]>([
    ["was created empty", serverRestoredTo("", { spec: { bootstrap: {} } }), "exists, and was created empty"],
    ["was restored to another position", serverRestoredTo("5/1000000"), "exists, and was restored to 5/1000000"],
    [
      "is older than the backup",
      serverRestoredTo(EVENTS.lsn, { metadata: { creationTimestamp: "2026-11-01T00:00:00Z" } }),
      "was created at 2026-11-01T00:00:00Z, before the backup",
    ],
  ])("refuses an environment whose server %s", async (_, server, message) => {
    first(/get clusters\S+ event-store/, server);
    const { code, errors } = await run("premises", "recovered");
    expect(code).toBe(1);
    expect(errors).toContain(`recovered: the server event-store ${message}; use an environment without data for the backup ${ID}`);
  });

  it("fails if a projection has events that the restored store has not", async () => {
    first("logs -l job-name=orders-progress", "orders/a (live): ahead, 0 behind, 1 of 1 partitions have a worker\n");
    const { code, errors } = await run("premises", "recovered");
    expect(code).toBe(1);
    expect(errors).toContain("orders: orders/a (live): ahead, 0 behind");
  });

  it("fills an event store from its stream backup as its administrator, and lets read models start empty", async () => {
    first(`get job event-store-restore-${ID}`, () => (machine.inputs.length === 0 ? ABSENT : COMPLETE));
    expect(await run("production", "second")).toEqual({ code: 0, errors: "" });
    const changes = machine.ran.filter((line) => / patch | sync | create | delete /.test(line));
    const bucket = (name: string) => `s3://orders-${name}-backups-111122223333-eu-west-1/event-store/event-store-backup/20261101T000000Z/`;
    expect(changes).toEqual([
      'kubectl --context second -n event-store patch cronjob event-store-backup -p {"spec":{"suspend":true}}',
      `aws s3 sync --no-progress --region eu-west-1 ${bucket("production")} ${bucket("second")}`,
      "kubectl --context second -n event-store create -f -",
      'kubectl --context second -n event-store patch cronjob event-store-backup -p {"spec":{"suspend":false}}',
    ]);
    const job = JSON.parse(machine.inputs[0] ?? "");
    expect(job.metadata).toMatchObject({ name: `event-store-restore-${ID}`, labels: { "app.kubernetes.io/name": "event-store-backup" } });
    expect(job.spec.template.spec.containers[0]).toMatchObject({
      args: ["restore", "--generation", "20261101T000000Z", "--until", "sequence:7", "--sha256", "cd".repeat(32)],
      env: [
        { name: "EVENT_STORE_USER", value: "admin" },
        { name: "EVENT_STORE_PASSWORD", valueFrom: { secretKeyRef: { name: "event-store-users", key: "admin" } } },
      ],
    });
    expect(machine.text).toContain("read-database: starts empty");
    expect(machine.text).toContain("600 events, compared one by one");
  });

  it("copies a stream backup between buckets outside of AWS through the machine, without what is there", async () => {
    const object = (name: string, body: string) => ({
      body: Buffer.from(body),
      headers: { "x-amz-meta-sha256": hashOf(body), etag: name },
    });
    const from = "s3://backups/orders-streams/event-store/event-store-backup";
    const to = "s3://elsewhere/orders-moved/event-store/event-store-backup/20261101T000000Z";
    for (let number = 0; number < 20; number++) machine.objects.set(`${from}/20261101T000000Z/${number}`, object("1", `events ${number}`));
    machine.objects.set(`${from}/20261001T000000Z/0`, object("1", "an earlier generation"));
    const there = object("2", "copied before");
    machine.objects.set(`${to}/0`, there);
    first(`get job event-store-restore-${ID}`, () => (machine.inputs.length === 0 ? ABSENT : COMPLETE));
    expect(await run("streams", "moved")).toEqual({ code: 0, errors: "" });
    const copied = [...machine.objects].filter(([key]) => key.startsWith("s3://elsewhere/"));
    expect(copied).toHaveLength(20);
    expect(machine.objects.get(`${to}/0`)).toBe(there);
    const last = "events 19";
    expect(machine.objects.get(`${to}/19`)).toEqual({ body: Buffer.from(last), headers: { "x-amz-meta-sha256": hashOf(last) } });
    const asked = machine.ran.filter((line) => line.includes("get secret"));
    // The record, with the credentials in the old cluster; the objects, with those in the new one.
    expect(asked).toEqual([
      "kubectl --context mill -n event-store get secret bucket -o json",
      "kubectl --context quarry -n event-store get secret bucket -o json",
      "kubectl --context quarry -n event-store get secret bucket-elsewhere -o json",
    ]);
    expect(machine.ran.some((line) => line.startsWith("aws "))).toBe(false);
    expect(machine.text).toContain(
      `# copies each object of ${from}/20261101T000000Z/ to event-store/event-store-backup/20261101T000000Z/ in the bucket of moved, through this machine`,
    );
  });

  it("deletes a failed job of an interrupted restore, and continues", async () => {
    const failed = { status: { failed: 1, conditions: [{ type: "Failed", status: "True" }] } };
    first(`get job event-store-restore-${ID}`, () => (machine.inputs.length === 0 ? failed : COMPLETE));
    expect((await run("production", "second")).code).toBe(0);
    const changes = machine.ran.filter((line) => / delete | create -f /.test(line));
    expect(changes[0]).toBe(`kubectl --context second -n event-store delete job event-store-restore-${ID}`);
    expect(changes).toHaveLength(2);
  });

  it.each<readonly [string, string, object, string]>([
    [
      "the store has other events",
      "logs -l job-name=event-store-restore",
      [{ message: "failed", error: "the store is not empty: it has the event 0@order-1" }],
      `event-store-restore-${ID} failed: the store is not empty: it has the event 0@order-1; kubectl --context second`,
    ],
    [
      "fewer events were restored than recorded",
      "logs -l job-name=event-store-restore",
      [{ message: "restored", events: 599, through: "4096/4096", content: "ef" }],
      "event-store: has 599 events up to 4096/4096, and the record has 600 up to 4096/4096; use an empty environment",
    ],
  ])("fails if %s", async (_, part, lines, message) => {
    const isFailed = JSON.stringify(lines).includes("failed");
    first(part, JSON.stringify((lines as readonly object[])[0]));
    if (isFailed) first(`get job event-store-restore-${ID}`, { status: { conditions: [{ type: "Failed", status: "True" }] } });
    const { code, errors } = await run("production", "second");
    expect(code).toBe(1);
    expect(errors).toContain(message);
  });

  it("refuses a database on AWS that is older than the backup", async () => {
    first("describe-db-clusters", { Status: "available", Created: "2026-11-01T00:00:00Z" });
    expect((await run("production", "second")).errors).toContain(
      "second: the server read-database was created at 2026-11-01T00:00:00Z, before",
    );
  });

  it("prints the steps of a dry run, and runs none", async () => {
    expect((await run("production", "second", "--dry-run")).code).toBe(0);
    expect(machine.ran).toEqual([]);
    expect(machine.lines).toMatchSnapshot();
  });

  it("refuses a record that was written again", async () => {
    const [address = ""] = [...machine.objects.keys()].filter((key) => key.endsWith(`${ID}.json`) && key.includes("production"));
    machine.overwritten.add(address);
    const { code, errors } = await run("production", "second");
    expect([code, errors]).toEqual([1, expect.stringContaining(`${ID}.json: was overwritten; read its oldest version`)]);
  });

  it("refuses a restore in place, unknown ids and environments", async () => {
    expect((await run("premises", "premises")).errors).toContain("a restore is never in place");
    expect((await run("premisses", "recovered")).errors).toContain("did you mean premises?");
    jest.spyOn(process.stderr, "write").mockImplementation((text) => machine.lines.push(String(text)) > 0);
    expect(await restore(program, ["premises", "--backup", "latest", "--into", "recovered"], machine)).toBe(1);
    expect(machine.text).toContain('--backup: "latest" is not the id of a backup; npm run backup -- premises --list');
    expect(await restore(program, ["premises", "--into", "recovered"], machine)).toBe(1);
    expect(await restore(program, ["premises", "--backup", "20261128-214728-000000", "--into", "recovered"], machine)).toBe(1);
    expect(machine.text).toContain("NoSuchKey");
  });
});
