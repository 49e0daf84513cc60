import { TerraformOutput } from "cdktf";
import { RdsPostgres } from "../../constructs/postgres";
import type { Size } from "../../constructs/sizing";
import { all, one, synth } from "../synth";
import { anRds, PROPS, policiesOfRds, rdsRefusals, settings, stateful } from "./managed";

const primary = (json: ReturnType<typeof anRds>) => one(json, "aws_db_instance", "db/primary");

describe("RdsPostgres", () => {
  it("is encrypted by our key, out of the internet's reach, and signed in to over TLS only", () => {
    const json = anRds();
    expect(primary(json)).toMatchObject({
      storage_encrypted: true,
      kms_key_id: "arn:aws:kms:data",
      iam_database_authentication_enabled: true,
      vpc_security_group_ids: ["sg-database"],
      publicly_accessible: false,
      ca_cert_identifier: "rds-ca-rsa2048-g1",
    });
    expect(settings(one(json, "aws_db_parameter_group"))).toMatchObject({ "rds.force_ssl": "1", ssl_min_protocol_version: "TLSv1.2" });
  });

  it("has a password that nobody knows, and which RDS does not manage: it would refuse replicas", () => {
    const json = anRds({ replicas: 1, passwordDrawing: 3 });
    const [drawn] = Object.keys(json.ephemeral.aws_secretsmanager_random_password);
    expect(primary(json)).toMatchObject({
      username: "administrator",
      password_wo: `\${ephemeral.aws_secretsmanager_random_password.${drawn}.random_password}`,
      password_wo_version: 3,
    });
    for (const argument of ["password", "manage_master_user_password"]) expect(primary(json)).not.toHaveProperty(argument);
    expect(one(json, "aws_secretsmanager_secret_version")).toMatchObject({
      secret_string_wo_version: 3,
      depends_on: [expect.stringContaining("aws_db_instance.")],
    });
  });

  it("has a standby where data is protected, unless it is told otherwise", () => {
    expect(primary(anRds()).multi_az).toBe(true);
    expect(primary(anRds({ protect: false })).multi_az).toBe(false);
    expect(primary(anRds({ protect: false, standby: true })).multi_az).toBe(true);
  });

  it("has replicas in all zones, which may go as they come", () => {
    const json = anRds({ replicas: 4 });
    const replicas = all(json, "aws_db_instance").filter(({ replicate_source_db: source }) => source);
    expect(replicas.map(({ identifier, availability_zone }) => [identifier, availability_zone])).toEqual(
      ["a", "b", "c", "a"].map((zone, index) => [
        `orders-test-read-database-replica-${index + 1}`,
        expect.stringContaining(`subnet-${zone}`),
      ]),
    );
    for (const replica of replicas) {
      expect(replica).toMatchObject({ skip_final_snapshot: true, deletion_protection: true, publicly_accessible: false });
      // Of its source, all three.
      for (const argument of ["password_wo", "kms_key_id", "db_subnet_group_name"]) expect(replica).not.toHaveProperty(argument);
    }
  });

  it("is read from all replicas by their names, or from the primary", () => {
    const json = synth((stack) => {
      for (const replicas of [0, 2]) {
        const db = new RdsPostgres(stack, `db-${replicas}`, { ...PROPS, store: `read-${replicas}`, replicas });
        new TerraformOutput(stack, `from-${replicas}`, { value: db.reader });
      }
    });
    expect(json.output["from-0"].value).toMatch(/^\${aws_db_instance\.db-0_primary_\w+\.address}$/);
    expect(json.output["from-2"].value).toMatch(
      /^\${aws_db_instance\.db-2_replica-1_\w+\.address},\${aws_db_instance\.db-2_replica-2_\w+\.address}$/,
    );
  });

  it("outlives mistakes where data is protected, and leaves nothing behind where it is not", () => {
    expect(primary(anRds())).toMatchObject({
      deletion_protection: true,
      skip_final_snapshot: false,
      final_snapshot_identifier: "orders-test-read-database-final",
      delete_automated_backups: false,
      backup_retention_period: 30,
      tags: { "backup-plan": "orders-test-read-database" },
      lifecycle: { prevent_destroy: true },
    });
    expect(primary(anRds({ protect: false }))).toMatchObject({
      deletion_protection: false,
      skip_final_snapshot: true,
      lifecycle: { prevent_destroy: false },
    });
  });

  it("has a disk that grows by itself, and from 400Gi on says how fast it is", () => {
    expect(primary(anRds({ storage: "100Gi" }))).toMatchObject({ storage_type: "gp3", allocated_storage: 100, max_allocated_storage: 200 });
    expect(primary(anRds({ storage: "100Gi" }))).not.toHaveProperty("iops");
    expect(primary(anRds({ storage: "400Gi" }))).toMatchObject({ iops: 12_000, storage_throughput: 500 });
    const fast = { iops: 20_000, throughput: 1000 };
    expect(primary(anRds({ storage: "1Ti", storageMaximum: "4Ti", performance: fast }))).toMatchObject({
      max_allocated_storage: 4096,
      iops: 20_000,
      storage_throughput: 1000,
    });
  });

  it("takes a major version when it is let, with settings of that version", () => {
    const upgraded = anRds({ version: "18", majorUpgrade: true });
    expect(primary(upgraded)).toMatchObject({ engine_version: "18", allow_major_version_upgrade: true, apply_immediately: true });
    expect(one(upgraded, "aws_db_parameter_group")).toMatchObject({ name: "orders-test-read-database-18", family: "postgres18" });
    expect(primary(anRds()).allow_major_version_upgrade).toBe(false);
  });

  it("keeps the logs of each instance for a year under our key", () => {
    expect(all(anRds({ replicas: 1 }), "aws_cloudwatch_log_group").map(({ name }) => name)).toEqual([
      "/aws/rds/instance/orders-test-read-database/postgresql",
      "/aws/rds/instance/orders-test-read-database/upgrade",
      "/aws/rds/instance/orders-test-read-database-replica-1/postgresql",
      "/aws/rds/instance/orders-test-read-database-replica-1/upgrade",
    ]);
  });

  it("takes a message store's 200 connections on 4Gi, of PostgreSQL 15", () => {
    expect(rdsRefusals({ size: "small", version: "15", storage: "50Gi", parameters: { max_connections: 200 } })).toEqual([]);
  });

  it("changes its size in place", () => {
    const sizes: readonly Size[] = ["small", "medium", "large"];
    const [small, ...larger] = sizes.map((size) => anRds({ size, replicas: 0 }));
    for (const json of larger) {
      expect(stateful(json, HOLDS_DATA)).toEqual(stateful(small ?? {}, HOLDS_DATA));
      const changed = Object.entries(primary(json)).filter(
        ([key, value]) => JSON.stringify(primary(small ?? {})[key]) !== JSON.stringify(value),
      );
      // None of them replaces an instance (AWS provider 5.100, planned).
      for (const [key] of changed) expect(GROWS).toContain(key);
    }
  });

  it("breaks no policy where data is protected, and is found out where it is not", () => {
    expect(policiesOfRds({ replicas: 2 })).toEqual([]);
    expect(policiesOfRds({ protect: false })).toEqual([
      expect.stringContaining("(data-is-kept)"),
      expect.stringContaining("(data-is-kept)"),
    ]);
  });

  it.each<[Parameters<typeof rdsRefusals>[0], readonly string[]]>([
    [{ replicas: 16 }, ["replicas: 16 read replicas are not what RDS has; use 0 to 15"]],
    [{ storage: "10Gi", replicas: 0 }, [`storage: "10Gi" is not a storage size of RDS; use whole Gi from 20Gi to 64Ti`]],
    [{ storage: "65Ti" }, [`storage: "65Ti" is not a storage size of RDS; use whole Gi from 20Gi to 64Ti`]],
    [{ storage: "100GB" as "100Gi" }, [`storage: "100GB" has an unknown unit "GB"; use one of Ki, Mi, Gi, Ti, like "16Gi"`]],
    [{ storage: "100Gi", storageMaximum: "105Gi" }, [`storageMaximum: "105Gi" leaves 100Gi no space to grow; use 110Gi to 64Ti`]],
    [
      { storage: "100Gi", performance: { iops: 12_000, throughput: 500 } },
      ["performance: can't be chosen below 400Gi; leave it out, or take a larger disk"],
    ],
    [
      { storage: "400Gi", performance: { iops: 3000, throughput: 500 } },
      [`performance: {"iops":3000,"throughput":500} is not what gp3 offers; use 12000 to 64000 operations and 500 to 4000 MB a second`],
    ],
    [
      { storage: "400Gi", performance: { iops: 12_000, throughput: 4000 } },
      [`performance: {"iops":12000,"throughput":4000} moves more than a quarter MB each operation; use more operations`],
    ],
    [{ zones: { a: "subnet-a" } }, [`zones: ["a"] leaves nothing when a zone fails, and RDS refuses it; name two or three`]],
  ])("refuses %j", (changes, messages) => {
    expect(rdsRefusals(changes)).toEqual(messages.map((message) => `test/db.${message}`));
  });
});

const HOLDS_DATA = ["aws_db_instance", "aws_secretsmanager_secret"];
const GROWS = ["allocated_storage", "instance_class", "iops", "max_allocated_storage", "storage_throughput"];
