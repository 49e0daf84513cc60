import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { Construct } from "constructs";
import { exempt } from "../policy/contract";

export interface PublicZoneProps {
  /** The domain: `orders.example.com`. */
  readonly domain: string;

  /** What it is for, for whoever finds it. */
  readonly comment: string;

  /** Whether it is guarded against deletion: made anew, it has other name servers. */
  readonly protect: boolean;
}

/**
 * The public zone of a domain. Nobody asks it before the zone above names its name servers (`NS`), which is somebody
 * else's to do: until then no certificate is issued.
 */
export class PublicZone extends Construct {
  readonly zoneId: string;
  readonly nameServers: string[];

  constructor(scope: Construct, id: string, { domain, comment, protect }: PublicZoneProps) {
    super(scope, id);
    const zone = new Route53Zone(this, "zone", { name: domain, comment, forceDestroy: !protect, lifecycle: { preventDestroy: protect } });
    exempt(zone, "CKV2_AWS_38", "signing it takes a record in the zone above, which is somebody else's");
    this.zoneId = zone.zoneId;
    this.nameServers = zone.nameServers;
  }
}
