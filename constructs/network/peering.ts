import { Route } from "@cdktf/provider-aws/lib/route";
import { VpcPeeringConnectionAccepterA } from "@cdktf/provider-aws/lib/vpc-peering-connection-accepter";
import { Construct } from "constructs";

export interface PeeringProps {
  /** The beginning of its name, most general first: `["orders", "production", "kurrent-cloud"]`. */
  readonly name: readonly string[];

  /** The connection that the other side has asked for: `pcx-…`. */
  readonly connectionId: string;

  /** The addresses of the other network. */
  readonly cidr: string;

  /** The route tables from which it is reached, by zone: `{ a: "rtb-…" }`. No routes are written into them by their own resource. */
  readonly routeTables: Readonly<Record<string, string>>;

  /** Whether it is guarded against deletion, as what is reached through it is. */
  readonly protect: boolean;
}

/**
 * The near side of a peering that somebody else asked for: accepted, and with a way there from some route tables. What may
 * go that way is a security group's, and nothing comes back that was not asked for.
 */
export class Peering extends Construct {
  readonly connectionId: string;

  constructor(scope: Construct, id: string, props: PeeringProps) {
    super(scope, id);
    const accepter = new VpcPeeringConnectionAccepterA(this, "accepter", {
      vpcPeeringConnectionId: props.connectionId,
      autoAccept: true,
      // The other side asks for no names of ours. Whether ours of its are private is the other side's to set.
      accepter: { allowRemoteVpcDnsResolution: false },
      tags: { Name: props.name.join("-") },
      lifecycle: { preventDestroy: props.protect },
    });
    this.connectionId = accepter.id;
    for (const [zone, routeTableId] of Object.entries(props.routeTables)) {
      new Route(this, `route-${zone}`, { routeTableId, destinationCidrBlock: props.cidr, vpcPeeringConnectionId: accepter.id });
    }
  }
}
