import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import { exempt } from "../policy/contract";
import { CONNECTION_USES, runnerProject } from "../runners/contract";
import { boundaryStatements } from "./boundary";
import { type DeployedEnvironment, guards, ownBuckets, ownTables, STATE_KEY_USES, type StateArns, type Territory } from "./guards";
import { DEPLOYED_SERVICES, PLAN_READS } from "./services";

export interface DeployRolesProps {
  readonly system: string;
  readonly account: string;

  /**
   * Subject claim of GitHub's tokens for the repository whose Actions may assume the roles: `repo:example/orders`.
   * Repositories created since summer 2026 have ids in it; GitHub's OIDC settings show it.
   */
  readonly subject: string;

  /**
   * Branch whose workflows may plan, in addition to pull requests: scheduled ones that look for drift.
   * @default "main"
   */
  readonly branch?: string;

  /**
   * Uses the GitHub OIDC provider that the account already has: there can be only one.
   * @default false
   */
  readonly providerExists?: boolean;

  /** The environments of the account. They are isolated from each other. */
  readonly environments: readonly DeployedEnvironment[];

  readonly state: StateArns;
}

const ISSUER = "token.actions.githubusercontent.com";

/** Maximum session duration in seconds: an apply whose session expires could not write its state. */
export const SESSION = { plan: 3600, apply: 4 * 3600 } as const;

/** IAM path of the roles that an environment's stacks create. One system's name can be a prefix of another's; paths avoid that. */
export function rolePath(system: string, environment: string): string {
  return `/${system}/${environment}/`;
}

/** ARN of the permissions boundary of every role that an environment's deploy role creates. Computed before it exists. */
export function boundaryArn(system: string, account: string, environment: string): string {
  return `arn:aws:iam::${account}:policy/${system}/${boundaryName(system, environment)}`;
}

/** ARNs of the plan role and of an environment's apply role. Computed before they exist. */
export function deployRoleArns(system: string, account: string, environment: string): { readonly plan: string; readonly apply: string } {
  const arn = (name: string) => `arn:aws:iam::${account}:role/${system}/${name}`;
  return { plan: arn(planRole(system)), apply: arn(applyRole(system, environment)) };
}

/**
 * IAM roles for GitHub Actions, without long-lived keys: a plan role for pull requests, and an apply role per environment, for the GitHub
 * environment of the same name, whose approvals and branch rules GitHub enforces.
 */
export class DeployRoles extends Construct {
  /** ARN of the plan role. */
  readonly planRoleArn: string;

  /** ARNs of the apply roles, by environment. */
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
    const planned = ["pull_request", `ref:refs/heads/${props.branch ?? "main"}`];
    const plan = this.role("plan", issuer, planned, planRole(props.system), SESSION.plan);
    const reads = [{ Sid: "Refresh", Effect: "Allow", Action: PLAN_READS, Resource: "*" }];
    exempt(this.attach(plan, "plan-reads", planRole(props.system), reads), "CKV_AWS_355", "it reads settings, and no data");
    this.inline(plan, "plan-state", this.stateOf("*", ["s3:GetObject"], ["kms:Decrypt", "kms:DescribeKey"]));
    this.planRoleArn = plan.arn;

    this.applyRoleArns = Object.fromEntries(
      props.environments.map((environment) => {
        const { name, regions, oidcProviders = [], connection } = environment;
        const territory = { ...props, ...environment };
        this.boundary(territory);
        const role = this.role(`apply-${name}`, issuer, [`environment:${name}`], applyRole(props.system, name), SESSION.apply);
        const services = this.attach(role, `apply-${name}-services`, applyRole(props.system, name), [
          { Sid: "Services", Effect: "Allow", Action: DEPLOYED_SERVICES.map((service) => `${service}:*`), Resource: "*" },
          { Sid: "AllBuckets", Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" },
          ownBuckets(territory),
          ownTables(territory),
          ...guards(territory),
        ]);
        for (const rule of WRITES) exempt(services, rule, "what belongs to other environments is denied by its tags");
        const identities = this.inline(role, `apply-${name}-state`, [
          ...this.stateOf(name, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], STATE_KEY_USES),
          ...this.rolesOf(name),
          ...this.providersOf(oidcProviders),
          ...(connection ? this.runnersOf(name, regions, connection) : []),
        ]);
        exempt(identities, "CKV_AWS_355", "what is open to every resource only reads");
        return [name, role.arn];
      }),
    );
  }

  private role(id: string, issuer: string, subjects: readonly string[], name: string, maxSessionDuration: number): IamRole {
    const claims = subjects.map((subject) => `${this.props.subject}:${subject}`);
    return new IamRole(this, id, {
      name,
      path: `/${this.props.system}/`,
      maxSessionDuration,
      assumeRolePolicy: policyDocument([
        {
          Effect: "Allow",
          Principal: { Federated: issuer },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: claims.length === 1 ? claims[0] : claims },
          },
        },
      ]),
    });
  }

  private attach(role: IamRole, id: string, name: string, statements: object[]): IamPolicy {
    const policy = this.policy(`${id}-policy`, name, `What ${name} may do`, statements);
    new IamRolePolicyAttachment(this, id, { role: role.name, policyArn: policy.arn });
    return policy;
  }

  private policy(id: string, name: string, description: string, statements: object[]): IamPolicy {
    return new IamPolicy(this, id, { name, path: `/${this.props.system}/`, description, policy: policyDocument(statements) });
  }

  private inline(role: IamRole, id: string, statements: object[]): IamRolePolicy {
    return new IamRolePolicy(this, id, { name: id, role: role.id, policy: policyDocument(statements) });
  }

  private stateOf(environment: string, actions: readonly string[], keyActions: readonly string[]): object[] {
    const { bucketArn, keyArn } = this.props.state;
    return [
      { Sid: "FindState", Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
      { Sid: "State", Effect: "Allow", Action: actions, Resource: `${bucketArn}/${environment}/*` },
      { Sid: "StateKey", Effect: "Allow", Action: keyActions, Resource: keyArn },
    ];
  }

  // Otherwise a deploy role could create a role with more permissions than its own.
  private rolesOf(environment: string): object[] {
    const { account, system } = this.props;
    const boundary = boundaryArn(system, account, environment);
    const own = (kind: string) => `arn:aws:iam::${account}:${kind}${rolePath(system, environment)}*`;
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

  // A provider gives no rights: the roles that trust it do. Those of other environments are denied by their tags.
  private providersOf(names: readonly string[]): object[] {
    if (names.length === 0) return [];
    return [
      {
        Sid: "OidcProvidersOfClusters",
        Effect: "Allow",
        Action: [
          "iam:AddClientIDToOpenIDConnectProvider",
          "iam:CreateOpenIDConnectProvider",
          "iam:DeleteOpenIDConnectProvider",
          "iam:RemoveClientIDFromOpenIDConnectProvider",
          "iam:TagOpenIDConnectProvider",
          "iam:UntagOpenIDConnectProvider",
          "iam:UpdateOpenIDConnectProviderThumbprint",
        ],
        Resource: names.map((name) => `arn:aws:iam::${this.props.account}:oidc-provider/${name}`),
      },
    ];
  }

  // By name: with the role of another project, a deployment could do what that project may.
  private runnersOf(environment: string, regions: readonly string[], connection: string): object[] {
    const { account, system } = this.props;
    const project = runnerProject([system, environment]);
    return [
      {
        Sid: "Runners",
        Effect: "Allow",
        Action: [
          "codebuild:BatchGetProjects",
          "codebuild:CreateProject",
          "codebuild:CreateWebhook",
          "codebuild:DeleteProject",
          "codebuild:DeleteWebhook",
          "codebuild:UpdateProject",
          "codebuild:UpdateWebhook",
        ],
        Resource: regions.map((region) => `arn:aws:codebuild:${region}:${account}:project/${project}`),
      },
      { Sid: "Connection", Effect: "Allow", Action: [...CONNECTION_USES, "codeconnections:PassConnection"], Resource: connection },
    ];
  }

  private boundary(territory: Territory): void {
    const { system, account, name } = territory;
    const policy = this.policy(
      `boundary-${name}`,
      boundaryName(system, name),
      `The most that a role made by a deployment of ${name} of ${system} can ever do`,
      boundaryStatements(territory, `arn:aws:iam::${account}:role${rolePath(system, name)}*`),
    );
    for (const rule of WRITES) exempt(policy, rule, "a permissions boundary grants nothing: it caps what the role's own policies grant");
  }
}

function planRole(system: string): string {
  return cloudName("role", system, "plan");
}

function applyRole(system: string, environment: string): string {
  return cloudName("role", system, "deploy", environment);
}

/** Checks against write access to all resources of a service. */
const WRITES = ["CKV_AWS_289", "CKV_AWS_290"];

function boundaryName(system: string, environment: string): string {
  return cloudName("policy", system, environment, "boundary");
}
