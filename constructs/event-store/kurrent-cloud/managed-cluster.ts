import type { TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

/** Number of nodes and their placement. A change replaces the cluster, which must be restored from a backup. */
export type KurrentCloudTopology = "single-node" | "three-node-multi-zone";

/** Node sizes. The provider stores them in lower case. */
export type KurrentCloudInstanceType = "f1" | "c4" | "m8" | "m16" | "m32" | "m64" | "m128";

export interface KurrentCloudManagedClusterConfig {
  readonly name: string;

  /** A change replaces the cluster, as does another network or topology. */
  readonly projectId: string;
  readonly networkId: string;
  readonly topology: KurrentCloudTopology;
  readonly instanceType: KurrentCloudInstanceType;

  /** In GB, from 8 to 4096. */
  readonly diskSize: number;

  /** The only disk type on AWS that the API accepts. */
  readonly diskType: "gp3";
  readonly diskIops: number;

  /** In MB/s. */
  readonly diskThroughput: number;

  /** Version at creation: `26.0`. Changing it upgrades nothing. */
  readonly serverVersion: string;

  /** Patch version, which must start with `serverVersion`: `26.0.3`. Changing it is an upgrade. */
  readonly serverVersionTag?: string;
  readonly projectionLevel: "off" | "system" | "user";

  /** Lets the API reject deletion. */
  readonly protected: boolean;
}

/** A KurrentDB cluster managed by its vendor (`kurrentcloud_managed_cluster`). */
export class KurrentCloudManagedCluster extends KurrentCloudResource {
  constructor(
    scope: Construct,
    id: string,
    config: KurrentCloudManagedClusterConfig,
    meta: Pick<TerraformMetaArguments, "lifecycle"> = {},
  ) {
    super(scope, id, "managed_cluster", config, meta);
  }

  /** The DNS name of all its nodes: `<id>.mesdb.eventstore.cloud`. */
  get dnsName(): string {
    return this.getStringAttribute("dns_name");
  }
}
