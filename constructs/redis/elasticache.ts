import { ElasticacheParameterGroup } from "@cdktf/provider-aws/lib/elasticache-parameter-group";
import { ElasticacheReplicationGroup } from "@cdktf/provider-aws/lib/elasticache-replication-group";
import { ElasticacheSubnetGroup } from "@cdktf/provider-aws/lib/elasticache-subnet-group";
import { ElasticacheUser } from "@cdktf/provider-aws/lib/elasticache-user";
import { ElasticacheUserGroup } from "@cdktf/provider-aws/lib/elasticache-user-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { type Duration, seconds } from "../core/quantities";
import { DEFAULT_ELASTICACHE_VALKEY, ELASTICACHE_VALKEY, type ValkeyVersion } from "../core/versions";
import { LogGroup } from "../logs";
import { WINDOWS, type Windows, windowProblems } from "../maintenance";
import type { SecretSpec } from "../secrets";
import type { Size } from "../sizing";
import type { Redis, RedisPurpose } from "./contract";

export interface ElastiCacheProps {
  /** Prefix of its names, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** Name of the store, the end of its names: `cache`. */
  readonly store: string;

  /** Only `cache` is accepted: replication is asynchronous, so a failover loses writes that replicas don't have yet. */
  readonly purpose: RedisPurpose;

  /** Data subnets by zone, two or more: `{ a: "subnet-1", b: "subnet-2" }`. They have no internet access. */
  readonly zones: Readonly<Record<string, string>>;

  readonly securityGroupIds: readonly string[];

  /** ARNs of the customer-managed KMS keys for its data and its logs. */
  readonly keys: { readonly data: string; readonly logs: string };

  /** Enables deletion protection and a final snapshot. Without it, changes are applied immediately. */
  readonly protect: boolean;

  readonly size: Size;

  /**
   * Retention of logs in days, one of the periods that CloudWatch Logs supports.
   * @default 365
   */
  readonly logDays?: number;

  /**
   * Node type, which determines the memory.
   * @default - the node type of its size
   */
  readonly node?: CacheNode;

  /**
   * Number of shards, at most 500. AWS moves keys between shards online; the default quota of an account is 90 nodes.
   * @default - 1, 1 or 3, by size
   */
  readonly shards?: number;

  /**
   * Replicas of each shard in other zones, at most 5. One is promoted if its shard's primary fails.
   * @default - 1, and 0 without `protect`
   */
  readonly replicasPerShard?: number;

  /** @default "8.1" */
  readonly version?: ValkeyVersion;

  /**
   * Parameters by their Valkey names: `{ "notify-keyspace-events": "Ex" }`.
   * @default - evicts the least recently used keys when memory is full
   */
  readonly parameters?: Readonly<Record<string, string>>;

  /** @default - at night in Europe */
  readonly windows?: Windows;

  /**
   * Retention of daily snapshots, 1 to 35 days.
   * @default - 7 days with `protect`, otherwise none
   */
  readonly keep?: Duration;
}

/** Memory of each node type in GiB, for data and overhead (ElastiCache, supported node types). */
export const CACHE_NODES = {
  "t4g.small": 1.37,
  "t4g.medium": 3.09,
  "m7g.large": 6.38,
  "r7g.large": 13.07,
  "r7g.xlarge": 26.32,
  "r7g.2xlarge": 52.82,
  "r7g.4xlarge": 105.81,
  "r7g.8xlarge": 209.55,
  "r7g.12xlarge": 317.77,
  "r7g.16xlarge": 419.09,
} as const;

/** A node type, without the prefix `cache.`. */
export type CacheNode = keyof typeof CACHE_NODES;

/** Node type and shards of each size. */
export const ELASTICACHE_SIZES: Readonly<Record<Size, { readonly node: CacheNode; readonly shards: number }>> = {
  small: { node: "t4g.small", shards: 1 },
  medium: { node: "m7g.large", shards: 1 },
  large: { node: "r7g.large", shards: 3 },
};

/** ElastiCache, quotas. */
const MOST = { shards: 500, replicas: 5, nodes: 500 } as const;

/** Parameters that users can't override. */
const FORCED: Readonly<Record<string, string>> = { "cluster-enabled": "yes" };

/** All commands except administrative ones, most of which ElastiCache disables itself. */
const RIGHTS = "on ~* &* -@all +@read +@write +@connection +@pubsub +@transaction +@scripting +@stream +cluster +info +memory|usage";

/**
 * Valkey on ElastiCache, always in cluster mode, so that shards can be added without a change of address. Its certificate is issued by
 * Amazon's public CA.
 *
 * Any password that Terraform sets on ElastiCache is stored in its state. Therefore its user is created without one: it signs in with an
 * IAM identity that may `elasticache:Connect`. For clients that can't, `CachePassword` sets a password outside Terraform, which applies
 * don't remove. From then on the user signs in with the password only.
 */
export class ElastiCache extends Construct {
  /** Configuration endpoint, from which clients discover the shards. */
  readonly host: string;

  readonly port = 6379;
  readonly clustered = true;

  /** Name of its user, which is also its id. */
  readonly user: string;
  readonly userArn: string;

  /** Dependencies for clients. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ElastiCacheProps) {
    super(scope, id);
    const size = ELASTICACHE_SIZES[props.size];
    const { name, store, protect, keys, zones, version = DEFAULT_ELASTICACHE_VALKEY, node = size.node, shards = size.shards } = props;
    const { replicasPerShard = protect ? 1 : 0, keep = protect ? "7d" : undefined } = props;
    const windows = { ...WINDOWS, ...props.windows };
    const identifier = cloudName("cache", ...name, store);
    const days = keep === undefined ? 0 : seconds(keep);
    this.check(props, { shards, replicasPerShard, version, node, windows, days, keep });

    const { family } = ELASTICACHE_VALKEY[version] ?? ELASTICACHE_VALKEY[DEFAULT_ELASTICACHE_VALKEY];
    const parameters = { "maxmemory-policy": "allkeys-lru", "reserved-memory-percent": "25", ...props.parameters, ...FORCED };
    const settings = new ElasticacheParameterGroup(this, "settings", {
      name: `${identifier}-${family}`,
      description: `Settings of ${identifier}`,
      family,
      parameter: Object.entries(parameters)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([parameter, value]) => ({ name: parameter, value })),
      lifecycle: { createBeforeDestroy: true },
    });
    const subnets = new ElasticacheSubnetGroup(this, "subnets", {
      name: identifier,
      description: `Data subnets of ${identifier}`,
      subnetIds: Object.values(zones),
    });
    // The only user: Valkey has no `default` user without a password, and, unlike Redis, needs none in its group. For IAM sign-in,
    // ElastiCache requires the name to equal the id.
    const user = new ElasticacheUser(this, "user", {
      userId: identifier,
      userName: identifier,
      engine: ENGINE,
      accessString: RIGHTS,
      authenticationMode: { type: "iam" },
      tags: { Name: identifier },
      // The password is set outside Terraform, which would remove it. Tags record its digest, and when the former password ends.
      lifecycle: { ignoreChanges: ["authentication_mode", "no_password_required", 'tags["password-digest"]', 'tags["password-former"]'] },
    });
    const users = new ElasticacheUserGroup(this, "users", { userGroupId: identifier, engine: ENGINE, userIds: [user.userId] });
    const group = new ElasticacheReplicationGroup(this, "group", {
      replicationGroupId: identifier,
      description: `${store} of ${name.join(" ")}`,
      engine: ENGINE,
      engineVersion: version,
      nodeType: `cache.${node}`,
      numNodeGroups: shards,
      replicasPerNodeGroup: replicasPerShard,
      automaticFailoverEnabled: true, // required by cluster mode
      multiAzEnabled: replicasPerShard > 0,
      port: this.port,
      parameterGroupName: settings.name,
      subnetGroupName: subnets.name,
      securityGroupIds: [...props.securityGroupIds],
      atRestEncryptionEnabled: "true",
      kmsKeyId: keys.data,
      transitEncryptionEnabled: true,
      transitEncryptionMode: "required",
      userGroupIds: [users.id],
      snapshotRetentionLimit: typeof days === "number" ? days / 86_400 : 0,
      snapshotWindow: windows.backup,
      maintenanceWindow: windows.maintenance,
      ...(protect ? { finalSnapshotIdentifier: `${identifier}-final` } : {}),
      // After an upgrade by AWS the version would differ from this one, and the provider replaces a cache for a lower version.
      autoMinorVersionUpgrade: "false",
      applyImmediately: !protect, // otherwise changes wait for the maintenance window, and plans show them until then
      logDeliveryConfiguration: LOGS.map((log) => ({
        destination: new LogGroup(this, log, { name: `/aws/elasticache/${identifier}/${log}`, key: keys.logs, days: props.logDays }).name,
        destinationType: "cloudwatch-logs",
        logFormat: "json",
        logType: log,
      })),
      tags: { Name: identifier },
      lifecycle: { preventDestroy: protect },
    });
    this.host = group.configurationEndpointAddress;
    this.user = identifier;
    this.userArn = user.arn;
    this.ready = [group];
  }

  private check(
    { purpose, protect, zones, parameters = {} }: ElastiCacheProps,
    {
      shards,
      replicasPerShard,
      version,
      node,
      windows,
      days,
      keep,
    }: {
      readonly shards: number;
      readonly replicasPerShard: number;
      readonly version: string;
      readonly node: string;
      readonly windows: Required<Windows>;
      readonly days: ReturnType<typeof seconds>;
      readonly keep: string | undefined;
    },
  ): void {
    const say = (property: string, ...problems: Parameters<typeof refuse>[1]) => refuse(this, problems, property);
    if (purpose === "store") {
      // Synchronous durability (Valkey 9.0 on ElastiCache) would allow it: `durability` needs version 6.51 of the AWS provider.
      say("purpose", {
        value: purpose,
        rule: "is not supported by ElastiCache before Valkey 9.0: it acknowledges a write before a replica has it, so a failover loses the write, and a lost node loses its memory",
        remedy: "use valkey in the cluster with a log that is synced, or store the only copy of data in PostgreSQL or the event store",
      });
    }
    const within = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most;
    if (!within(shards, 1, MOST.shards))
      say("shards", { value: shards, rule: "must be a valid number of shards", remedy: `use 1 to ${MOST.shards}` });
    else if (shards * (1 + replicasPerShard) > MOST.nodes) {
      say("shards", {
        value: shards,
        rule: `with ${replicasPerShard} replicas each are ${shards * (1 + replicasPerShard)} nodes, more than the ${MOST.nodes} of a cluster`,
        remedy: "use fewer",
      });
    }
    if (!within(replicasPerShard, 0, MOST.replicas)) {
      say("replicasPerShard", { value: replicasPerShard, rule: "must be a valid number of replicas", remedy: `use 0 to ${MOST.replicas}` });
    } else if (replicasPerShard === 0 && protect) {
      say("replicasPerShard", {
        value: replicasPerShard,
        rule: "leaves no replica to fail over to, so a shard's keys are lost with its node",
        remedy: "use 1 or more",
      });
    }
    if (!(version in ELASTICACHE_VALKEY)) {
      say("version", { value: version, rule: "is not offered", remedy: `use one of ${Object.keys(ELASTICACHE_VALKEY).join(", ")}` });
    }
    if (!(node in CACHE_NODES))
      say("node", { value: node, rule: "is not offered", remedy: `use one of ${Object.keys(CACHE_NODES).join(", ")}` });
    if (Object.keys(zones).length < 2) {
      say("zones", { value: Object.keys(zones), rule: "leaves nothing when a zone fails", remedy: "name two or three" });
    }
    if (typeof days !== "number") say("keep", { value: keep, ...days });
    else if (keep !== undefined && !within(days / 86_400, 1, 35)) {
      say("keep", { value: keep, rule: "is not what ElastiCache keeps", remedy: "use 1d to 35d" });
    }
    for (const [parameter, value] of Object.entries(FORCED)) {
      if (parameter in parameters) say("parameters", { value: parameter, rule: `is ${value} on every cache`, remedy: "leave it out" });
    }
    // ElastiCache, scheduling maintenance and backups: an hour each.
    say("windows", ...windowProblems(windows, { maintenance: 60, backup: 60 }));
  }
}

/** Connection values of an ElastiCache: its certificate is publicly trusted, its user has the password of `CachePassword`. */
export function elastiCacheRedis(
  known: Pick<Redis, "name" | "host" | "user" | "peers"> & { readonly passwords: SecretSpec; readonly home: string },
): Redis {
  const { name, host, user, peers, passwords, home } = known;
  return { name, host, clustered: true, authority: "public", peers, user, password: { secret: passwords, home, key: "default" } };
}

const ENGINE = "valkey";
const LOGS = ["slow-log", "engine-log"] as const;
