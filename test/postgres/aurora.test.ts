import type { Size } from "../../constructs/sizing";
import { all, one, statements } from "../synth";
import { anAurora, auroraRefusals, policiesOfAurora, settings, stateful } from "./managed";

describe("AuroraPostgres", () => {
  it("is encrypted by our key, out of the internet's reach, and signed in to over TLS only", () => {
    const json = anAurora();
    expect(one(json, "aws_rds_cluster")).toMatchObject({
      storage_encrypted: true,
      kms_key_id: "arn:aws:kms:data",
      iam_database_authentication_enabled: true,
      vpc_security_group_ids: ["sg-database"],
    });
    for (const instance of all(json, "aws_rds_cluster_instance")) {
      expect(instance).toMatchObject({ publicly_accessible: false, ca_cert_identifier: "rds-ca-rsa2048-g1" });
    }
    expect(settings(one(json, "aws_rds_cluster_parameter_group"))).toMatchObject({
      "rds.force_ssl": "1",
      ssl_min_protocol_version: "TLSv1.2",
      password_encryption: "scram-sha-256",
    });
  });

  it("has a password that nobody knows, written to its secret once the cluster has it", () => {
    const json = anAurora();
    const cluster = one(json, "aws_rds_cluster");
    const [drawn] = Object.keys(json.ephemeral.aws_secretsmanager_random_password);
    expect(cluster).toMatchObject({
      master_username: "administrator",
      master_password_wo: `\${ephemeral.aws_secretsmanager_random_password.${drawn}.random_password}`,
      master_password_wo_version: 1,
    });
    expect(cluster).not.toHaveProperty("master_password");
    const secret = one(json, "aws_secretsmanager_secret_version");
    expect(secret.secret_string_wo).toContain(drawn);
    expect(secret.depends_on).toEqual([`aws_rds_cluster.${Object.keys(json.resource.aws_rds_cluster)[0]}`]);
    expect(one(json, "aws_secretsmanager_secret").name).toBe("orders-test-read-database-administrator");
  });

  it("draws its password anew at both ends when it is told to", () => {
    const json = anAurora({ passwordDrawing: 2 });
    expect(one(json, "aws_rds_cluster").master_password_wo_version).toBe(2);
    expect(one(json, "aws_secretsmanager_secret_version").secret_string_wo_version).toBe(2);
  });

  it("has readers in other zones, of which the first takes over first", () => {
    const instances = all(anAurora({ replicas: 3 }), "aws_rds_cluster_instance");
    expect(instances.map(({ identifier, promotion_tier, availability_zone }) => [identifier, promotion_tier, availability_zone])).toEqual(
      ["a", "b", "c", "a"].map((zone, index) => [
        `orders-test-read-database-${index + 1}`,
        index,
        expect.stringContaining(`subnet-${zone}`),
      ]),
    );
    expect(instances[0]?.lifecycle).toEqual({ ignore_changes: ["availability_zone"] });
  });

  it("outlives mistakes where data is protected, and leaves nothing behind where it is not", () => {
    expect(one(anAurora(), "aws_rds_cluster")).toMatchObject({
      deletion_protection: true,
      skip_final_snapshot: false,
      final_snapshot_identifier: "orders-test-read-database-final",
      delete_automated_backups: false,
      backup_retention_period: 30,
      copy_tags_to_snapshot: true,
      tags: { "backup-plan": "orders-test-read-database" },
      apply_immediately: false,
      lifecycle: { prevent_destroy: true },
    });
    expect(one(anAurora({ protect: false }), "aws_rds_cluster")).toMatchObject({
      deletion_protection: false,
      skip_final_snapshot: true,
      delete_automated_backups: true,
      apply_immediately: true,
      lifecycle: { prevent_destroy: false },
    });
  });

  it("follows minor versions by itself, and takes a major one when it is let", () => {
    expect(all(anAurora(), "aws_rds_cluster_instance").every(({ auto_minor_version_upgrade: follows }) => follows)).toBe(true);
    expect(one(anAurora(), "aws_rds_cluster")).toMatchObject({ engine_version: "17", allow_major_version_upgrade: false });
    const upgraded = anAurora({ version: "18", majorUpgrade: true });
    expect(one(upgraded, "aws_rds_cluster")).toMatchObject({
      engine_version: "18",
      allow_major_version_upgrade: true,
      apply_immediately: true,
    });
    expect(one(upgraded, "aws_rds_cluster_parameter_group")).toMatchObject({
      name: "orders-test-read-database-18",
      family: "aurora-postgresql18",
      lifecycle: { create_before_destroy: true },
    });
  });

  it("is watched, and keeps its logs for a year under our key", () => {
    const json = anAurora({ insights: "advanced" });
    expect(one(json, "aws_rds_cluster")).toMatchObject({
      database_insights_mode: "advanced",
      performance_insights_retention_period: 465,
      enabled_cloudwatch_logs_exports: ["postgresql"],
    });
    expect(one(json, "aws_cloudwatch_log_group")).toMatchObject({
      name: "/aws/rds/cluster/orders-test-read-database/postgresql",
      retention_in_days: 365,
      kms_key_id: "arn:aws:kms:logs",
    });
    const [trust] = statements(one(json, "aws_iam_role").assume_role_policy);
    expect(trust?.Condition).toEqual({
      StringEquals: { "aws:SourceAccount": "111122223333" },
      ArnLike: { "aws:SourceArn": "arn:aws:rds:eu-west-1:111122223333:db:orders-test-*" },
    });
  });

  it("takes settings in PostgreSQL's units, and those it reads at its start at the next one", () => {
    const group = one(anAurora({ parameters: { shared_buffers: "256MB", work_mem: "16MB" } }), "aws_rds_cluster_parameter_group");
    expect(group.parameter).toEqual(
      expect.arrayContaining([
        { name: "shared_buffers", value: "32768", apply_method: "pending-reboot" },
        { name: "work_mem", value: "16384", apply_method: "immediate" },
        { name: "max_connections", value: "200", apply_method: "pending-reboot" },
      ]),
    );
  });

  it("takes settings that are stronger than its own", () => {
    const parameters = { ssl_min_protocol_version: "TLSv1.3" };
    expect(auroraRefusals({ parameters })).toEqual([]);
    expect(settings(one(anAurora({ parameters }), "aws_rds_cluster_parameter_group"))).toMatchObject(parameters);
  });

  it("has settings of its size with the size's own instance only", () => {
    const group = one(anAurora({ instance: { cpu: 8, memory: "64Gi" } }), "aws_rds_cluster_parameter_group");
    expect(settings(group)).not.toHaveProperty("max_connections");
  });

  it("takes what an event store of 100,000 events a month asks for", () => {
    const parameters = { max_connections: 200, shared_buffers: "256MB", effective_cache_size: "1GB", work_mem: "16MB" };
    expect(auroraRefusals({ size: "medium", parameters })).toEqual([]);
    expect(auroraRefusals({ size: "large", parameters })).toEqual([]);
  });

  it("changes its size without another address of what holds data, and without what would replace it", () => {
    const sizes: readonly Size[] = ["small", "medium", "large"];
    const [small, ...larger] = sizes.map((size) => anAurora({ size }));
    for (const json of larger) {
      expect(stateful(json, HOLDS_DATA)).toEqual(stateful(small ?? {}, HOLDS_DATA));
      expect(one(json, "aws_rds_cluster")).toEqual(one(small ?? {}, "aws_rds_cluster"));
    }
    expect(larger.map((json) => all(json, "aws_rds_cluster_instance").map(({ instance_class }) => instance_class))).toEqual([
      ["db.r7g.large", "db.r7g.large"],
      ["db.r7g.xlarge", "db.r7g.xlarge", "db.r7g.xlarge"],
    ]);
  });

  it("replicates to other regions as a global database, which keeps the cluster as it is", () => {
    const globalDatabase = { identifier: "orders-test-read-database", minorVersion: 5 };
    const json = anAurora({ globalDatabase });
    expect(one(json, "aws_rds_global_cluster")).toMatchObject({
      global_cluster_identifier: "orders-test-read-database",
      deletion_protection: true,
      lifecycle: { prevent_destroy: true },
    });
    const { engine_version: version, lifecycle, ...rest } = one(json, "aws_rds_cluster");
    const { engine_version: _, lifecycle: __, ...before } = one(anAurora(), "aws_rds_cluster");
    expect(rest).toEqual(before);
    expect(version).toBe("17.5");
    expect(lifecycle.prevent_destroy).toBe(true);
    expect(policiesOfAurora({ globalDatabase })).toEqual([]);
  });

  it("joins a global database as a secondary, without users and passwords of its own", () => {
    const globalDatabase = { identifier: "orders-other-read-database", minorVersion: 5, joinedFrom: "eu-central-1" };
    const secondary = anAurora({ globalDatabase: { ...globalDatabase, secondary: true } });
    expect(one(secondary, "aws_rds_cluster")).toMatchObject({
      global_cluster_identifier: "orders-other-read-database",
      source_region: "eu-central-1",
    });
    expect(one(secondary, "aws_rds_cluster")).not.toHaveProperty("master_username");
    expect(one(secondary, "aws_rds_cluster")).not.toHaveProperty("master_password_wo");
    expect(one(secondary, "aws_secretsmanager_secret_version").secret_string_wo_version).toBe(0);
    expect(secondary.resource).not.toHaveProperty("aws_rds_global_cluster");
    const promoted = anAurora({ globalDatabase });
    expect(one(promoted, "aws_rds_cluster").master_password_wo_version).toBe(1);
    expect(one(promoted, "aws_secretsmanager_secret_version").secret_string_wo_version).toBe(1);
    expect(policiesOfAurora({ globalDatabase: { ...globalDatabase, secondary: true } })).toEqual([]);
  });

  it("breaks no policy where data is protected, and is found out where it is not", () => {
    expect(policiesOfAurora({ replicas: 2 })).toEqual([]);
    expect(policiesOfAurora({ protect: false })).toEqual([
      expect.stringContaining("(data-is-kept)"),
      expect.stringContaining("(data-is-kept)"),
    ]);
  });

  it.each<[Parameters<typeof auroraRefusals>[0], readonly string[]]>([
    [{ replicas: 16 }, ["replicas: 16 readers are not what Aurora has; use 0 to 15"]],
    [{ replicas: 1.5 }, ["replicas: 1.5 readers are not what Aurora has; use 0 to 15"]],
    [{ zones: { a: "subnet-a" } }, [`zones: ["a"] leaves nothing when a zone fails, and RDS refuses it; name two or three`]],
    [{ keep: "36d" }, [`keep: "36d" is not what RDS keeps; use 1d to 35d`]],
    [{ keep: "12h" }, [`keep: "12h" is not what RDS keeps; use 1d to 35d`]],
    [{ keep: "0d" }, [`keep: "0d" is nothing at all; write a number and a unit, like "30d"`]],
    [{ version: "13" as "15" }, [`version: "13" is not offered; use one of 15, 16, 17, 18`]],
    [
      { instance: { cpu: 1, memory: "1Gi" } },
      [
        `instance: {"cpu":1,"memory":"1Gi"} is not an available size; use cores and memory of 2 with 4Gi, 2 with 8Gi, 2 with 16Gi, ` +
          "4 with 32Gi, 8 with 64Gi, 16 with 128Gi, 32 with 256Gi, 48 with 384Gi, 64 with 512Gi",
      ],
    ],
    [
      { windows: { backup: "02:00-03:00" } },
      [`windows: "02:00-03:00" meets the maintenance at sun:02:00-sun:03:00, and AWS does one at a time; keep them apart`],
    ],
    [
      { size: "small", globalDatabase: { identifier: "orders-test-read-database", minorVersion: 0.5 } },
      [
        "globalDatabase: 0.5 is not a minor version; use a whole number: 5 for 17.5",
        'globalDatabase: {"cpu":2,"memory":"4Gi"} is a burstable instance, which global databases don\'t support; use one with 16Gi of memory or more',
      ],
    ],
    [
      { restore: { snapshot: "arn:aws:rds:snapshot" }, globalDatabase: { identifier: "a", minorVersion: 5, joinedFrom: "eu-central-1" } },
      ["globalDatabase: can't be combined with restore: a secondary has the data of the primary; leave out restore"],
    ],
    [{ passwordDrawing: 0 }, ["passwordDrawing: 0 must be a whole number of repetitions; use a whole number from 1"]],
    [{ parameters: { "rds.force_ssl": 0 } }, [`parameters: "rds.force_ssl = 0" allows connections in plaintext; leave it out`]],
    [
      { parameters: { log_statement: "all" } },
      [`parameters: "log_statement = all" writes passwords into the log, when a role is given one; leave it out`],
    ],
    [{ parameters: { fsync: "off" } }, [`parameters: "fsync = off" can corrupt the database after a crash of the machine; leave it out`]],
    [
      { parameters: { ssl_min_protocol_version: "TLSv1.1" } },
      [`parameters: "ssl_min_protocol_version = TLSv1.1" takes versions of TLS that are broken; leave it out`],
    ],
    [
      { size: "small", parameters: { max_connections: 300 } },
      [
        "parameters: 300 connections of 4 MiB work_mem and 10 MiB of their own, 2397 MiB shared_buffers and 3 vacuums of 64 MiB " +
          "are 6789 MiB, more than the 4096 MiB of memory; use at most 107 connections, or less work_mem, or take more memory",
      ],
    ],
    [
      { region: "mx-central-1" },
      [
        "authority: Amazon's certificates of mx-central-1 are not available in the platform; give them, from truststore.pki.rds.amazonaws.com",
      ],
    ],
  ])("refuses %j", (changes, messages) => {
    expect(auroraRefusals(changes)).toEqual(messages.map((message) => `test/db.${message}`));
  });
});

const HOLDS_DATA = ["aws_rds_cluster", "aws_secretsmanager_secret"];
