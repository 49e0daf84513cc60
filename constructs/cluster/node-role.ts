import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { cloudName } from "../core/names";

export interface NodeRoleProps {
  /** The beginning of its name, most general first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];
}

/** What a node does itself: join, pull images, hand out the identities of pods. Addresses are the CNI's, by its own role. */
const POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];

/** Shell access by Session Manager; the policy that AWS maintains for it reads every parameter as well. */
const SHELL = [
  { Effect: "Allow", Action: "ssm:UpdateInstanceInformation", Resource: "arn:aws:ec2:*:*:instance/*" },
  {
    Effect: "Allow",
    Action: ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map((action) => `ssmmessages:${action}`),
    Resource: "*",
  },
];

/** The role of a cluster's nodes, those of a scaler included. EKS admits it to the cluster by itself. */
export class NodeRole extends Construct {
  readonly arn: string;
  readonly roleName: string;

  /** What has to be there before a node can join. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    const role = new IamRole(this, "role", {
      name: cloudName("role", ...props.name, "nodes"),
      assumeRolePolicy: document({ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }),
    });
    const managed = POLICIES.map(
      (policy) => new IamRolePolicyAttachment(this, policy, { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` }),
    );
    const shell = new IamRolePolicy(this, "shell", { role: role.id, policy: document(...SHELL) });
    this.arn = role.arn;
    this.roleName = role.name;
    this.ready = [...managed, shell];
  }
}

function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
