import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { DbParameterGroup } from "@cdktf/provider-aws/lib/db-parameter-group";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { type Bytes, bytes } from "../core/quantities";
import { exempt } from "../policy/contract";
import type { Size } from "../sizing";
import type { DatabaseInstance } from "./instances";
import { type ManagedPostgresProps, Surroundings } from "./managed";
import type { PostgresParameters } from "./parameters";

export interface RdsPostgresProps extends ManagedPostgresProps {
  readonly size: Size;

  /**
   * Read replicas spread over the zones, at most 15, with a short lag. None is promoted if the primary fails: the standby is, which serves
   * no reads.
   * @default - 0, 0 or 2, by size
   */
  readonly replicas?: number;

  /**
   * Adds a synchronous standby in another zone.
   * @default - true with `protect`
   */
  readonly standby?: boolean;

  /**
   * Disk size (gp3), from 20Gi. It grows in place, by at least a tenth and once in six hours, and never shrinks.
   * @default - 20Gi, 100Gi or 400Gi, by size
   */
  readonly storage?: Bytes;

  /**
   * Maximum size for automatic growth of a disk that is nearly full.
   * @default - twice its size
   */
  readonly storageMaximum?: Bytes;

  /**
   * Disk performance: IOPS, and throughput in MB/s. Below 400Gi they are 3,000 and 125 and can't be changed.
   * @default - 12,000 and 500 from 400Gi on
   */
  readonly performance?: { readonly iops: number; readonly throughput: number };
}

/** Settings of each size. Parameters apply to the size's own instance only: another instance has the defaults. */
export const RDS_SIZES: Readonly<
  Record<Size, { instance: DatabaseInstance; replicas: number; storage: Bytes; parameters: PostgresParameters }>
> = {
  small: { instance: { cpu: 2, memory: "4Gi" }, replicas: 0, storage: "20Gi", parameters: { max_connections: 100 } },
  medium: { instance: { cpu: 2, memory: "8Gi" }, replicas: 0, storage: "100Gi", parameters: { max_connections: 200 } },
  large: { instance: { cpu: 4, memory: "32Gi" }, replicas: 2, storage: "400Gi", parameters: { max_connections: 400 } },
};

/** Maximum read replicas of an instance (RDS for PostgreSQL). */
const MOST_REPLICAS = 15;

const GI = 2 ** 30;

/** Limits of gp3 storage for PostgreSQL, in GiB, IOPS and MiB/s (RDS, DB instance storage). */
const STORAGE = { least: 20, most: 65_536, chosenFrom: 400, iops: [12_000, 64_000], throughput: [500, 4000] } as const;

/**
 * PostgreSQL on an RDS instance. No change of the size changes the primary's address or its data. Its password is not managed by RDS, which
 * supports neither replicas nor blue/green deployments of an instance whose password it manages.
 */
export class RdsPostgres extends Construct {
  /** Host name for writes. */
  readonly writer: string;

  /**
   * Comma-separated host names for reads: all replicas, or the primary if there are none. RDS has no common name for them, and a custom
   * name would be in none of their certificates.
   */
  readonly reader: string;

  readonly port = 5432;
  readonly arn: string;

  /** CA certificates of its server certificate, as PEM. */
  readonly authority: string;

  /** Dependencies of its clients. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: RdsPostgresProps) {
    super(scope, id);
    const size = RDS_SIZES[props.size];
    const { replicas = size.replicas, instance = size.instance, protect, keys, securityGroupIds, standby = protect } = props;
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > MOST_REPLICAS) {
      refuse(this, [{ value: replicas, rule: "read replicas are not what RDS has", remedy: `use 0 to ${MOST_REPLICAS}` }], "replicas");
    }
    const around = new Surroundings(this, "around", {
      ...props,
      engine: ENGINE,
      instance,
      parameters: { ...(props.instance ? {} : size.parameters), ...props.parameters },
    });
    const storage = this.storage(props, size.storage);
    const settings = new DbParameterGroup(this, "settings", {
      name: `${around.identifier}-${around.version}`,
      description: `Settings of ${around.identifier}`,
      family: `${ENGINE}${around.version}`,
      parameter: around.parameters,
      lifecycle: { createBeforeDestroy: true }, // the group of a new major version exists before the instance changes to it
    });
    const everywhere = {
      instanceClass: around.instanceClass,
      parameterGroupName: settings.name,
      vpcSecurityGroupIds: [...securityGroupIds],
      storageEncrypted: true,
      iamDatabaseAuthenticationEnabled: true,
      enabledCloudwatchLogsExports: [...LOGS],
      databaseInsightsMode: props.insights ?? "standard",
      maintenanceWindow: around.windows.maintenance,
      port: this.port,
      ...storage,
      ...around.watched,
    };
    const primary = new DbInstance(this, "primary", {
      ...everywhere,
      identifier: around.identifier,
      engine: ENGINE,
      engineVersion: around.version,
      allowMajorVersionUpgrade: props.majorUpgrade ?? false,
      dbSubnetGroupName: around.subnetGroup.name,
      multiAz: standby,
      username: around.administrator,
      passwordWo: around.password.value("password"),
      passwordWoVersion: props.passwordDrawing ?? 1,
      // RDS restores an instance under the key of its backup (RestoreDBInstanceToPointInTime has no key).
      ...(props.restore ? restored(props.restore) : { kmsKeyId: keys.data }),
      backupRetentionPeriod: around.keepDays,
      backupWindow: around.windows.backup,
      deleteAutomatedBackups: !protect,
      deletionProtection: protect,
      skipFinalSnapshot: !protect,
      finalSnapshotIdentifier: `${around.identifier}-final`,
      tags: around.tags,
      lifecycle: { preventDestroy: protect },
      dependsOn: [around.monitoringRights, ...around.logs("instance", around.identifier, LOGS)],
    });
    if (!protect) exempt(primary, "CKV_AWS_293", "its environment is disposable");
    if (!standby) exempt(primary, "CKV_AWS_157", "the environment has no standby");
    around.password.writtenAfter(primary);
    const copies = Array.from({ length: replicas }, (_, index) => {
      const identifier = cloudName("database", ...props.name, props.store, "replica", String(index + 1));
      const replica = new DbInstance(this, `replica-${index + 1}`, {
        ...everywhere,
        identifier,
        replicateSourceDb: primary.identifier,
        availabilityZone: around.zone(index),
        multiAz: false,
        deletionProtection: protect,
        skipFinalSnapshot: true,
        tags: { Name: identifier },
        lifecycle: { ignoreChanges: ["availability_zone"] }, // an additional zone applies to new replicas only
        dependsOn: around.logs("instance", identifier, LOGS, `replica-${index + 1}-logs`),
      });
      for (const rule of ["data-is-kept", "backups-select-it"]) exempt(replica, rule, "holds a copy of what its primary keeps");
      if (!protect) exempt(replica, "CKV_AWS_293", "its environment is disposable");
      exempt(replica, "CKV_AWS_157", "a replica has other replicas and the primary beside it");
      return replica;
    });
    this.writer = primary.address;
    this.reader = copies.length > 0 ? copies.map(({ address }) => address).join(",") : primary.address;
    this.arn = primary.arn;
    this.authority = around.authority;
    this.ready = [primary, ...copies];
  }

  private storage({ storage, storageMaximum, performance }: RdsPostgresProps, ofSize: Bytes) {
    const asked = storage ?? ofSize;
    const [size, most] = [bytes(asked), storageMaximum === undefined ? undefined : bytes(storageMaximum)];
    if (typeof size !== "number") refuse(this, [{ value: asked, ...size }], "storage");
    if (most !== undefined && typeof most !== "number") refuse(this, [{ value: storageMaximum, ...most }], "storageMaximum");
    const gib = typeof size === "number" ? size / GI : 0;
    const maximum = typeof most === "number" ? most / GI : Math.min(gib * 2, STORAGE.most);
    if (typeof size === "number" && (gib < STORAGE.least || gib > STORAGE.most || !Number.isInteger(gib))) {
      refuse(
        this,
        [
          {
            value: asked,
            rule: "is not a storage size of RDS",
            remedy: `use whole Gi from ${STORAGE.least}Gi to ${STORAGE.most / 1024}Ti`,
          },
        ],
        "storage",
      );
    }
    // RDS, storage autoscaling: the maximum must be at least a tenth above the current size.
    if (typeof most === "number" && (maximum < (gib * 11) / 10 || maximum > STORAGE.most)) {
      refuse(
        this,
        [
          {
            value: storageMaximum,
            rule: `leaves ${asked} no space to grow`,
            remedy: `use ${Math.ceil((gib * 11) / 10)}Gi to ${STORAGE.most / 1024}Ti`,
          },
        ],
        "storageMaximum",
      );
    }
    const chosen = gib >= STORAGE.chosenFrom;
    if (performance) this.refusePerformance(performance, chosen);
    const { iops, throughput } = performance ?? { iops: STORAGE.iops[0], throughput: STORAGE.throughput[0] };
    return {
      storageType: "gp3",
      allocatedStorage: gib,
      maxAllocatedStorage: maximum,
      ...(chosen ? { iops, storageThroughput: throughput } : {}),
    };
  }

  private refusePerformance({ iops, throughput }: { iops: number; throughput: number }, chosen: boolean): void {
    const property = "performance";
    if (!chosen) {
      refuse(this, [{ rule: `can't be chosen below ${STORAGE.chosenFrom}Gi`, remedy: "leave it out, or take a larger disk" }], property);
      return;
    }
    const within = (value: number, [least, most]: readonly [number, number]) => value >= least && value <= most;
    if (!within(iops, STORAGE.iops) || !within(throughput, STORAGE.throughput)) {
      const ranges = `${STORAGE.iops.join(" to ")} operations and ${STORAGE.throughput.join(" to ")} MB`;
      refuse(this, [{ value: { iops, throughput }, rule: "is not what gp3 offers", remedy: `use ${ranges} a second` }], property);
    } else if (throughput > iops / 4) {
      refuse(
        this,
        [{ value: { iops, throughput }, rule: "moves more than a quarter MB each operation", remedy: "use more operations" }],
        property,
      );
    }
  }
}

function restored(restore: NonNullable<ManagedPostgresProps["restore"]>) {
  if ("snapshot" in restore) return { snapshotIdentifier: restore.snapshot };
  return { restoreToPointInTime: { sourceDbInstanceIdentifier: restore.source, restoreTime: restore.time } };
}

const ENGINE = "postgres";
const LOGS = ["postgresql", "upgrade"] as const;
