import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { EksAccessEntry } from "@cdktf/provider-aws/lib/eks-access-entry";
import { EksAccessPolicyAssociation } from "@cdktf/provider-aws/lib/eks-access-policy-association";
import { EksCluster } from "@cdktf/provider-aws/lib/eks-cluster";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import type { KubernetesVersion } from "../core/versions";
import { LogGroup } from "../logs";
import { eksConditions } from "../network";
import { exempt } from "../policy/contract";
import { type ClusterAccess, PLANNERS } from "./access";
import { defaultSupport, type Support } from "./support";

export interface ControlPlaneProps {
  /** Name of the cluster, most general part first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];

  readonly version: KubernetesVersion;

  /** Private subnets, one for each zone. */
  readonly subnetIds: string[];

  readonly region: string;

  /** Security group from which nodes and deployments reach its API. */
  readonly securityGroupId: string;

  /**
   * External networks that may reach its API, as CIDRs: those of an office, or of the runners of a pipeline.
   * @default - none: only its own network can reach it, so a pipeline needs runners in there
   */
  readonly publicFrom?: readonly string[];

  readonly access: ClusterAccess;

  /** Customer-managed key that encrypts Secrets, by ARN. */
  readonly secretsKey: string;

  /** Customer-managed key of its logs, by ARN. */
  readonly logsKey: string;

  /**
   * Retention of logs in days, including the audit log. Must be one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number | undefined;

  /**
   * Policy for the end of standard support of its version: EKS upgrades the control plane automatically (`standard`), or charges for
   * another year and upgrades it then (`extended`).
   * @default "extended" with deletion protection, otherwise "standard"
   */
  readonly support?: Support | undefined;

  /** Protects the cluster from deletion by Terraform. EKS's own deletion protection needs a newer provider. */
  readonly protect: boolean;
}

/** Access policy of each role (EKS, access policies), and the groups to which the cluster grants more. */
const RIGHTS: Readonly<Record<keyof ClusterAccess, { readonly policy: string; readonly groups?: readonly string[] }>> = {
  administrators: { policy: "AmazonEKSClusterAdminPolicy" },
  deployers: { policy: "AmazonEKSEditPolicy" },
  planners: { policy: "AmazonEKSViewPolicy", groups: [PLANNERS] },
  readers: { policy: "AmazonEKSViewPolicy" },
};

const LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** An EKS control plane: private, logged, with Secrets encrypted by a customer-managed key, and with access by access entries only. */
export class ControlPlane extends Construct {
  readonly cluster: EksCluster;

  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id);
    const name = cloudName("cluster", ...props.name);
    // EKS rejects a subnet in an unsupported zone only after the network is created. This lookup fails at plan.
    for (const [index, id] of props.subnetIds.entries()) {
      const postcondition = eksConditions(props.region, "self.availability_zone_id", `The subnet ${id}`, "give it one in another zone");
      if (postcondition.length > 0) new DataAwsSubnet(this, `subnet-${index + 1}`, { id, lifecycle: { postcondition } });
    }
    const logs = new LogGroup(this, "logs", {
      name: `/aws/eks/${name}/cluster`,
      key: props.logsKey,
      madeByService: true,
      days: props.logDays,
    });
    const role = new IamRole(this, "role", {
      name: cloudName("role", ...props.name, "cluster"),
      assumeRolePolicy: policyDocument([
        { Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] },
      ]),
    });
    const rights = new IamRolePolicyAttachment(this, "rights", {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    });
    const secrets = new IamRolePolicy(this, "secrets", {
      role: role.id,
      policy: policyDocument([
        { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], Resource: props.secretsKey },
      ]),
    });
    this.cluster = new EksCluster(this, "cluster", {
      name,
      version: props.version,
      roleArn: role.arn,
      vpcConfig: {
        subnetIds: props.subnetIds,
        securityGroupIds: [props.securityGroupId],
        endpointPrivateAccess: true,
        endpointPublicAccess: props.publicFrom !== undefined,
        ...(props.publicFrom ? { publicAccessCidrs: [...props.publicFrom] } : {}),
      },
      // The creator of the cluster gets no access from creating it: all access is by the entries below.
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      encryptionConfig: { provider: { keyArn: props.secretsKey }, resources: ["secrets"] },
      enabledClusterLogTypes: LOGS,
      upgradePolicy: { supportType: (props.support ?? defaultSupport(props.protect)).toUpperCase() },
      zonalShiftConfig: { enabled: true },
      // The network add-ons are managed here from the first node on, at pinned versions.
      bootstrapSelfManagedAddons: false,
      lifecycle: { preventDestroy: props.protect },
      dependsOn: [logs, rights, secrets],
    });
    if (props.publicFrom) exempt(this.cluster, "CKV_AWS_39", "open to the networks that are named, and to no others");
    if (props.version === "1.36") exempt(this.cluster, "CKV_AWS_339", "EKS supports it, and Checkov 3.3 has a list that ends with 1.35");
    for (const kind of Object.keys(RIGHTS) as (keyof ClusterAccess)[]) {
      for (const principal of props.access[kind] ?? []) this.admit(principal, kind);
    }
  }

  // An entry belongs to a principal, not to its rights, so a change of rights keeps the entry.
  private admit(principalArn: string, kind: keyof ClusterAccess): void {
    const id = principalArn.replace("arn:aws:iam::", "");
    if (this.node.tryFindChild(id)) return;
    const { policy, groups = [] } = RIGHTS[kind];
    const entry = new EksAccessEntry(this, id, {
      clusterName: this.cluster.name,
      principalArn,
      type: "STANDARD",
      // Always set: groups that are omitted from the configuration are not removed.
      kubernetesGroups: [...groups],
    });
    // Named after the EKS policy, so that a reader that becomes a planner keeps it.
    new EksAccessPolicyAssociation(this, `${id}-${policy}`, {
      clusterName: this.cluster.name,
      principalArn,
      policyArn: `arn:aws:eks::aws:cluster-access-policy/${policy}`,
      accessScope: { type: "cluster" },
      dependsOn: [entry],
    });
  }
}
