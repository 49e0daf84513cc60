import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { Construct } from "constructs";
import { exempt } from "../policy/contract";

export interface PublicZoneProps {
  /** The domain: `orders.example.com`. */
  readonly domain: string;

  /** Purpose of the zone, shown in the console. */
  readonly comment: string;

  /** Protects it from deletion: a recreated zone has other name servers. */
  readonly protect: boolean;
}

/**
 * The public zone of a domain. It has no effect until the parent zone delegates to its name servers (`NS`), which the parent's owner must
 * do: until then no certificate is issued.
 */
export class PublicZone extends Construct {
  readonly zoneId: string;
  readonly nameServers: string[];

  constructor(scope: Construct, id: string, { domain, comment, protect }: PublicZoneProps) {
    super(scope, id);
    const zone = new Route53Zone(this, "zone", { name: domain, comment, forceDestroy: !protect, lifecycle: { preventDestroy: protect } });
    exempt(zone, "CKV2_AWS_38", "signing it takes a record in the parent zone, which has another owner");
    this.zoneId = zone.zoneId;
    this.nameServers = zone.nameServers;
  }
}
