import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudPeeringConfig {
  readonly name: string;

  /** Another one replaces it, as does a change of anything below. */
  readonly projectId: string;
  readonly networkId: string;
  readonly peerResourceProvider: "aws";

  /** That of the vendor's network: it peers within a region only. */
  readonly peerNetworkRegion: string;
  readonly peerAccountId: string;
  readonly peerNetworkId: string;

  /** Blocks of the peer, from /8 to /28, to which the vendor's network finds its way back. */
  readonly routes: readonly string[];
}

/** A question for peering, which is done when it is asked: the other side accepts it (`kurrentcloud_peering`). */
export class KurrentCloudPeering extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudPeeringConfig) {
    super(scope, id, "peering", config);
  }

  /** The peering connection as AWS knows it: `pcx-…`. */
  get awsPeeringLinkId(): string {
    return this.interpolationForAttribute('provider_metadata["aws_peering_link_id"]').toString();
  }
}
