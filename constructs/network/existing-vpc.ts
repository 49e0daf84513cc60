import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Network } from "./contract";

export interface ExistingVpcProps {
  /** The VPC's id. */
  readonly vpc: string;

  /** Its subnets by use, in the order of the zones. */
  readonly subnets: Readonly<Record<"public" | "private" | "data", readonly string[]>>;
}

/**
 * An existing network with its own owner, who maintains its routes, gateways, endpoints, flow logs and subnet tags. The plan fails if a
 * subnet belongs to another VPC, or if the subnets of one use are in fewer zones than there are subnets.
 */
export class ExistingVpc extends Construct implements Network {
  readonly vpcId: string;
  readonly cidr: string;
  readonly publicSubnetIds: string[];
  readonly privateSubnetIds: string[];
  readonly dataSubnetIds: string[];

  constructor(scope: Construct, id: string, props: ExistingVpcProps) {
    super(scope, id);
    const vpc = new DataAwsVpc(this, "vpc", {
      id: props.vpc,
      lifecycle: {
        postcondition: [
          {
            condition: "${self.enable_dns_hostnames && self.enable_dns_support}",
            errorMessage: `${props.vpc} needs DNS support and DNS hostnames; turn both on`,
          },
        ],
      },
    });
    this.vpcId = vpc.id;
    this.cidr = vpc.cidrBlock;
    const { subnets } = props;
    this.publicSubnetIds = this.subnets("public", subnets.public, vpc.id);
    this.privateSubnetIds = this.subnets("private", subnets.private, vpc.id);
    this.dataSubnetIds = this.subnets("data", subnets.data, vpc.id);
  }

  private subnets(use: string, ids: readonly string[], vpcId: string): string[] {
    const found: DataAwsSubnet[] = [];
    for (const [index, id] of ids.entries()) {
      const before = found.map((subnet) => subnet.availabilityZone);
      found.push(
        new DataAwsSubnet(this, `${use}-${index + 1}`, {
          id,
          lifecycle: {
            postcondition: [
              { condition: `\${self.vpc_id == "${vpcId}"}`, errorMessage: `${id} is a subnet of another VPC` },
              ...(before.length > 0
                ? [
                    {
                      condition: `\${!contains(${Fn.jsonencode(before)}, self.availability_zone)}`,
                      errorMessage: `${id} is in the zone of another ${use} subnet; name one subnet for each zone`,
                    },
                  ]
                : []),
            ],
          },
        }),
      );
    }
    return found.map((subnet) => subnet.id);
  }
}
