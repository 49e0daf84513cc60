import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import { type AllowedFlow, INTERNET, type SecurityGroupMember } from "./contract";

/** Props of `SecurityGroups`: members, and the flows that are allowed between them. */
export interface PartiesProps {
  readonly name: readonly string[];
  readonly vpcId: string;
  readonly parties: readonly SecurityGroupMember[];
  readonly flows: readonly AllowedFlow[];

  /**
   * External networks by name, each with its CIDR block: `{ "kurrent-cloud": "10.128.0.0/20" }`. Inbound connections from them are not
   * allowed.
   * @default - none, except the internet
   */
  readonly networks?: Readonly<Record<string, string>>;
}

/**
 * The security groups that allow traffic between clusters and data stores. They outlive both: a replacement cluster joins the group of the
 * old one, and no store changes.
 */
export class SecurityGroups extends Construct {
  /** The security group of each member, by name. */
  readonly securityGroupIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: PartiesProps) {
    super(scope, id);
    const groups = new Map(props.parties.map((party) => [party.name, this.group(party, props)]));
    this.securityGroupIds = Object.fromEntries([...groups].map(([name, group]) => [name, group.id]));

    const networks: Readonly<Record<string, string>> = { [INTERNET]: "0.0.0.0/0", ...props.networks };
    for (const flow of distinct(props.flows)) {
      const unknown = groups.has(flow.from) ? (groups.has(flow.to) || flow.to in networks ? undefined : flow.to) : flow.from;
      if (unknown !== undefined) {
        refuse(
          this,
          [{ value: unknown, rule: "takes part in a flow and is no party", remedy: `use one of ${[...groups.keys()].join(", ")}` }],
          "flows",
        );
        continue;
      }
      this.open(flow, groups, networks[flow.to]);
    }
  }

  private open(flow: AllowedFlow, groups: ReadonlyMap<string, SecurityGroup>, cidrIpv4 = ""): void {
    const { from, to, port, lastPort = port, protocol = "tcp", description } = flow;
    const way = wayOf(flow);
    const rule = { ipProtocol: protocol, fromPort: port, toPort: lastPort, description, tags: { Name: way } };
    const [opens, takes] = [groups.get(from)?.id ?? "", groups.get(to)?.id];
    const target = takes === undefined ? { cidrIpv4 } : { referencedSecurityGroupId: takes };
    new VpcSecurityGroupEgressRule(this, `${way}-out`, { ...rule, securityGroupId: opens, ...target });
    if (takes !== undefined) {
      new VpcSecurityGroupIngressRule(this, `${way}-in`, { ...rule, securityGroupId: takes, referencedSecurityGroupId: opens });
    }
  }

  private group(party: SecurityGroupMember, props: PartiesProps): SecurityGroup {
    const name = cloudName("securityGroup", ...props.name, party.name);
    const group = new SecurityGroup(this, party.name, {
      name,
      description: party.description,
      vpcId: props.vpcId,
      tags: { Name: name },
    });
    exempt(group, "CKV2_AWS_5", "what belongs to the group is attached by stacks that may be replaced without it");
    return group;
  }
}

function distinct(flows: readonly AllowedFlow[]): readonly AllowedFlow[] {
  return [...new Map(flows.map((flow) => [wayOf(flow), flow])).values()];
}

/** Returns the name of a flow in addresses: `nodes-to-database-5432`. */
function wayOf({ from, to, port, lastPort = port, protocol = "tcp" }: AllowedFlow): string {
  return [from, "to", to, port, ...(lastPort === port ? [] : [lastPort]), ...(protocol === "tcp" ? [] : [protocol])].join("-");
}
