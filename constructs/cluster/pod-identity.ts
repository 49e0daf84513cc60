import { EksPodIdentityAssociation } from "@cdktf/provider-aws/lib/eks-pod-identity-association";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";

export interface PodIdentityProps {
  /** Prefix of the role's name, most general part first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];

  readonly cluster: { readonly name: string; readonly arn: string };
  readonly namespace: string;
  readonly serviceAccount: string;

  /**
   * Policy statements of the role.
   * @default - none beyond `managedPolicies`
   */
  readonly statements?: readonly object[];

  /**
   * AWS managed policies, by ARN.
   * @default - none
   */
  readonly managedPolicies?: readonly string[];
}

/** Name of the role, known before it exists. */
export function podIdentityRole({
  name,
  namespace,
  serviceAccount,
}: Pick<PodIdentityProps, "name" | "namespace" | "serviceAccount">): string {
  return cloudName("role", ...name, ...new Set([namespace, serviceAccount]));
}

/**
 * A role for the pods of one service account, provided by EKS Pod Identity: no key in the cluster, no OIDC provider. Only pods that start
 * after the association get it, so workloads that use it must depend on this construct.
 */
export class PodIdentity extends Construct {
  readonly roleArn: string;

  /** Resources that must exist before the pods start. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PodIdentityProps) {
    super(scope, id);
    const role = new IamRole(this, "role", {
      name: podIdentityRole(props),
      assumeRolePolicy: policyDocument([trust(props)]),
    });
    const own = props.statements && new IamRolePolicy(this, "rights", { role: role.id, policy: policyDocument(props.statements) });
    const managed = (props.managedPolicies ?? []).map(
      (policyArn) => new IamRolePolicyAttachment(this, policyArn.split("/").at(-1) ?? "", { role: role.name, policyArn }),
    );
    const association = new EksPodIdentityAssociation(this, "association", {
      clusterName: props.cluster.name,
      namespace: props.namespace,
      serviceAccount: props.serviceAccount,
      roleArn: role.arn,
    });
    this.roleArn = role.arn;
    this.ready = [association, ...managed, ...(own ? [own] : [])];
  }
}

// No other cluster, namespace or service account can assume the role, even with an association.
function trust({ cluster, namespace, serviceAccount }: PodIdentityProps): object {
  return {
    Effect: "Allow",
    Principal: { Service: "pods.eks.amazonaws.com" },
    Action: ["sts:AssumeRole", "sts:TagSession"],
    Condition: {
      StringEquals: {
        "aws:RequestTag/eks-cluster-arn": cluster.arn,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": serviceAccount,
      },
    },
  };
}
