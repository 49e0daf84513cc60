import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";

export interface NodeRoleProps {
  /** Prefix of its name, most general part first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];
}

/** Rights that a node itself needs: join, pull images, provide identities to pods. The CNI assigns addresses with its own role. */
const POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];

/** Rights for shell access by Session Manager. The AWS managed policy for it would also allow reading every parameter. */
const SHELL = [
  { Effect: "Allow", Action: "ssm:UpdateInstanceInformation", Resource: "arn:aws:ec2:*:*:instance/*" },
  {
    Effect: "Allow",
    Action: ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map((action) => `ssmmessages:${action}`),
    Resource: "*",
  },
];

/** Role of a cluster's nodes, including those of a scaler. EKS creates its access entry automatically. */
export class NodeRole extends Construct {
  readonly arn: string;
  readonly roleName: string;

  /** Resources that must exist before a node can join. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    const role = new IamRole(this, "role", {
      name: cloudName("role", ...props.name, "nodes"),
      assumeRolePolicy: policyDocument([{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }]),
    });
    const managed = POLICIES.map(
      (policy) => new IamRolePolicyAttachment(this, policy, { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` }),
    );
    const shell = new IamRolePolicy(this, "shell", { role: role.id, policy: policyDocument(SHELL) });
    this.arn = role.arn;
    this.roleName = role.name;
    this.ready = [...managed, shell];
  }
}
