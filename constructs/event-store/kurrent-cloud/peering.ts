import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudPeeringConfig {
  readonly name: string;

  /** A change of this or any field below replaces the peering. */
  readonly projectId: string;
  readonly networkId: string;
  readonly peerResourceProvider: "aws";

  /** Region of the vendor's network: it peers only within a region. */
  readonly peerNetworkRegion: string;
  readonly peerAccountId: string;
  readonly peerNetworkId: string;

  /** CIDR blocks of the peer, from /8 to /28, to which the vendor's network gets routes. */
  readonly routes: readonly string[];
}

/** A peering request, complete once it is sent: the other side accepts it (`kurrentcloud_peering`). */
export class KurrentCloudPeering extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudPeeringConfig) {
    super(scope, id, "peering", config);
  }

  /** The AWS ID of the peering connection: `pcx-…`. */
  get awsPeeringLinkId(): string {
    return this.interpolationForAttribute('provider_metadata["aws_peering_link_id"]').toString();
  }
}
