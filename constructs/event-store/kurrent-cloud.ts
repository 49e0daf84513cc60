import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes } from "../core/quantities";
import { DEFAULT_KURRENT_CLOUD, type KurrentCloudVersion } from "../core/versions";
import { type KurrentCloudInstanceType, KurrentCloudManagedCluster, type KurrentCloudTopology } from "./kurrent-cloud/managed-cluster";
import { KurrentCloudNetwork } from "./kurrent-cloud/network";
import { KurrentCloudPeering } from "./kurrent-cloud/peering";
import { KurrentCloudProject } from "./kurrent-cloud/project";
import { KurrentCloudScheduledBackup } from "./kurrent-cloud/scheduled-backup";
import { type KurrentCloudBackup, kurrentCloudBackupProblems, scheduleOf } from "./kurrent-cloud-backup";
import { kurrentCloudNetworkProblems } from "./kurrent-cloud-network";

export interface KurrentCloudProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /**
   * Size, which sets the defaults of the settings below. `production`: three nodes in three zones, `m32`, 1 TiB. `development`: one node,
   * `c4`, 100 GiB, unavailable if its zone fails.
   */
  readonly size: KurrentCloudSize;

  /** Region of the network and of the peer: the vendor peers only within a region. */
  readonly region: string;

  /**
   * CIDR block of the vendor's network, from /8 to /24. It must not overlap the peer's block or a network that the peer routes to. Changing
   * it replaces the network and the cluster.
   */
  readonly cidr: string;

  /** The only VPC from which it can be reached. It accepts the peering on its side (`Peering`). */
  readonly peer: { readonly account: string; readonly vpcId: string; readonly cidr: string };

  readonly backup: KurrentCloudBackup;

  /** Protects it from deletion by Terraform and by the vendor's API. */
  readonly protect: boolean;

  /**
   * Node size. Changed in place.
   * @default - that of the size
   */
  readonly instanceType?: KurrentCloudInstanceType;

  /**
   * Disk size per node, from 8Gi to 4Ti. It grows in place, once in six hours, and never shrinks (EBS).
   * @default - that of the size
   */
  readonly storage?: Bytes;

  /**
   * IOPS of each disk, from 3,000 to 16,000 and at most 500 per GiB (EBS, gp3).
   * @default 3000
   */
  readonly iops?: number;

  /**
   * Throughput of each disk in MB/s, from 125 to 1,000 and at most a quarter of its IOPS (EBS, gp3).
   * @default 125
   */
  readonly throughput?: number;

  /**
   * KurrentDB version at creation. Changing it upgrades nothing.
   * @default "26.0", the newest with long-term support
   */
  readonly version?: KurrentCloudVersion;

  /**
   * Running patch version, which must start with `version`: `26.0.3`. Changing it is an upgrade, and the only way to upgrade.
   * @default - the newest patch at creation, which then stays
   */
  readonly patch?: string;

  /**
   * Projections that the server runs: none (`off`), its own (`system`: streams by category and type), or also those of users.
   * @default "off"
   */
  readonly projections?: "off" | "system" | "user";
}

/** Size of a cluster at Kurrent Cloud: topology, instances and disks. */
export type KurrentCloudSize = keyof typeof KURRENT_CLOUD_SIZES;

/**
 * Vendor's sizing (Kurrent Cloud, 2026-02): `m32`, 8 vCPU and 32 GiB, is the smallest size for production, for 12 million streams and disks
 * from 1 TB; `c4`, burstable, is for development with up to 100 GB.
 */
export const KURRENT_CLOUD_SIZES = {
  development: { topology: "single-node", instanceType: "c4", storage: "100Gi" },
  production: { topology: "three-node-multi-zone", instanceType: "m32", storage: "1Ti" },
} as const satisfies Record<string, { topology: KurrentCloudTopology; instanceType: KurrentCloudInstanceType; storage: Bytes }>;

const INSTANCE_TYPES: readonly string[] = ["f1", "c4", "m8", "m16", "m32", "m64", "m128"];

/** Limits of the provider, and of gp3 disks (EBS). */
const DISK = { gib: [8, 4096], iops: [3000, 16_000], throughput: [125, 1000], iopsPerGib: 500, throughputPerIops: 0.25 } as const;

const GIB = 2 ** 30;

/**
 * KurrentDB managed by its vendor, in its own network that is peered with one VPC. Its backups stay with the vendor. It has no secret in
 * Terraform: the vendor generates the first passwords of `admin` and `ops`, and shows them in its console.
 */
export class KurrentCloud extends Construct {
  /** DNS name of its nodes, which resolves to private addresses. */
  readonly host: string;

  /** ID of the peering connection, for the side that accepts it: `pcx-…`. */
  readonly peeringConnectionId: string;

  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KurrentCloudProps) {
    super(scope, id);
    const { region, peer, backup, protect, iops = DISK.iops[0], throughput = DISK.throughput[0] } = props;
    const { version = DEFAULT_KURRENT_CLOUD, patch, projections = "off" } = props;
    const { topology, ...size } = KURRENT_CLOUD_SIZES[props.size];
    const { instanceType = size.instanceType, storage = size.storage } = props;
    const gib = bytes(storage);
    refuse(this, kurrentCloudNetworkProblems(props.cidr, peer.cidr), "cidr");
    refuse(this, kurrentCloudBackupProblems(backup), "backup");
    refuse(this, INSTANCE_TYPES.includes(instanceType) ? [] : [noInstance(instanceType)], "instanceType");
    refuse(this, storageProblems(storage), "storage");
    refuse(this, iopsProblems(iops, typeof gib === "number" ? gib / GIB : DISK.gib[1]), "iops");
    refuse(this, throughputProblems(throughput, iops), "throughput");
    refuse(this, patch === undefined || patch.startsWith(`${version}.`) ? [] : [notOfLine(patch, version)], "patch");

    const name = props.name.join("-");
    const project = new KurrentCloudProject(this, "project", { name });
    const network = new KurrentCloudNetwork(this, "network", {
      name,
      projectId: project.id,
      resourceProvider: "aws",
      region,
      cidrBlock: props.cidr,
    });
    const peering = new KurrentCloudPeering(this, "peering", {
      name,
      projectId: project.id,
      networkId: network.id,
      peerResourceProvider: "aws",
      peerNetworkRegion: region,
      peerAccountId: peer.account,
      peerNetworkId: peer.vpcId,
      routes: [peer.cidr],
    });
    const cluster = new KurrentCloudManagedCluster(
      this,
      "cluster",
      {
        name,
        projectId: project.id,
        networkId: network.id,
        topology,
        instanceType,
        diskSize: typeof gib === "number" ? gib / GIB : 0,
        diskType: "gp3",
        diskIops: iops,
        diskThroughput: throughput,
        serverVersion: version,
        ...(patch ? { serverVersionTag: patch } : {}),
        projectionLevel: projections,
        protected: protect,
      },
      { lifecycle: { preventDestroy: protect } },
    );
    new KurrentCloudScheduledBackup(this, "backup", {
      projectId: project.id,
      sourceClusterId: cluster.id,
      description: `${name}: every ${backup.every}, kept ${backup.keep}`,
      backupDescription: "{cluster} {datetime:RFC3339}",
      ...scheduleOf(backup),
    });
    this.host = cluster.dnsName;
    this.peeringConnectionId = peering.awsPeeringLinkId;
    this.ready = [cluster, peering];
  }
}

type Refusal = Omit<Problem, "path">;

function noInstance(value: string): Refusal {
  return { value, rule: "is not a supported node size", remedy: `use one of ${INSTANCE_TYPES.join(", ")}` };
}

function notOfLine(value: string, version: string): Refusal {
  return {
    value,
    rule: `is not a patch release of ${version}`,
    remedy: `name one that begins with ${version}., or the line that it belongs to`,
  };
}

function storageProblems(value: Bytes): readonly Refusal[] {
  const read = bytes(value);
  if (typeof read !== "number") return [{ value, ...read }];
  const [least, most] = DISK.gib;
  return Number.isInteger(read / GIB) && read >= least * GIB && read <= most * GIB
    ? []
    : [{ value, rule: "is not a disk size of Kurrent Cloud", remedy: `use whole GiB from ${least}Gi to ${most}Gi` }];
}

function iopsProblems(value: number, gib: number): readonly Refusal[] {
  const [least] = DISK.iops;
  const most = Math.min(DISK.iops[1], gib * DISK.iopsPerGib);
  return within(value, least, most, `operations a second are not what a disk of ${gib}Gi does`);
}

function throughputProblems(value: number, iops: number): readonly Refusal[] {
  const [least] = DISK.throughput;
  const most = Math.min(DISK.throughput[1], iops * DISK.throughputPerIops);
  return within(value, least, most, `MB a second are not what a disk with ${iops} operations a second does`);
}

function within(value: number, least: number, most: number, rule: string): readonly Refusal[] {
  return Number.isInteger(value) && value >= least && value <= most
    ? []
    : [{ value, rule, remedy: `use a whole number from ${least} to ${most}` }];
}
