import { RdsCluster } from "@cdktf/provider-aws/lib/rds-cluster";
import { RdsClusterInstance } from "@cdktf/provider-aws/lib/rds-cluster-instance";
import { RdsClusterParameterGroup } from "@cdktf/provider-aws/lib/rds-cluster-parameter-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import type { Size } from "../sizing";
import type { DatabaseInstance } from "./instances";
import { type ManagedPostgresProps, Surroundings } from "./managed";
import type { PostgresParameters } from "./parameters";

export interface AuroraPostgresProps extends ManagedPostgresProps {
  readonly size: Size;

  /**
   * Readers beside the writer, over the zones, at most 15. The first of them takes over when the writer fails; without
   * one, AWS makes a new writer, which takes some ten minutes.
   * @default - 0, 1 or 2, by size
   */
  readonly replicas?: number;

  /**
   * What storage costs: `standard` by the operation, `io-optimized` by the gigabyte alone, which is cheaper where
   * operations are more than a quarter of the bill. It can be changed once in 30 days.
   * @default "standard"
   */
  readonly storage?: "standard" | "io-optimized";
}

/** What a size means. Settings hold for the size's own instance: another one goes without. */
export const AURORA_SIZES: Readonly<Record<Size, { instance: DatabaseInstance; replicas: number; parameters: PostgresParameters }>> = {
  small: { instance: { cpu: 2, memory: "4Gi" }, replicas: 0, parameters: { max_connections: 100 } },
  medium: { instance: { cpu: 2, memory: "16Gi" }, replicas: 1, parameters: { max_connections: 200 } },
  large: { instance: { cpu: 4, memory: "32Gi" }, replicas: 2, parameters: { max_connections: 400 } },
};

/** Aurora, number of Aurora Replicas in a cluster. */
const MOST_REPLICAS = 15;

/**
 * PostgreSQL on Aurora: a writer and readers over a volume that is in three zones already. No size, and no number of
 * readers, changes the cluster's address or its data.
 */
export class AuroraPostgres extends Construct {
  /** Where is written. */
  readonly writer: string;

  /** Where is read, over all readers; the writer where there are none. */
  readonly reader: string;

  readonly port = 5432;
  readonly arn: string;

  /** The certificates that sign its own, as PEM. */
  readonly authority: string;

  /** What comes before whoever uses it. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: AuroraPostgresProps) {
    super(scope, id);
    const size = AURORA_SIZES[props.size];
    const { replicas = size.replicas, instance = size.instance, protect, keys, securityGroupIds } = props;
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > MOST_REPLICAS) {
      refuse(this, [{ value: replicas, rule: "readers are not what Aurora has", remedy: `use 0 to ${MOST_REPLICAS}` }], "replicas");
    }
    const around = new Surroundings(this, "around", {
      ...props,
      engine: ENGINE,
      instance,
      parameters: { ...(props.instance ? {} : size.parameters), ...props.parameters },
    });
    const settings = new RdsClusterParameterGroup(this, "settings", {
      name: `${around.identifier}-${around.version}`,
      description: `Settings of ${around.identifier}`,
      family: `${ENGINE}${around.version}`,
      parameter: around.parameters,
      lifecycle: { createBeforeDestroy: true }, // that of a new major version is there before the cluster changes to it
    });
    const { monitoringInterval, monitoringRoleArn, ...watched } = around.watched;
    const cluster = new RdsCluster(this, "cluster", {
      clusterIdentifier: around.identifier,
      engine: ENGINE,
      engineVersion: around.version,
      allowMajorVersionUpgrade: props.majorUpgrade ?? false,
      port: this.port,
      dbSubnetGroupName: around.subnetGroup.name,
      vpcSecurityGroupIds: [...securityGroupIds],
      dbClusterParameterGroupName: settings.name,
      masterUsername: around.administrator,
      masterPasswordWo: around.password.value("password"),
      masterPasswordWoVersion: props.passwordDrawing ?? 1,
      iamDatabaseAuthenticationEnabled: true,
      storageEncrypted: true,
      kmsKeyId: keys.data,
      storageType: props.storage === "io-optimized" ? "aurora-iopt1" : "", // "" is what AWS calls the other
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
      lifecycle: { preventDestroy: protect },
      dependsOn: around.logs("cluster", around.identifier, LOGS),
    });
    exempt(cluster, "CKV2_AWS_8", "its automated backups restore to any second of their retention");
    if (!protect) exempt(cluster, "CKV_AWS_139", "its environment may be thrown away");
    around.password.writtenAfter(cluster);
    // No instance is the writer for good: whichever is when another fails stays it.
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
          promotionTier: Math.min(index, 15), // the lowest is the first to take over
          preferredMaintenanceWindow: around.windows.maintenance,
          ...watched,
          monitoringInterval,
          monitoringRoleArn,
          tags: { Name: cloudName("database", ...props.name, props.store, String(index + 1)) },
          lifecycle: { ignoreChanges: ["availability_zone"] }, // a further zone is for instances to come
          dependsOn: [around.monitoringRights],
        }),
    );
    this.writer = cluster.endpoint;
    this.reader = replicas > 0 ? cluster.readerEndpoint : cluster.endpoint;
    this.arn = cluster.arn;
    this.authority = around.authority;
    this.ready = [cluster, ...instances];
  }
}

const ENGINE = "aurora-postgresql";
const LOGS = ["postgresql"] as const;
