import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import type { Flow, Party } from "./contract";

export interface PartiesProps {
  readonly name: readonly string[];
  readonly vpcId: string;
  readonly parties: readonly Party[];
  readonly flows: readonly Flow[];
}

/**
 * The security groups by which clusters and stores know each other. They outlive both: a replaced
 * cluster takes the place of the old one in its group, and no store is touched.
 */
export class Parties extends Construct {
  /** The group of each party, by name. */
  readonly securityGroupIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: PartiesProps) {
    super(scope, id);
    const groups = new Map(props.parties.map((party) => [party.name, this.group(party, props)]));
    this.securityGroupIds = Object.fromEntries([...groups].map(([name, group]) => [name, group.id]));

    for (const flow of props.flows) {
      const [from, to] = [groups.get(flow.from), groups.get(flow.to)];
      if (!from || !to) {
        const value = from ? flow.to : flow.from;
        refuse(
          this,
          [{ value, rule: "takes part in a flow and is no party", remedy: `use one of ${[...groups.keys()].join(", ")}` }],
          "flows",
        );
        continue;
      }
      const way = `${flow.from}-to-${flow.to}-${flow.port}`;
      const rule = { ipProtocol: "tcp", fromPort: flow.port, toPort: flow.port, description: flow.description, tags: { Name: way } };
      new VpcSecurityGroupEgressRule(this, `${way}-out`, { ...rule, securityGroupId: from.id, referencedSecurityGroupId: to.id });
      new VpcSecurityGroupIngressRule(this, `${way}-in`, { ...rule, securityGroupId: to.id, referencedSecurityGroupId: from.id });
    }
  }

  private group(party: Party, props: PartiesProps): SecurityGroup {
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
