import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudNetworkConfig {
  readonly name: string;

  /** Another one replaces it, as does a change of anything below. */
  readonly projectId: string;
  readonly resourceProvider: "aws";
  readonly region: string;

  /** From /8 to /24. The provider takes `public_access` in its place, which is left out here: no event store is public. */
  readonly cidrBlock: string;
}

/** A network of the vendor's, over at least three zones (`kurrentcloud_network`). */
export class KurrentCloudNetwork extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudNetworkConfig) {
    super(scope, id, "network", config);
  }
}
