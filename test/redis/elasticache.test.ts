import { ElastiCache, type ElastiCacheProps } from "../../constructs/redis";
import type { Size } from "../../constructs/sizing";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const PROPS: ElastiCacheProps = {
  name: ["orders", "test"],
  store: "cache",
  purpose: "cache",
  zones: { a: "subnet-a", b: "subnet-b", c: "subnet-c" },
  securityGroupIds: ["sg-cache"],
  keys: { data: "arn:aws:kms:data", logs: "arn:aws:kms:logs" },
  protect: true,
  size: "medium",
};

const made = (changes: Partial<ElastiCacheProps>) => (stack: ConstructorParameters<typeof ElastiCache>[0]) =>
  void new ElastiCache(stack, "cache", { ...PROPS, ...changes });
const aCache = (changes: Partial<ElastiCacheProps> = {}): Body => synth(made(changes));
const refusals = (changes: Partial<ElastiCacheProps>) => refusalsOf(made(changes));
const group = (json: Body) => one(json, "aws_elasticache_replication_group");

describe("ElastiCache", () => {
  it("spreads keys over shards, each with replicas in other zones that take over", () => {
    expect(group(aCache({ shards: 3, replicasPerShard: 2 }))).toMatchObject({
      engine: "valkey",
      engine_version: "8.1",
      num_node_groups: 3,
      replicas_per_node_group: 2,
      automatic_failover_enabled: true,
      multi_az_enabled: true,
      security_group_ids: ["sg-cache"],
    });
  });

  it("is encrypted at rest by our key, and on the way", () => {
    expect(group(aCache())).toMatchObject({
      at_rest_encryption_enabled: "true",
      kms_key_id: "arn:aws:kms:data",
      transit_encryption_enabled: true,
      transit_encryption_mode: "required",
    });
  });

  it("has a user without a password as far as Terraform knows, who administers nothing", () => {
    const json = aCache();
    const user = one(json, "aws_elasticache_user");
    expect(user).toMatchObject({
      user_id: "orders-test-cache",
      user_name: "orders-test-cache",
      engine: "valkey",
      authentication_mode: { type: "iam" },
      tags: { Name: "orders-test-cache" },
      lifecycle: { ignore_changes: ["authentication_mode", "no_password_required", 'tags["password-digest"]', 'tags["password-former"]'] },
    });
    expect(user).not.toHaveProperty("passwords");
    expect(user.access_string).not.toMatch(/\+@(all|admin|dangerous)/);
    expect(one(json, "aws_elasticache_user_group").user_ids).toEqual([expect.stringContaining("aws_elasticache_user.")]);
    expect(group(json)).not.toHaveProperty("auth_token");
  });

  it("forgets what is used least when memory is full, and takes other settings", () => {
    const settings = one(aCache({ parameters: { "notify-keyspace-events": "Ex" } }), "aws_elasticache_parameter_group");
    expect(settings).toMatchObject({ name: "orders-test-cache-valkey8", family: "valkey8" });
    expect(settings.parameter).toEqual([
      { name: "cluster-enabled", value: "yes" },
      { name: "maxmemory-policy", value: "allkeys-lru" },
      { name: "notify-keyspace-events", value: "Ex" },
      { name: "reserved-memory-percent", value: "25" },
    ]);
  });

  it("keeps snapshots and a last one where data is protected, and leaves nothing behind where it is not", () => {
    expect(group(aCache())).toMatchObject({
      snapshot_retention_limit: 7,
      snapshot_window: "00:30-01:30",
      maintenance_window: "sun:02:00-sun:03:00",
      final_snapshot_identifier: "orders-test-cache-final",
      apply_immediately: false,
      lifecycle: { prevent_destroy: true },
    });
    const disposable = group(aCache({ protect: false }));
    expect(disposable).toMatchObject({
      snapshot_retention_limit: 0,
      replicas_per_node_group: 0,
      multi_az_enabled: false,
      apply_immediately: true,
      lifecycle: { prevent_destroy: false },
    });
    expect(disposable).not.toHaveProperty("final_snapshot_identifier");
  });

  it("logs what is slow and what it does, for a year under our key", () => {
    const json = aCache();
    expect(
      all(json, "aws_cloudwatch_log_group").map(({ name, retention_in_days, kms_key_id }) => [name, retention_in_days, kms_key_id]),
    ).toEqual([
      ["/aws/elasticache/orders-test-cache/engine-log", 365, "arn:aws:kms:logs"],
      ["/aws/elasticache/orders-test-cache/slow-log", 365, "arn:aws:kms:logs"],
    ]);
    expect(group(json).log_delivery_configuration.map(({ log_type }: Body) => log_type)).toEqual(["slow-log", "engine-log"]);
  });

  it("changes its size in place", () => {
    const sizes: readonly Size[] = ["small", "medium", "large"];
    const [small, ...larger] = sizes.map((size) => aCache({ size }));
    for (const json of larger) {
      expect(Object.keys(json.resource.aws_elasticache_replication_group)).toEqual(
        Object.keys(small?.resource.aws_elasticache_replication_group),
      );
      const { node_type, num_node_groups, ...rest } = group(json);
      expect(group(small ?? {})).toMatchObject(rest);
      expect([node_type, num_node_groups]).toEqual(json === larger[0] ? ["cache.m7g.large", 1] : ["cache.r7g.large", 3]);
    }
  });

  it.each<[Partial<ElastiCacheProps>, string]>([
    [
      { purpose: "store" },
      `purpose: "store" is not supported by ElastiCache before Valkey 9.0: it acknowledges a write before a replica has it, so a failover loses the write, and ` +
        "a lost node loses its memory; use valkey in the cluster with a log that is synced, or store the only copy of data in PostgreSQL or the " +
        "event store",
    ],
    [{ shards: 0 }, "shards: 0 must be a valid number of shards; use 1 to 500"],
    [{ shards: 501, replicasPerShard: 0, protect: false }, "shards: 501 must be a valid number of shards; use 1 to 500"],
    [{ shards: 300 }, "shards: 300 with 1 replicas each are 600 nodes, more than the 500 of a cluster; use fewer"],
    [{ replicasPerShard: 6 }, "replicasPerShard: 6 must be a valid number of replicas; use 0 to 5"],
    [
      { replicasPerShard: 0 },
      "replicasPerShard: 0 leaves no replica to fail over to, so a shard's keys are lost with its node; use 1 or more",
    ],
    [{ version: "9.9" as "8.1" }, `version: "9.9" is not offered; use one of 7.2, 8.0, 8.1`],
    [
      { node: "t2.micro" as "t4g.small" },
      `node: "t2.micro" is not offered; use one of t4g.small, t4g.medium, m7g.large, r7g.large, r7g.xlarge, r7g.2xlarge, r7g.4xlarge, ` +
        "r7g.8xlarge, r7g.12xlarge, r7g.16xlarge",
    ],
    [{ zones: { a: "subnet-a" } }, `zones: ["a"] leaves nothing when a zone fails; name two or three`],
    [{ keep: "36d" }, `keep: "36d" is not what ElastiCache keeps; use 1d to 35d`],
    [{ keep: "7" as "7d" }, `keep: "7" has no unit; use one of s, m, h, d, like "30d"`],
    [{ parameters: { "cluster-enabled": "no" } }, `parameters: "cluster-enabled" is yes on every cache; leave it out`],
    [{ windows: { backup: "00:30-01:00" } }, `windows: "00:30-01:00" is too short for a backup; use 60 minutes or more`],
    [
      { windows: { backup: "02:30-03:30" } },
      `windows: "02:30-03:30" meets the maintenance at sun:02:00-sun:03:00, and AWS does one at a time; keep them apart`,
    ],
  ])("refuses %j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/cache.${message}`]);
  });
});
