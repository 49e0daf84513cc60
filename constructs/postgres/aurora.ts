import { RdsCluster } from "@cdktf/provider-aws/lib/rds-cluster";
import { RdsClusterInstance } from "@cdktf/provider-aws/lib/rds-cluster-instance";
import { RdsClusterParameterGroup } from "@cdktf/provider-aws/lib/rds-cluster-parameter-group";
import { RdsGlobalCluster } from "@cdktf/provider-aws/lib/rds-global-cluster";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import type { Size } from "../sizing";
import { type DatabaseInstance, isBurstable } from "./instances";
import { type ManagedPostgresProps, Surroundings } from "./managed";
import type { PostgresParameters } from "./parameters";

export interface AuroraPostgresProps extends ManagedPostgresProps {
  readonly size: Size;

  /**
   * Readers in addition to the writer, spread over the zones, at most 15. The first of them is promoted if the writer fails. Without
   * readers, AWS creates a new writer, which takes about ten minutes.
   * @default - 0, 1 or 2, by size
   */
  readonly replicas?: number;

  /**
   * Pricing of storage: `standard` charges for each operation, `io-optimized` only for capacity, which is cheaper if operations are more
   * than a quarter of the bill. It can be changed once in 30 days.
   * @default "standard"
   */
  readonly storage?: "standard" | "io-optimized";

  /**
   * Makes it a cluster of an Aurora global database. A secondary can only be created as such: an existing cluster can't join a global database.
   * @default - it replicates to no other region
   */
  readonly globalDatabase?: AuroraGlobalDatabase;
}

/** Part of a cluster in an Aurora global database. */
export interface AuroraGlobalDatabase {
  /** Identifier of the global database, the same in all of its clusters. */
  readonly identifier: string;

  /**
   * Region of the primary when this cluster is created as a secondary. Only read at creation.
   * @default - the global database is created from this cluster, which may exist already
   */
  readonly joinedFrom?: string;

  /**
   * Minor version: 5 for 17.5. AWS requires the same of all clusters, and doesn't upgrade it automatically. To upgrade, raise it in the
   * secondaries first.
   */
  readonly minorVersion: number;

  /**
   * Marks a cluster that is a secondary now: it is read-only, and its administrator has the password of the primary. Remove it after a failover
   * or a switchover: the next apply generates a new password.
   * @default false
   */
  readonly secondary?: boolean;
}

/** Settings of each size. Parameters apply to the size's own instance only: another instance has the defaults. */
export const AURORA_SIZES: Readonly<Record<Size, { instance: DatabaseInstance; replicas: number; parameters: PostgresParameters }>> = {
  small: { instance: { cpu: 2, memory: "4Gi" }, replicas: 0, parameters: { max_connections: 100 } },
  medium: { instance: { cpu: 2, memory: "16Gi" }, replicas: 1, parameters: { max_connections: 200 } },
  large: { instance: { cpu: 4, memory: "32Gi" }, replicas: 2, parameters: { max_connections: 400 } },
};

/** Maximum number of readers (Aurora, number of Aurora Replicas in a cluster). */
const MOST_REPLICAS = 15;

/**
 * PostgreSQL on Aurora: a writer and readers that share a volume replicated over three zones. No change of the size or of the number of
 * readers changes the cluster's address or its data.
 */
export class AuroraPostgres extends Construct {
  /** Host name for writes. */
  readonly writer: string;

  /** Host name for reads, over all readers; the writer's if there are none. */
  readonly reader: string;

  readonly port = 5432;
  readonly arn: string;

  /** CA certificates of its server certificate, as PEM. */
  readonly authority: string;

  /** Dependencies of its clients. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: AuroraPostgresProps) {
    super(scope, id);
    const size = AURORA_SIZES[props.size];
    const { replicas = size.replicas, instance = size.instance, protect, keys, securityGroupIds, globalDatabase } = props;
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > MOST_REPLICAS) {
      refuse(this, [{ value: replicas, rule: "readers are not what Aurora has", remedy: `use 0 to ${MOST_REPLICAS}` }], "replicas");
    }
    if (globalDatabase) refuse(this, globalProblems(globalDatabase, instance, props.restore), "globalDatabase");
    const around = new Surroundings(this, "around", {
      ...props,
      isReplica: globalDatabase?.secondary ?? false,
      engine: ENGINE,
      instance,
      parameters: { ...(props.instance ? {} : size.parameters), ...props.parameters },
    });
    const settings = new RdsClusterParameterGroup(this, "settings", {
      name: `${around.identifier}-${around.version}`,
      description: `Settings of ${around.identifier}`,
      family: `${ENGINE}${around.version}`,
      parameter: around.parameters,
      lifecycle: { createBeforeDestroy: true }, // the group of a new major version exists before the cluster changes to it
    });
    const { monitoringInterval, monitoringRoleArn, ...watched } = around.watched;
    const cluster = new RdsCluster(this, "cluster", {
      clusterIdentifier: around.identifier,
      engine: ENGINE,
      engineVersion: globalDatabase ? `${around.version}.${globalDatabase.minorVersion}` : around.version,
      allowMajorVersionUpgrade: props.majorUpgrade ?? false,
      port: this.port,
      dbSubnetGroupName: around.subnetGroup.name,
      vpcSecurityGroupIds: [...securityGroupIds],
      dbClusterParameterGroupName: settings.name,
      // A secondary is created with the users of the primary, and AWS refuses others.
      ...(globalDatabase?.joinedFrom
        ? { globalClusterIdentifier: globalDatabase.identifier, sourceRegion: globalDatabase.joinedFrom }
        : { masterUsername: around.administrator }),
      ...(globalDatabase?.secondary
        ? {}
        : { masterPasswordWo: around.password.value("password"), masterPasswordWoVersion: around.passwordDrawing }),
      iamDatabaseAuthenticationEnabled: true,
      storageEncrypted: true,
      kmsKeyId: keys.data,
      ...restored(props.restore),
      storageType: props.storage === "io-optimized" ? "aurora-iopt1" : "", // AWS represents "standard" as ""
      backupRetentionPeriod: around.keepDays,
      preferredBackupWindow: around.windows.backup,
      preferredMaintenanceWindow: around.windows.maintenance,
      deleteAutomatedBackups: !protect,
      deletionProtection: protect,
      skipFinalSnapshot: !protect,
      finalSnapshotIdentifier: `${around.identifier}-final`,
      copyTagsToSnapshot: watched.copyTagsToSnapshot,
      enabledCloudwatchLogsExports: [...LOGS],
      databaseInsightsMode: props.insights ?? "standard",
      performanceInsightsEnabled: watched.performanceInsightsEnabled,
      performanceInsightsKmsKeyId: watched.performanceInsightsKmsKeyId,
      performanceInsightsRetentionPeriod: watched.performanceInsightsRetentionPeriod,
      applyImmediately: watched.applyImmediately,
      tags: around.tags,
      lifecycle: { preventDestroy: protect, ignoreChanges: globalDatabase ? [...ROLE] : [...ORIGIN] },
      dependsOn: around.logs("cluster", around.identifier, LOGS),
    });
    exempt(cluster, "CKV2_AWS_8", "its automated backups restore to any second of their retention");
    if (!protect) exempt(cluster, "CKV_AWS_139", "its environment is disposable");
    around.password.writtenAfter(cluster);
    // No instance is permanently the writer: after a failover, the promoted instance stays the writer.
    const instances = Array.from(
      { length: 1 + replicas },
      (_, index) =>
        new RdsClusterInstance(this, `instance-${index + 1}`, {
          identifier: cloudName("database", ...props.name, props.store, String(index + 1)),
          clusterIdentifier: cluster.clusterIdentifier,
          engine: ENGINE,
          instanceClass: around.instanceClass,
          dbSubnetGroupName: around.subnetGroup.name,
          availabilityZone: around.zone(index),
          promotionTier: Math.min(index, 15), // the lowest tier is promoted first
          preferredMaintenanceWindow: around.windows.maintenance,
          ...watched,
          monitoringInterval,
          monitoringRoleArn,
          tags: { Name: cloudName("database", ...props.name, props.store, String(index + 1)) },
          lifecycle: { ignoreChanges: ["availability_zone"] }, // an additional zone applies to new instances only
          dependsOn: [around.monitoringRights],
        }),
    );
    if (globalDatabase && !globalDatabase.joinedFrom) {
      new RdsGlobalCluster(this, "global", {
        globalClusterIdentifier: globalDatabase.identifier,
        sourceDbClusterIdentifier: cluster.arn,
        forceDestroy: true, // the provider requires it with a source: a destroy detaches the clusters, and deletes none
        deletionProtection: protect,
        lifecycle: { preventDestroy: protect },
        dependsOn: instances, // AWS replicates from a writer
      });
    }
    this.writer = cluster.endpoint;
    this.reader = replicas > 0 ? cluster.readerEndpoint : cluster.endpoint;
    this.arn = cluster.arn;
    this.authority = around.authority;
    this.ready = [cluster, ...instances];
  }
}

/** Attributes of a cluster's origin. Without a global database any more, its cluster would otherwise be replaced. */
const ORIGIN = ["source_region", "master_username"] as const;

/** Attributes that follow from the role in a global database. A failover changes them, and reverting one would detach the cluster. */
const ROLE = ["global_cluster_identifier", "replication_source_identifier", ...ORIGIN] as const;

function globalProblems(
  { minorVersion, joinedFrom }: AuroraGlobalDatabase,
  instance: DatabaseInstance,
  restore: AuroraPostgresProps["restore"],
): Omit<Problem, "path">[] {
  return [
    ...(Number.isInteger(minorVersion) && minorVersion >= 0
      ? []
      : [{ value: minorVersion, rule: "is not a minor version", remedy: "use a whole number: 5 for 17.5" }]),
    ...(isBurstable(ENGINE, instance)
      ? [
          {
            value: instance,
            rule: "is a burstable instance, which global databases don't support",
            remedy: "use one with 16Gi of memory or more",
          },
        ]
      : []),
    ...(restore && joinedFrom
      ? [{ rule: "can't be combined with restore: a secondary has the data of the primary", remedy: "leave out restore" }]
      : []),
  ];
}

/** A full copy, because a clone would share the volume and the key of its source. */
function restored(restore: ManagedPostgresProps["restore"]) {
  if (!restore) return {};
  if ("snapshot" in restore) return { snapshotIdentifier: restore.snapshot };
  return {
    restoreToPointInTime: { sourceClusterIdentifier: restore.source, restoreType: "full-copy", restoreToTime: restore.time },
  };
}

const ENGINE = "aurora-postgresql";
const LOGS = ["postgresql"] as const;
