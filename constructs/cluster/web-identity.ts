import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";

/** The OIDC provider of an EKS cluster in IAM. */
export interface OidcProvider {
  readonly arn: string;

  /** Issuer without `https://`: `oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`. */
  readonly issuer: string;
}

/** Names of the OIDC providers of all EKS clusters in a region, as a pattern for IAM policies. */
export function oidcProviders(region: string): string {
  return `oidc.eks.${region}.amazonaws.com/id/*`;
}

/** Audience of tokens for AWS STS. */
const STS = "sts.amazonaws.com";

/**
 * Registers a cluster as an OIDC provider in IAM, so that roles can trust its service account tokens. IAM allows one provider for each
 * issuer and account: create it once for each cluster.
 */
export class ClusterOidcProvider extends Construct implements OidcProvider {
  readonly arn: string;

  constructor(
    scope: Construct,
    id: string,
    readonly issuer: string,
  ) {
    super(scope, id);
    this.arn = new IamOpenidConnectProvider(this, "provider", { url: `https://${issuer}`, clientIdList: [STS] }).arn;
  }
}

export interface WebIdentityProps {
  /** Prefix of the role's name, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly provider: OidcProvider;
  readonly namespace: string;
  readonly serviceAccount: string;

  /** Policy statements of the role. */
  readonly statements: readonly object[];
}

/**
 * A role for the pods of one service account, which they assume with a token of the cluster (IRSA). For programs that can't use EKS Pod
 * Identity; `PodIdentity` needs no OIDC provider and no settings in the pod.
 */
export class WebIdentity extends Construct {
  readonly roleArn: string;

  constructor(scope: Construct, id: string, props: WebIdentityProps) {
    super(scope, id);
    const { name, namespace, serviceAccount, statements } = props;
    const role = new IamRole(this, "role", {
      name: cloudName("role", ...name, namespace, serviceAccount),
      assumeRolePolicy: policyDocument([trust(props)]),
    });
    new IamRolePolicy(this, "rights", { role: role.id, policy: policyDocument(statements) });
    this.roleArn = role.arn;
  }
}

function trust({ provider: { arn, issuer }, namespace, serviceAccount }: WebIdentityProps): object {
  return {
    Effect: "Allow",
    Principal: { Federated: arn },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: { [`${issuer}:aud`]: STS, [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}` },
    },
  };
}
