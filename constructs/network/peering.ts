import { Route } from "@cdktf/provider-aws/lib/route";
import { VpcPeeringConnectionAccepterA } from "@cdktf/provider-aws/lib/vpc-peering-connection-accepter";
import { Construct } from "constructs";

export interface PeeringProps {
  /** Prefix of its name, most general part first: `["orders", "production", "kurrent-cloud"]`. */
  readonly name: readonly string[];

  /** ID of the connection that the other side has requested: `pcx-…`. */
  readonly connectionId: string;

  /** CIDR block of the other network. */
  readonly cidr: string;

  /** The route tables that get a route to it, by zone: `{ a: "rtb-…" }`. They must not define routes inline. */
  readonly routeTables: Readonly<Record<string, string>>;

  /** Protects it from deletion, like the stores behind it. */
  readonly protect: boolean;
}

/**
 * The accepter's side of a peering requested by another account: accepts it, and adds routes to some route tables. Security groups limit
 * the traffic, and the other side can't open connections.
 */
export class Peering extends Construct {
  readonly connectionId: string;

  constructor(scope: Construct, id: string, props: PeeringProps) {
    super(scope, id);
    const accepter = new VpcPeeringConnectionAccepterA(this, "accepter", {
      vpcPeeringConnectionId: props.connectionId,
      autoAccept: true,
      // The other side doesn't resolve our names. Private resolution of its names is a setting of its own side.
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
