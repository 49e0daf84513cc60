import { asDomains, checkRestoreTimes, moves, resolvedStores } from "../../stacks";
import { releasedAs } from "../broker/moves";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const NODES = { nodes: 6, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const TIME = "2026-11-21T02:15:00Z";
const RECORD = {
  id: "0c6f8ad5-8f70-4d2e-b9a4-1f0f3c7f9a11",
  time: "2026-11-21T02:10:00.123456Z",
  lsn: "0/5000060",
  position: 25_000,
  count: 25_000,
  hash: "ab".repeat(32),
};

const on = (name: string, more: object) => {
  const { aws } = anEnvironment();
  const network = { cidr: name === "old" ? "10.8.0.0/16" : "10.16.0.0/16" };
  return anEnvironment({ name, aws: { ...aws, domain: `${name}.example.com`, network }, cluster: NODES, ...more });
};
const onPremises = (name: string, more: object) =>
  anEnvironment({
    name,
    aws: undefined,
    cluster: { context: `kind-${name}` },
    state: { backend: "pg" },
    ...more,
  });

const postgres = (engine: string, more: object = {}) => ({ engine, ...(engine === "cloudnative-pg" ? {} : { replicas: 0 }), ...more });
const restored = (more: object = {}, engine = "cloudnative-pg", restore: object = {}) =>
  postgres(engine, { restore: { from: { environment: "old" }, target: { time: TIME }, ...restore }, ...more });

const BUCKET = {
  endpoint: "https://s3.example.com:9000",
  bucket: "orders-backups",
  credentials: { secret: "backup-bucket" },
  authority: { secret: "backup-authority" },
};

/** What is said of a restore into `new` from `old`. */
const problems = (readDatabase: object, old: object = { readDatabase: postgres("cloudnative-pg") }, more: object = {}) =>
  errorsOf(aProgram(on("old", old), on("new", { readDatabase, ...more })));

describe("a server of CloudNativePG that is restored", () => {
  const archived = { readDatabase: postgres("cloudnative-pg") };
  const stacks = () => synthesisOf(aProgram(on("old", archived), on("new", { readDatabase: restored() }))).stacks;
  const json = (stack: string): Body => stacks().get(`new-${stack}`)?.json as Body;

  it("recovers from the archive of the other environment, to the target, and archives into its own", () => {
    const released = releasedAs(json("read-store"), "read-database-stores").objects as readonly Body[];
    const paths = released.map(({ metadata, spec }) => [metadata.name, spec.configuration.destinationPath]);
    expect(paths).toEqual([
      [
        "read-database-backup",
        expect.stringMatching(/^s3:\/\/\$\{data\.terraform_remote_state\..*backup_bucket\}\/read-store\/read-database$/),
      ],
      ["read-database-origin", "s3://orders-old-backups-111122223333-eu-west-1/read-store/read-database"],
    ]);
    const [cluster] = releasedAs(json("read-store"), "read-database").objects as readonly Body[];
    expect(cluster?.spec.bootstrap).toEqual({
      recovery: { source: "origin", database: "read_database", owner: "administrator", recoveryTarget: { targetTime: TIME } },
    });
    const plugin = "barman-cloud.cloudnative-pg.io";
    expect(cluster?.spec.externalClusters).toEqual([
      { name: "origin", plugin: { name: plugin, parameters: { barmanObjectName: "read-database-origin", serverName: "read-database" } } },
    ]);
    expect(cluster?.spec.plugins).toEqual([
      { name: plugin, isWALArchiver: true, parameters: { barmanObjectName: "read-database-backup", serverName: "read-database" } },
    ]);
  });

  it("may read that archive with its key, and write nothing there", () => {
    const all = statements(one(json("identities"), "aws_iam_role_policy", "read-store-read-database/rights").policy);
    const origin = all.filter(({ Sid }) => /Origin/.test(String(Sid)));
    expect(origin.flatMap(({ Action }) => Action)).toEqual(["s3:ListBucket", "s3:GetObject", "kms:Decrypt"]);
    expect(origin.map(({ Resource }) => Resource)).toEqual([
      "arn:aws:s3:::orders-old-backups-111122223333-eu-west-1",
      "arn:aws:s3:::orders-old-backups-111122223333-eu-west-1/read-store/read-database/*",
      "arn:aws:kms:eu-west-1:111122223333:key/*",
    ]);
    expect(origin[2]?.Condition).toMatchObject({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/orders-old-backup" } });
  });

  it("reads the copy where the other environment was in another region", () => {
    const { aws } = on("old", {});
    const elsewhere = { aws: { ...aws, region: "eu-central-1", recoveryRegion: "eu-west-1" } };
    const program = aProgram(on("old", { ...archived, ...elsewhere }), on("new", { readDatabase: restored() }));
    expect(errorsOf(program)).toEqual([]);
    const made = synthesisOf(program).stacks;
    const found = JSON.stringify(made.get("new-read-store")?.json);
    expect(found).toContain("s3://orders-old-backups-copy-111122223333-eu-west-1/read-store/read-database");
    expect(JSON.stringify(made.get("new-identities")?.json)).toContain("alias/orders-old-recovery");
  });

  it("stops at the position of a record", () => {
    const events = { engine: "postgres", server: restored({}, "cloudnative-pg", { target: { latest: true }, record: RECORD }) };
    const program = aProgram(
      on("old", { eventStore: { engine: "postgres", server: postgres("cloudnative-pg") } }),
      on("new", { eventStore: events }),
    );
    expect(errorsOf(program)).toEqual([]);
    const [cluster] = releasedAs(synthesisOf(program).stacks.get("new-event-store")?.json as Body, "event-store")
      .objects as readonly Body[];
    expect(cluster?.spec.bootstrap.recovery.recoveryTarget).toEqual({ targetLSN: "0/5000060" });
  });

  it("is compared with the record before anything uses it", () => {
    const server = restored({}, "cloudnative-pg", { record: RECORD });
    const old = on("old", { eventStore: { engine: "postgres", server: postgres("cloudnative-pg") } });
    const made = (eventStore: object) => synthesisOf(aProgram(old, on("new", { eventStore }))).stacks.get("new-event-store")?.json as Body;
    const job = (json: Body) => one(json, "kubernetes_job_v1", "records/Default/job").spec.template.spec.container[0];
    const variable = (json: Body) => job(json).env.find(({ name }: Body) => name === "RECORD")?.value;
    const events = made({ engine: "postgres", server });
    expect(job(events).command).toEqual(["sh", "/scripts/records.sh", "verify"]);
    expect(JSON.parse(variable(events))).toEqual(RECORD);
    expect(variable(made({ engine: "postgres", server: restored() }))).toBe("");
    // What is not restored has nothing to compare, and records only when told to.
    const types = (json: Body) =>
      [all(json, "kubernetes_cron_job_v1"), all(json, "kubernetes_job_v1")].flat().map(({ metadata }) => metadata.name);
    const plain = { engine: "postgres", server: postgres("cloudnative-pg") };
    expect(types(made(plain)).filter((name) => /-(record|verify)/.test(name))).toEqual([]);
    const recorded = made({ ...plain, records: "0 * * * *" });
    expect(one(recorded, "kubernetes_cron_job_v1", "records/records").spec).toMatchObject({
      schedule: "0 * * * *",
      concurrency_policy: "Forbid",
    });
    expect(errorsOf(aProgram(on("old", { eventStore: { ...plain, records: "hourly" } })))).toEqual([
      expect.stringMatching(/^old\.eventStore\.records: "hourly" must be a cron schedule; /),
    ]);
  });

  it("is readable for the deployment of its environment, of which the other's backups are all that it may read", () => {
    const program = aProgram(on("old", archived), on("new", { readDatabase: restored() }));
    const github = { repository: "example/orders" };
    const { stacks: made } = synthesisOf({ ...program, accounts: program.accounts.map((account) => ({ ...account, github })) });
    const bootstrap = made.get("bootstrap-111122223333")?.json as Body;
    const guardsOf = (name: string) =>
      statements(one(bootstrap, "aws_iam_policy", `boundary-${name}`).policy).filter(({ Sid }) =>
        /^Other(Env|Back|Keys)|Origins/.test(Sid),
      );
    expect(guardsOf("old").map(({ Sid, Action }) => [Sid, Action])).toEqual([["OtherEnvironments", "*"]]);
    const reads = expect.arrayContaining(["kms:Decrypt", "rds:RestoreDBClusterToPointInTime"]);
    expect(guardsOf("new")).toMatchObject([
      {
        Sid: "BackupsOfOrigins",
        Action: ["s3:GetObject", "s3:ListBucket"],
        Resource: expect.arrayContaining(["arn:aws:s3:::orders-old-backups-111122223333-eu-west-1/*"]),
      },
      { Sid: "OtherEnvironments", NotAction: reads, Condition: { StringNotEquals: { "aws:ResourceTag/environment": "new" } } },
      { Sid: "OtherBackups", Action: reads, Condition: { StringNotEquals: { "aws:ResourceTag/environment": ["new", "old"] } } },
      {
        Sid: "OtherKeys",
        Action: ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"],
        Condition: {
          "ForAllValues:StringNotEquals": { "kms:ResourceAliases": ["backup", "recovery", "data"].map((use) => `alias/orders-old-${use}`) },
        },
      },
    ]);
  });

  it("says so in the summary", () => {
    const said = resolvedStores(asDomains(on("new", { readDatabase: restored() }))).map(({ settings }) => settings);
    expect(said).toEqual([expect.stringMatching(/, restored from read-database of old to 2026-11-21T02:15:00Z$/)]);
    expect(resolvedStores(asDomains(on("old", archived)))[0]?.settings).not.toContain("restored");
  });

  it("stands beside its source in one environment", () => {
    const readDatabase = [
      postgres("cloudnative-pg", { name: "orders" }),
      restored({ name: "orders-2", database: "orders" }, "cloudnative-pg", { from: { server: "orders" } }),
    ];
    const program = aProgram(on("new", { readDatabase }));
    expect(errorsOf(program)).toEqual([]);
    expect(JSON.stringify(synthesisOf(program).stacks.get("new-read-store")?.json)).toContain(
      "s3://orders-new-backups-111122223333-eu-west-1/read-store/orders",
    );
  });
});

describe("backups outside of AWS", () => {
  const environment = onPremises("new", { readDatabase: restored(), backup: { keep: "14d", bucket: BUCKET }, exceptions: undefined });
  const old = onPremises("old", { readDatabase: postgres("cloudnative-pg"), backup: { bucket: { ...BUCKET, authority: undefined } } });
  const program = aProgram(old, environment);
  const json = () => synthesisOf(program).stacks.get("new-read-store")?.json as Body;

  it("need no exception, and go to the bucket, below a prefix of the environment, for as long as they are kept", () => {
    expect(errorsOf(program)).toEqual([]);
    const [own, origin] = releasedAs(json(), "read-database-stores").objects as readonly Body[];
    expect(own?.spec).toMatchObject({
      configuration: {
        destinationPath: "s3://orders-backups/orders-new/read-store/read-database",
        endpointURL: "https://s3.example.com:9000",
        endpointCA: { name: "backup-authority", key: "ca.crt" },
        s3Credentials: {
          accessKeyId: { name: "backup-bucket", key: "access-key-id" },
          secretAccessKey: { name: "backup-bucket", key: "secret-access-key" },
        },
      },
      instanceSidecarConfiguration: {
        env: [
          { name: "AWS_REGION", value: "us-east-1" },
          { name: "AWS_REQUEST_CHECKSUM_CALCULATION", value: "when_required" },
          { name: "AWS_RESPONSE_CHECKSUM_VALIDATION", value: "when_required" },
        ],
      },
      retentionPolicy: "14d",
    });
    // Nothing deletes backups of the other environment.
    expect(origin?.spec.configuration.destinationPath).toBe("s3://orders-backups/orders-old/read-store/read-database");
    expect(origin?.spec).not.toHaveProperty("retentionPolicy");
  });

  it("are reached by the servers", () => {
    const { egress } = one(json(), "kubernetes_network_policy_v1", "read-database/traffic/policy").spec;
    expect(JSON.stringify(egress)).toContain('"port":"9000"');
  });

  it("are made by the plugin, which is installed for them alone", () => {
    const platform = (more: object) => JSON.stringify(synthesisOf(aProgram(onPremises("old", more))).stacks.get("old-platform")?.json);
    expect(platform({ readDatabase: postgres("cloudnative-pg"), backup: { bucket: BUCKET } })).toContain("plugin-barman-cloud");
    expect(platform({ readDatabase: postgres("cloudnative-pg") })).not.toContain("plugin-barman-cloud");
  });

  it("are asked for where data is protected", () => {
    const without = onPremises("old", { readDatabase: postgres("cloudnative-pg"), exceptions: { noBackup: undefined } });
    expect(errorsOf(aProgram(without))).toEqual([
      'old.readDatabase.engine: "cloudnative-pg" has no backups outside of EKS without backup.bucket, so its data is lost with its volumes; set backup.bucket, run it on a cluster that is made on AWS, or say in exceptions.noBackup why that is acceptable',
    ]);
  });
});

describe("a server on AWS that is restored", () => {
  const made = (engine: string, target: object) => {
    const program = aProgram(on("old", { readDatabase: postgres(engine) }), on("new", { readDatabase: restored({}, engine, { target }) }));
    expect(errorsOf(program)).toEqual([]);
    const type = engine === "rds" ? "aws_db_instance" : "aws_rds_cluster";
    return one(synthesisOf(program).stacks.get("new-data")?.json as Body, type);
  };
  const snapshot = "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:awsbackup:copyjob-1";

  it("is a full copy of Aurora at a time, under its own name, key, network, settings and password", () => {
    expect(made("aurora", { time: TIME })).toMatchObject({
      cluster_identifier: "orders-new-read-database",
      restore_to_point_in_time: { source_cluster_identifier: "orders-old-read-database", restore_type: "full-copy", restore_to_time: TIME },
      kms_key_id: expect.stringContaining("data_key_arn"),
      db_subnet_group_name: expect.stringContaining("aws_db_subnet_group"),
      vpc_security_group_ids: [expect.stringContaining("read_database_security_group_id")],
      db_cluster_parameter_group_name: expect.stringContaining("aws_rds_cluster_parameter_group"),
      master_password_wo: expect.stringContaining("random_password"),
    });
  });

  it("is an instance of RDS under the key of its source, which RDS doesn't change", () => {
    const instance = made("rds", { time: TIME });
    expect(instance.restore_to_point_in_time).toEqual({ source_db_instance_identifier: "orders-old-read-database", restore_time: TIME });
    expect(instance).not.toHaveProperty("kms_key_id");
    expect(instance.password_wo).toEqual(expect.stringContaining("random_password"));
  });

  it("comes from a snapshot", () => {
    expect(made("aurora", { snapshot })).toMatchObject({ snapshot_identifier: snapshot });
    expect(made("rds", { snapshot: snapshot.replace("cluster-", "") }).snapshot_identifier).toBe(snapshot.replace("cluster-", ""));
  });

  it.each(["aurora", "rds"])("is made as before without a restore: %s", (engine) => {
    const program = aProgram(on("old", { readDatabase: postgres(engine) }));
    const json = JSON.stringify(synthesisOf(program).stacks.get("old-data")?.json);
    expect(json).not.toMatch(/restore_to_point_in_time|snapshot_identifier":"arn/);
    expect(json).toContain("kms_key_id");
  });
});

describe("a restore is refused", () => {
  const UNSTATED = "recovery would end silently at the first damaged WAL file";
  const said = (restore: object, engine = "cloudnative-pg", more: object = {}) =>
    problems(restored(more, engine, restore), { readDatabase: postgres(engine) });
  const at = "new.readDatabase.restore";

  it.each([
    [{ target: {} }, `${at}.target: is not stated: ${UNSTATED}; use time or lsn`],
    [{ target: { time: TIME, lsn: "0/5" } }, `${at}.target: {"time":"${TIME}","lsn":"0/5"} states 2 ends; keep one of time, lsn`],
    [
      { target: { latest: true } },
      `${at}.target.latest: true has no recorded position: ${UNSTATED}; add restore.record with the newest record of the source, or use the time or lsn of its newest archived WAL file`,
    ],
    [
      { target: { snapshot: "arn:aws:rds:eu-west-1:111122223333:snapshot:one" } },
      `${at}.target.snapshot: "arn:aws:rds:eu-west-1:111122223333:snapshot:one" is not supported by cloudnative-pg; use time or lsn`,
    ],
    [
      { record: RECORD },
      `${at}.record: is a record of events, and this server holds none; leave it out, and use target.time or target.lsn`,
    ],
    [
      { target: { time: "2026-02-30T02:15:00Z" } },
      `${at}.target.time: "2026-02-30T02:15:00Z" must be a time in UTC, to the second; write one like 2026-11-21T02:15:00Z`,
    ],
    [
      { from: { environment: "odl" } },
      `${at}.from.environment: "odl" is not an environment of this program; use one of old, and keep the lost environment in this program until the restore is done`,
    ],
    [
      { from: { environment: "old", server: "orders" } },
      `${at}.from.server: "orders" is not a PostgreSQL server of old; use one of read-database`,
    ],
    [
      { from: {} },
      `${at}.from: {} is the server itself: a restore never overwrites a server or the archive that it came from; give the new server another name, and name the old one: from: { server: "…" }`,
    ],
  ])("for %j", (restore, expected) => {
    expect(said(restore)).toEqual([expected]);
  });

  it("for a position or the latest of an engine that knows only times", () => {
    expect(said({ target: { lsn: "0/5" } }, "aurora")).toEqual([
      `${at}.target.lsn: "0/5" is not supported by aurora; use time or snapshot`,
    ]);
    expect(said({ target: { latest: true } }, "rds")).toEqual([`${at}.target.latest: true is not supported by rds; use time or snapshot`]);
  });

  it("for a snapshot that lies elsewhere", () => {
    const elsewhere = "arn:aws:rds:us-east-1:111122223333:snapshot:one";
    expect(said({ target: { snapshot: elsewhere } }, "rds")).toEqual([
      `${at}.target.snapshot: "${elsewhere}" is not in eu-west-1 of account 111122223333, but AWS restores a snapshot only in its region and account; copy it there first, for example by aws.recoveryRegion of its environment`,
    ]);
  });

  it("for another engine, version or database", () => {
    expect(problems(restored(), { readDatabase: postgres("aurora") })).toEqual([
      `new.readDatabase.engine: "cloudnative-pg" can't read backups of aurora; use aurora; copy to another engine with pg_dump afterwards`,
    ]);
    expect(problems(restored({ version: "16" }))).toEqual([
      `new.readDatabase.version: "16" can't read backups of PostgreSQL 17; use "17", and upgrade afterwards`,
    ]);
    expect(problems(restored({ name: "orders" }, "cloudnative-pg", { from: { environment: "old", server: "read-database" } }))).toEqual([
      `new.readDatabase.database: "orders" is not in the backup, which contains read_database: an empty database would be created in addition to the restored one; use database: "read_database"`,
    ]);
  });

  it("from another account, or from a region without a copy", () => {
    const { aws } = on("old", {});
    const old = (more: object, engine = "cloudnative-pg") => ({ readDatabase: postgres(engine), aws: { ...aws, ...more } });
    const from = (more: object, engine = "cloudnative-pg") => {
      const program = aProgram(on("old", old(more, engine)), on("new", { readDatabase: restored({}, engine) }));
      const accounts = [...program.accounts, { system: "orders", id: "444455556666", region: "eu-west-1" as const }];
      return errorsOf({ ...program, accounts }).filter((line) => line.includes("restore"));
    };
    expect(from({ account: "444455556666" })).toEqual([
      `${at}.from.environment: "old" is in account 444455556666, whose backups are not readable from 111122223333; restore in an environment of the same account`,
    ]);
    expect(from({ region: "us-east-1", recoveryRegion: "us-west-2" })).toEqual([
      `${at}.from.environment: "old" has no copy of its backups in eu-west-1; set its aws.recoveryRegion to eu-west-1 before it is lost, or restore in us-east-1`,
    ]);
    expect(from({ region: "us-east-1", recoveryRegion: "eu-west-1" }, "aurora")).toEqual([
      `${at}.from.environment: "old" has only snapshots in eu-west-1, without points in time; use target.snapshot with the ARN of a copied snapshot`,
    ]);
  });

  it("from an environment without backups, or without a way to them", () => {
    const bare = onPremises("old", { readDatabase: postgres("cloudnative-pg") });
    expect(errorsOf(aProgram(bare, on("new", { readDatabase: restored() })))).toEqual([
      `${at}.from.environment: "old" has no backups of read-database; restore from an environment that makes them`,
    ]);
    const old = on("old", { readDatabase: postgres("cloudnative-pg") });
    const here = onPremises("new", { readDatabase: restored(), backup: { bucket: BUCKET } });
    expect(errorsOf(aProgram(old, here))).toEqual([
      `${at}.from.environment: "old" keeps its backups on AWS, and pods outside of EKS have no role to read them; restore on a cluster that is made on AWS`,
    ]);
  });

  it("to a time that has not come", () => {
    const program = aProgram(on("old", { readDatabase: postgres("cloudnative-pg") }), on("new", { readDatabase: restored() }));
    expect(() => checkRestoreTimes(program, "2026-11-21T02:14:59.999Z")).toThrow(
      `${at}.target.time: "${TIME}" is later than now (2026-11-21T02:14:59Z): no backup reaches it; use the time of the last transaction that you want back, in UTC`,
    );
    expect(() => checkRestoreTimes(program, "2026-11-21T02:15:00.000Z")).not.toThrow();
  });

  it("of a server that exists, and a change of what one was restored from", () => {
    const said = (before: object, after: object) => {
      const [was, now] = [before, after].map((readDatabase) => on("new", { readDatabase }));
      return was && now ? moves(was, now).map(({ path, rule }) => `${path}: ${rule}`) : [];
    };
    const inPlace = `${at}: can't restore a server that exists: backups are never restored in place`;
    const changed = `${at}: names what an existing server was created from: changed, it has no effect or replaces the server`;
    for (const engine of ["cloudnative-pg", "aurora", "rds"]) {
      expect(said(postgres(engine), restored({}, engine))).toEqual([inPlace]);
      expect(said(restored({}, engine), restored({}, engine, { target: { time: "2026-11-21T02:16:00Z" } }))).toEqual([changed]);
      expect(said(restored({}, engine), postgres(engine))).toEqual(engine === "cloudnative-pg" ? [] : [changed]);
      expect(said(restored({}, engine), restored({}, engine))).toEqual([]);
    }
  });
});
