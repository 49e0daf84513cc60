import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";

export interface DeployRolesProps {
  readonly system: string;
  readonly account: string;

  /** The repository whose GitHub Actions may take the roles: `example/orders`. */
  readonly repository: string;

  /**
   * Whether the account has GitHub's OIDC provider already: there can be one only.
   * @default false
   */
  readonly providerExists?: boolean;

  /** The environments of the account, each with the regions that it may change anything in: that of the state is one. */
  readonly environments: readonly { readonly name: string; readonly regions: readonly string[] }[];

  /** The state bucket and its key, by ARN. */
  readonly state: { readonly bucketArn: string; readonly keyArn: string };
}

const ISSUER = "token.actions.githubusercontent.com";

/** The policy that bounds every role which a deploy role makes. Known by name before it exists. */
export function boundaryArn(system: string, account: string): string {
  return `arn:aws:iam::${account}:policy/${boundaryName(system)}`;
}

/** The role that plans, and the one that applies an environment. Known by name before they exist. */
export function deployRoleArns(system: string, account: string, environment: string): { readonly plan: string; readonly apply: string } {
  const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`;
  return { plan: arn(planRole(system)), apply: arn(applyRole(system, environment)) };
}

/**
 * Roles for GitHub Actions, without a long-lived key anywhere: one that plans, for pull requests,
 * and for each environment one that applies, for the GitHub environment of the same name, whose
 * approvals and branch rules GitHub enforces.
 */
export class DeployRoles extends Construct {
  /** The role that plans, by ARN. */
  readonly planRoleArn: string;

  /** The role that applies, by environment. */
  readonly applyRoleArns: Readonly<Record<string, string>>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DeployRolesProps,
  ) {
    super(scope, id);
    const provider = props.providerExists
      ? undefined
      : new IamOpenidConnectProvider(this, "github", { url: `https://${ISSUER}`, clientIdList: ["sts.amazonaws.com"] });
    const issuer = provider?.arn ?? `arn:aws:iam::${props.account}:oidc-provider/${ISSUER}`;
    const boundary = this.boundary();

    const plan = this.role("plan", issuer, "pull_request", planRole(props.system));
    this.attach(plan, "plan-reads", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    this.inline(plan, "plan-state", [...this.stateOf("*", "read"), ...noData(props.state.bucketArn)]);
    this.planRoleArn = plan.arn;

    const applyRoles = props.environments.map(({ name }) =>
      this.role(`apply-${name}`, issuer, `environment:${name}`, applyRole(props.system, name)),
    );
    this.applyRoleArns = Object.fromEntries(props.environments.map(({ name }, index) => [name, applyRoles[index]?.arn ?? ""]));
    const untouchable = [plan, ...applyRoles, boundary].map(({ arn }) => arn).concat(issuer);
    for (const [index, { name, regions }] of props.environments.entries()) {
      const role = applyRoles[index];
      if (!role) continue;
      const others = props.environments.map((other) => other.name).filter((other) => other !== name);
      this.attach(role, `apply-${name}-services`, "arn:aws:iam::aws:policy/PowerUserAccess");
      this.inline(role, `apply-${name}-state`, [
        ...this.stateOf(name, "write"),
        ...this.rolesOf(name, boundary.arn),
        ...denials(props.state, [...others, "bootstrap"], regions, untouchable),
      ]);
    }
  }

  private role(id: string, issuer: string, subject: string, name: string): IamRole {
    return new IamRole(this, id, {
      name,
      maxSessionDuration: 3600,
      assumeRolePolicy: document([
        {
          Effect: "Allow",
          Principal: { Federated: issuer },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: `repo:${this.props.repository}:${subject}` },
          },
        },
      ]),
    });
  }

  private attach(role: IamRole, id: string, policyArn: string): void {
    new IamRolePolicyAttachment(this, id, { role: role.name, policyArn });
  }

  private inline(role: IamRole, id: string, statements: object[]): void {
    const policy = new IamRolePolicy(this, id, { name: id, role: role.id, policy: document(statements) });
    exempt(policy, "CKV_AWS_355", "what is open to every resource only reads or only denies");
    exempt(policy, "CKV_AWS_290", "names and the boundary narrow what is written; the rest denies");
    exempt(policy, "CKV_AWS_289", "permissions are managed for roles of the environment's name only, and within the boundary");
    exempt(policy, "CKV_AWS_286", "a role can be made only within the boundary, which keeps it from growing");
  }

  // The state of another environment is out of reach: keys begin with the environment's name.
  private stateOf(environment: string, mode: "read" | "write"): object[] {
    const { bucketArn, keyArn } = this.props.state;
    const states = `${bucketArn}/${environment}/*`;
    return [
      { Sid: "FindState", Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
      { Sid: "ReadState", Effect: "Allow", Action: "s3:GetObject", Resource: states },
      {
        Sid: mode === "write" ? "WriteState" : "LockState",
        Effect: "Allow",
        Action: ["s3:PutObject", "s3:DeleteObject"],
        Resource: mode === "write" ? states : `${states}.tflock`,
      },
      { Sid: "StateKey", Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], Resource: keyArn },
    ];
  }

  // A role made by a deploy role could otherwise be given more than the deploy role has.
  private rolesOf(environment: string, boundary: string): object[] {
    const { account, system } = this.props;
    const own = (kind: string) => `arn:aws:iam::${account}:${kind}/${system}-${environment}-*`;
    return [
      {
        Sid: "RolesWithinTheBoundary",
        Effect: "Allow",
        Action: [
          "iam:CreateRole",
          "iam:PutRolePolicy",
          "iam:DeleteRolePolicy",
          "iam:AttachRolePolicy",
          "iam:DetachRolePolicy",
          "iam:PutRolePermissionsBoundary",
        ],
        Resource: own("role"),
        Condition: { StringEquals: { "iam:PermissionsBoundary": boundary } },
      },
      {
        Sid: "RolesAndPolicies",
        Effect: "Allow",
        Action: [
          "iam:DeleteRole",
          "iam:UpdateRole",
          "iam:UpdateRoleDescription",
          "iam:UpdateAssumeRolePolicy",
          "iam:TagRole",
          "iam:UntagRole",
          "iam:PassRole",
        ],
        Resource: own("role"),
      },
      {
        Sid: "InstanceProfilesAndPolicies",
        Effect: "Allow",
        Action: [
          "iam:*InstanceProfile*",
          "iam:CreatePolicy*",
          "iam:DeletePolicy*",
          "iam:SetDefaultPolicyVersion",
          "iam:TagPolicy",
          "iam:UntagPolicy",
        ],
        Resource: [own("instance-profile"), own("policy")],
      },
      {
        Sid: "ServiceLinkedRoles",
        Effect: "Allow",
        Action: "iam:CreateServiceLinkedRole",
        Resource: `arn:aws:iam::${account}:role/aws-service-role/*`,
      },
      { Sid: "ReadIdentities", Effect: "Allow", Action: ["iam:Get*", "iam:List*"], Resource: "*" },
    ];
  }

  private boundary(): IamPolicy {
    const { account, system, state } = this.props;
    const policy = new IamPolicy(this, "boundary", {
      name: boundaryName(system),
      description: `The most that a role made by a deployment of ${system} can ever do`,
      policy: document([
        { Sid: "WhatItsOwnPoliciesAllow", Effect: "Allow", Action: "*", Resource: "*" },
        {
          Sid: "NoIdentities",
          Effect: "Deny",
          Action: [
            "iam:Create*",
            "iam:Put*",
            "iam:Attach*",
            "iam:Update*",
            "iam:Delete*",
            "iam:Detach*",
            "iam:Add*",
            "iam:Set*",
            "organizations:*",
            "account:*",
          ],
          // Karpenter makes the instance profiles of its nodes itself.
          NotResource: [`arn:aws:iam::${account}:role/aws-service-role/*`, `arn:aws:iam::${account}:instance-profile/*`],
        },
        { Sid: "NoState", Effect: "Deny", Action: "s3:*", Resource: [state.bucketArn, `${state.bucketArn}/*`] },
      ]),
    });
    for (const rule of [
      "CKV_AWS_62",
      "CKV_AWS_63",
      "CKV2_AWS_40",
      "CKV_AWS_286",
      "CKV_AWS_287",
      "CKV_AWS_288",
      "CKV_AWS_289",
      "CKV_AWS_290",
      "CKV_AWS_355",
    ]) {
      exempt(policy, rule, "a permissions boundary grants nothing: it caps what the role's own policies grant");
    }
    return policy;
  }
}

function planRole(system: string): string {
  return cloudName("role", system, "plan");
}

function applyRole(system: string, environment: string): string {
  return cloudName("role", system, "deploy", environment);
}

function boundaryName(system: string): string {
  return cloudName("policy", system, "boundary");
}

function document(statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

// ReadOnlyAccess reads data as well as configuration; a pull request has no business with data.
function noData(stateBucketArn: string): object[] {
  return [
    { Sid: "NoObjects", Effect: "Deny", Action: "s3:GetObject*", NotResource: `${stateBucketArn}/*` },
    {
      Sid: "NoData",
      Effect: "Deny",
      Action: [
        "secretsmanager:GetSecretValue",
        "secretsmanager:BatchGetSecretValue",
        "ssm:GetParameter*",
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "kinesis:GetRecords",
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
        "logs:StartQuery",
        "sqs:ReceiveMessage",
      ],
      Resource: "*",
    },
  ];
}

function denials(
  state: DeployRolesProps["state"],
  otherStates: readonly string[],
  regions: readonly string[],
  untouchable: readonly string[],
): object[] {
  return [
    {
      Sid: "OtherRegions",
      Effect: "Deny",
      NotAction: ["iam:*", "sts:*", "route53:*", "cloudfront:*", "waf:*", "wafv2:*", "shield:*", "support:*", "s3:ListAllMyBuckets"],
      Resource: "*",
      // us-east-1 is where the global services keep certificates and web ACLs.
      Condition: { StringNotEquals: { "aws:RequestedRegion": [...new Set([...regions, "us-east-1"])] } },
    },
    // PowerUserAccess reaches every object of the account, and could break every lock.
    { Sid: "Locks", Effect: "Deny", Action: "s3:BypassGovernanceRetention", Resource: "*" },
    { Sid: "OtherState", Effect: "Deny", Action: "s3:*Object*", Resource: otherStates.map((name) => `${state.bucketArn}/${name}/*`) },
    {
      Sid: "StateBucketStays",
      Effect: "Deny",
      Action: ["s3:PutBucket*", "s3:DeleteBucket*", "s3:PutEncryption*", "s3:PutLifecycle*"],
      Resource: state.bucketArn,
    },
    {
      Sid: "StateKeyStays",
      Effect: "Deny",
      Action: ["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy"],
      Resource: state.keyArn,
    },
    {
      Sid: "DeployRoles",
      Effect: "Deny",
      Action: ["iam:Create*", "iam:Put*", "iam:Attach*", "iam:Update*", "iam:Delete*", "iam:Detach*", "iam:Set*"],
      Resource: untouchable,
    },
  ];
}
