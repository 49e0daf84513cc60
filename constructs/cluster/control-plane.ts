import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { EksAccessEntry } from "@cdktf/provider-aws/lib/eks-access-entry";
import { EksAccessPolicyAssociation } from "@cdktf/provider-aws/lib/eks-access-policy-association";
import { EksCluster } from "@cdktf/provider-aws/lib/eks-cluster";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import type { KubernetesVersion } from "../core/versions";
import { LogGroup } from "../logs";
import { eksConditions } from "../network";
import { exempt } from "../policy/contract";
import { type ClusterAccess, PLANNERS } from "./access";
import { defaultSupport, type Support } from "./support";

export interface ControlPlaneProps {
  /** The cluster's name, most general part first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];

  readonly version: KubernetesVersion;

  /** Private subnets, one for each zone. */
  readonly subnetIds: string[];

  readonly region: string;

  /** The group by which nodes and deployments reach its API. */
  readonly securityGroupId: string;

  /**
   * Networks outside that reach its API, as CIDRs: those of an office, or of the runners of a pipeline.
   * @default - none: only its own network does, and a pipeline needs runners in there
   */
  readonly publicFrom?: readonly string[];

  readonly access: ClusterAccess;

  /** The customer-managed key under which Secrets are kept, by ARN. */
  readonly secretsKey: string;

  /** The customer-managed key of its logs, by ARN. */
  readonly logsKey: string;

  /**
   * Days for which logs are kept, the audit log among them, one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number | undefined;

  /**
   * What happens when standard support of its version ends: EKS upgrades it automatically (`standard`), or charges for
   * another year (`extended`) and upgrades it then.
   * @default "extended", or "standard" where it is not guarded against deletion
   */
  readonly support?: Support | undefined;

  /** Whether the cluster is guarded against deletion, by Terraform: EKS's own guard takes a newer provider. */
  readonly protect: boolean;
}

/** What each role may do (EKS, access policies), and the groups to which the cluster itself gives more. */
const RIGHTS: Readonly<Record<keyof ClusterAccess, { readonly policy: string; readonly groups?: readonly string[] }>> = {
  administrators: { policy: "AmazonEKSClusterAdminPolicy" },
  deployers: { policy: "AmazonEKSEditPolicy" },
  planners: { policy: "AmazonEKSViewPolicy", groups: [PLANNERS] },
  readers: { policy: "AmazonEKSViewPolicy" },
};

const LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** An EKS control plane: private, logged, with Secrets under a key of ours, and access by entries alone. */
export class ControlPlane extends Construct {
  readonly cluster: EksCluster;

  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id);
    const name = cloudName("cluster", ...props.name);
    // EKS refuses it after the network is there; a plan asks first.
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
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] }],
      }),
    });
    const rights = new IamRolePolicyAttachment(this, "rights", {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    });
    const secrets = new IamRolePolicy(this, "secrets", {
      role: role.id,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], Resource: props.secretsKey },
        ],
      }),
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
      // Whoever makes the cluster gets no rights by having made it: every right is an entry below.
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      encryptionConfig: { provider: { keyArn: props.secretsKey }, resources: ["secrets"] },
      enabledClusterLogTypes: LOGS,
      upgradePolicy: { supportType: (props.support ?? defaultSupport(props.protect)).toUpperCase() },
      zonalShiftConfig: { enabled: true },
      // The network add-ons are ours from the first node on, at our versions.
      bootstrapSelfManagedAddons: false,
      lifecycle: { preventDestroy: props.protect },
      dependsOn: [logs, rights, secrets],
    });
    if (props.publicFrom) exempt(this.cluster, "CKV_AWS_39", "open to the networks that are named, and to no others");
    for (const kind of Object.keys(RIGHTS) as (keyof ClusterAccess)[]) {
      for (const principal of props.access[kind] ?? []) this.admit(principal, kind);
    }
  }

  // An entry is a principal's, whatever it may do: who gets other rights keeps it.
  private admit(principalArn: string, kind: keyof ClusterAccess): void {
    const id = principalArn.replace("arn:aws:iam::", "");
    if (this.node.tryFindChild(id)) return;
    const { policy, groups = [] } = RIGHTS[kind];
    const entry = new EksAccessEntry(this, id, {
      clusterName: this.cluster.name,
      principalArn,
      type: "STANDARD",
      // Always said: groups that are left out of the configuration are not taken away.
      kubernetesGroups: [...groups],
    });
    // By its policy, as EKS knows it: a reader that becomes a planner keeps it.
    new EksAccessPolicyAssociation(this, `${id}-${policy}`, {
      clusterName: this.cluster.name,
      principalArn,
      policyArn: `arn:aws:eks::aws:cluster-access-policy/${policy}`,
      accessScope: { type: "cluster" },
      dependsOn: [entry],
    });
  }
}
