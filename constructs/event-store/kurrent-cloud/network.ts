import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudNetworkConfig {
  readonly name: string;

  /** A change of this or any field below replaces the network. */
  readonly projectId: string;
  readonly resourceProvider: "aws";
  readonly region: string;

  /** From /8 to /24. The provider's alternative, `public_access`, is omitted here: no event store is public. */
  readonly cidrBlock: string;
}

/** A network at the vendor, across at least three zones (`kurrentcloud_network`). */
export class KurrentCloudNetwork extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudNetworkConfig) {
    super(scope, id, "network", config);
  }
}
