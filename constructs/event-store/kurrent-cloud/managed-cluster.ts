import type { TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

/** Nodes, and where they are. Another one is another cluster, filled from a backup. */
export type KurrentCloudTopology = "single-node" | "three-node-multi-zone";

/** Sizes of a node. The provider stores them in lower case, whatever is written. */
export type KurrentCloudInstanceType = "f1" | "c4" | "m8" | "m16" | "m32" | "m64" | "m128";

export interface KurrentCloudManagedClusterConfig {
  readonly name: string;

  /** Another one replaces it, as does another network or topology. */
  readonly projectId: string;
  readonly networkId: string;
  readonly topology: KurrentCloudTopology;
  readonly instanceType: KurrentCloudInstanceType;

  /** In GB, from 8 to 4096. */
  readonly diskSize: number;

  /** The only disk of AWS that the API takes. */
  readonly diskType: "gp3";
  readonly diskIops: number;

  /** In MB/s. */
  readonly diskThroughput: number;

  /** The line: `26.0`. It decides what is made, and upgrades nothing. */
  readonly serverVersion: string;

  /** The patch, which begins with the line: `26.0.3`. A change of it is an upgrade. */
  readonly serverVersionTag?: string;
  readonly projectionLevel: "off" | "system" | "user";

  /** Whether the API refuses to delete it. */
  readonly protected: boolean;
}

/** A cluster of KurrentDB that its vendor runs (`kurrentcloud_managed_cluster`). */
export class KurrentCloudManagedCluster extends KurrentCloudResource {
  constructor(
    scope: Construct,
    id: string,
    config: KurrentCloudManagedClusterConfig,
    meta: Pick<TerraformMetaArguments, "lifecycle"> = {},
  ) {
    super(scope, id, "managed_cluster", config, meta);
  }

  /** The name of all its nodes together: `<id>.mesdb.eventstore.cloud`. */
  get dnsName(): string {
    return this.getStringAttribute("dns_name");
  }
}
