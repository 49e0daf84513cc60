import { boundaryArn } from "../../constructs/bootstrap";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import type { Body } from "../synth";
import { type Asset, Deployed, type Role, tagged, worstRole } from "./account";
import { allows, type Principal, type Statement } from "./evaluator";

const [SYSTEM, ACCOUNT, REGION] = ["orders", "444455556666", "eu-west-1"];
const ENVIRONMENTS = ["dev", "staging"] as const;
type Name = (typeof ENVIRONMENTS)[number];

const { compositions, stacks } = synthesisOf(program);
const known = new Map<string, Deployed>();
function deployedOf(id: string): Deployed {
  const found =
    known.get(id) ?? new Deployed(stacks.get(id)?.json as Body, ACCOUNT, REGION, (other) => stacks.has(other) && deployedOf(other));
  known.set(id, found);
  return found;
}
const bootstrap = deployedOf(`bootstrap-${ACCOUNT}`);
const boundaries = bootstrap.policies();
const stacksOf = (environment: Name) =>
  (compositions.find(({ name }) => name === environment)?.stacks ?? []).map((stack) => deployedOf(stack.node.id));
const rolesOf = Object.fromEntries(
  ENVIRONMENTS.map((name) => [name, stacksOf(name).flatMap((stack) => stack.roles(boundaries))]),
) as unknown as Record<Name, readonly Role[]>;

const account = bootstrap.roles(boundaries);
const roleNamed = (name: string): Role => {
  const found = account.find((role) => role.name === name);
  if (!found) throw new Error(`there is no role ${name}`);
  return found;
};
const plan = roleNamed(`${SYSTEM}-plan`);
const deployRoles: Record<Name, Role> = { dev: roleNamed(`${SYSTEM}-deploy-dev`), staging: roleNamed(`${SYSTEM}-deploy-staging`) };
const worst = Object.fromEntries(ENVIRONMENTS.map((name) => [name, worstRole(SYSTEM, ACCOUNT, name, boundaries)])) as unknown as Record<
  Name,
  Principal
>;
const [state] = bootstrap.assets().filter(({ kind }) => kind === "aws_s3_bucket");
const [stateKey] = bootstrap.assets().filter(({ kind }) => kind === "aws_kms_key");
const iam = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`;
const own = (environment: Name) => tagged({ system: SYSTEM, environment });

/** What is asked beside the resource: AWS fills in the region of every request. */
function may(who: Principal, action: string, resource: string, context: Readonly<Record<string, string>> = {}, asset?: Asset): boolean {
  return allows(
    who,
    { action, resource, context: { "aws:RequestedRegion": REGION, ...context } },
    asset?.policy,
    asset?.policy !== undefined,
  );
}

/** What could be done to things of each type, so as to have, read, change or stop them. */
const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  aws_iam_role: [
    "sts:AssumeRole",
    "iam:PassRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRole",
    "iam:TagRole",
  ],
  aws_iam_instance_profile: ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
  aws_kms_key: [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:UpdateAlias",
    "kms:UntagResource",
  ],
  aws_secretsmanager_secret: [
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecret",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:UntagResource",
    "secretsmanager:ReplicateSecretToRegions",
  ],
  aws_s3_bucket: ["s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutReplicationConfiguration"],
  aws_eks_cluster: [
    "eks:CreateAccessEntry",
    "eks:CreatePodIdentityAssociation",
    "eks:CreateNodegroup",
    "eks:CreateAddon",
    "eks:UpdateClusterConfig",
    "eks:DeleteCluster",
    "eks:AccessKubernetesApi",
    "eks:UntagResource",
  ],
  aws_eks_access_entry: ["eks:AssociateAccessPolicy", "eks:UpdateAccessEntry", "eks:DeleteAccessEntry"],
  aws_eks_pod_identity_association: ["eks:UpdatePodIdentityAssociation", "eks:DeletePodIdentityAssociation"],
  aws_eks_node_group: ["eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion", "eks:DeleteNodegroup"],
  aws_launch_template: ["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate", "ec2:RunInstances"],
  aws_subnet: ["ec2:RunInstances", "ec2:CreateNetworkInterface", "ec2:DeleteSubnet"],
  aws_security_group: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RunInstances"],
  aws_rds_cluster: ["rds:ModifyDBCluster", "rds:CreateDBClusterSnapshot", "rds:DeleteDBCluster"],
  aws_elasticache_replication_group: ["elasticache:ModifyReplicationGroup", "elasticache:DeleteReplicationGroup"],
  aws_cloudwatch_log_group: ["logs:FilterLogEvents", "logs:StartQuery", "logs:DeleteLogGroup"],
  aws_sqs_queue: ["sqs:ReceiveMessage", "sqs:SetQueueAttributes"],
  aws_backup_vault: ["backup:DeleteBackupVault", "backup:PutBackupVaultAccessPolicy", "backup:PutBackupVaultLockConfiguration"],
  aws_backup_plan: ["backup:UpdateBackupPlan", "backup:DeleteBackupPlan"],
  aws_sns_topic: ["sns:SetTopicAttributes", "sns:DeleteTopic", "sns:Unsubscribe"],
};

/** What no stack makes itself, and is there when they have run. */
function madeByAws(environment: Name): readonly Asset[] {
  const cluster = `${SYSTEM}-${environment}-${environment === "dev" ? "shared" : "write"}`;
  const byEks = tagged({ "eks:cluster-name": cluster });
  const bucket = `${SYSTEM}-${environment}-backups-${ACCOUNT}-${REGION}`;
  return [
    { kind: "node", arn: `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-1`, context: { ...own(environment), ...byEks } },
    { kind: "node", arn: `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-2`, context: byEks },
    { kind: "node", arn: `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-3`, context: own(environment) },
    { kind: "volume", arn: `arn:aws:ec2:${REGION}:${ACCOUNT}:volume/vol-1`, context: own(environment) },
    { kind: "provider", arn: iam(`oidc-provider/oidc.eks.${REGION}.amazonaws.com/id/${environment}`), context: own(environment) },
    { kind: "group", arn: `arn:aws:autoscaling:${REGION}:${ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/eks-1`, context: byEks },
    { kind: "object", arn: `arn:aws:s3:::${bucket}/base/1`, context: {} },
    {
      kind: "zone",
      arn: "arn:aws:route53:::hostedzone/Z1",
      context: { "route53:ChangeResourceRecordSetsNormalizedRecordNames": `commands.${environment}.orders.example.com` },
    },
    {
      kind: "zone",
      arn: "arn:aws:route53:::hostedzone/Z2",
      context: { "route53:ChangeResourceRecordSetsNormalizedRecordNames": `event-store.${environment}.${SYSTEM}.internal` },
    },
    { kind: "function", arn: `arn:aws:cloudfront::${ACCOUNT}:function/${SYSTEM}-${environment}-pass-by`, context: {} },
    { kind: "image", arn: `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${SYSTEM}/command-api`, context: {} },
    { kind: "table", arn: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${SYSTEM}-${environment}-subject-keys`, context: {} },
    { kind: "state", arn: `${state?.arn}/${environment}/data.tfstate`, context: {} },
  ];
}

const ATTACKS_ON_WHAT_AWS_MADE: Readonly<Record<string, readonly string[]>> = {
  node: [
    "ssm:SendCommand",
    "ssm:StartSession",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2:AssociateIamInstanceProfile",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:ModifyInstanceAttribute",
    "ec2:GetConsoleOutput",
    "ec2:CreateTags",
    "ec2:TerminateInstances",
  ],
  volume: ["ec2:CreateSnapshot", "ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DeleteTags"],
  provider: [
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:DeleteOpenIDConnectProvider",
    "iam:UntagOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
  ],
  group: ["autoscaling:UpdateAutoScalingGroup", "autoscaling:SetDesiredCapacity"],
  object: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
  zone: ["route53:ChangeResourceRecordSets"],
  function: ["cloudfront:UpdateFunction", "cloudfront:PublishFunction", "cloudfront:DeleteFunction"],
  image: ["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy", "ecr:PutImageTagMutability"],
  table: ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:UpdateContinuousBackups"],
  state: ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
};

const TRAIL_BUCKET = `arn:aws:s3:::${SYSTEM}-terraform-trail-${ACCOUNT}-${REGION}`;

/** What belongs to the account itself, and keeps its environments apart. */
const GUARDED: readonly (readonly [string, readonly string[]])[] = [
  ...ENVIRONMENTS.flatMap((name): (readonly [string, readonly string[]])[] => [
    [
      boundaryArn(SYSTEM, ACCOUNT, name),
      ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion"],
    ],
    [iam(`policy/${SYSTEM}/${SYSTEM}-deploy-${name}`), ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"]],
    [
      iam(`role/${SYSTEM}/${SYSTEM}-deploy-${name}`),
      [
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:PassRole",
        "sts:AssumeRole",
        "iam:DeleteRole",
        "iam:TagRole",
      ],
    ],
  ]),
  [iam(`role/${SYSTEM}/${SYSTEM}-plan`), ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "sts:AssumeRole"]],
  [
    iam("oidc-provider/token.actions.githubusercontent.com"),
    ["iam:UpdateOpenIDConnectProviderThumbprint", "iam:AddClientIDToOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider"],
  ],
  [iam("oidc-provider/evil.example.com"), ["iam:CreateOpenIDConnectProvider"]],
  [iam("saml-provider/evil"), ["iam:CreateSAMLProvider"]],
  [iam("user/evil"), ["iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:AttachUserPolicy"]],
  [iam("group/admins"), ["iam:AddUserToGroup", "iam:PutGroupPolicy"]],
  [iam("role/Administrator"), ["sts:AssumeRole", "iam:PassRole", "iam:UpdateAssumeRolePolicy"]],
  ["arn:aws:iam::999999999999:role/elsewhere", ["sts:AssumeRole"]],
  [iam(`role/${SYSTEM}/made`), ["iam:CreateRole"]],
  [iam("*"), ["sts:GetFederationToken", "sts:GetSessionToken"]],
  [
    state?.arn ?? "",
    ["s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration"],
  ],
  [`${state?.arn}/bootstrap/terraform.tfstate`, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]],
  [`${state?.arn}/gone/data.tfstate`, ["s3:GetObject", "s3:PutObject"]],
  ["*", ["organizations:LeaveOrganization", "account:CloseAccount", "sso:CreatePermissionSet", "s3:CreateAccessPoint"]],
  // The account's security settings.
  [
    `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/${SYSTEM}-account`,
    ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors"],
  ],
  [TRAIL_BUCKET, ["s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration", "s3:PutBucketObjectLockConfiguration"]],
  [`${TRAIL_BUCKET}/AWSLogs/1.json.gz`, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]],
  [
    `arn:aws:guardduty:${REGION}:${ACCOUNT}:detector/1`,
    ["guardduty:DeleteDetector", "guardduty:UpdateDetector", "guardduty:CreateFilter", "guardduty:StopMonitoringMembers"],
  ],
  [`arn:aws:securityhub:${REGION}:${ACCOUNT}:hub/default`, ["securityhub:DisableSecurityHub", "securityhub:BatchDisableStandards"]],
  ["*", ["config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:PutDeliveryChannel"]],
  [`arn:aws:s3:::${SYSTEM}-terraform-config-${ACCOUNT}-${REGION}`, ["s3:DeleteBucket", "s3:PutBucketPolicy"]],
  [`arn:aws:access-analyzer:${REGION}:${ACCOUNT}:analyzer/${SYSTEM}-account`, ["access-analyzer:DeleteAnalyzer"]],
  [
    "*",
    [
      "s3:PutAccountPublicAccessBlock",
      "ec2:DisableEbsEncryptionByDefault",
      "ec2:ModifyEbsDefaultKmsKeyId",
      "ec2:ResetEbsDefaultKmsKeyId",
      "budgets:ModifyBudget",
      "backup:UpdateGlobalSettings",
      "backup:UpdateRegionSettings",
      "cloudfront:AssociateAlias",
      "ec2:DisableSnapshotBlockPublicAccess",
      "ec2:EnableSerialConsoleAccess",
      "ec2:ModifyVpcBlockPublicAccessOptions",
      "ecr:PutRegistryPolicy",
      "logs:DeleteAccountPolicy",
      "logs:PutAccountPolicy",
      "rds:ModifyCertificates",
      "ce:UpdateCostAllocationTagsStatus",
    ],
  ],
  // What exists in the account beside the system, and runs with rights of its own.
  [`arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/cdk/1`, ["cloudformation:UpdateStack", "cloudformation:CreateChangeSet"]],
  [`arn:aws:lambda:${REGION}:${ACCOUNT}:function:admin`, ["lambda:UpdateFunctionCode", "lambda:InvokeFunction"]],
  [`arn:aws:codebuild:${REGION}:${ACCOUNT}:project/admin`, ["codebuild:StartBuild", "codebuild:UpdateProject"]],
  [`arn:aws:ecs:${REGION}:${ACCOUNT}:task/admin`, ["ecs:ExecuteCommand", "ecs:UpdateService"]],
  [`arn:aws:ssm:${REGION}:${ACCOUNT}:document/AWS-RunShellScript`, ["ssm:SendCommand", "ssm:StartAutomationExecution"]],
  [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/secret`, ["ssm:GetParameter", "ssm:PutParameter"]],
];

const others = (name: Name): Name => (name === "dev" ? "staging" : "dev");
const attackers = (name: Name): readonly (readonly [string, Principal])[] => [
  [`the deploy role of ${name}`, deployRoles[name]],
  [`any role that ${name} can make`, worst[name]],
];

describe.each(ENVIRONMENTS)("what %s deploys", (name) => {
  const assetsOfOther = [...stacksOf(others(name)).flatMap((stack) => stack.assets()), ...madeByAws(others(name))];

  const tried = assetsOfOther.flatMap((asset) =>
    (ATTACKS[asset.kind] ?? ATTACKS_ON_WHAT_AWS_MADE[asset.kind] ?? []).map((action) => ({ action, asset })),
  );
  const asks = {
    "kms:CallerAccount": ACCOUNT,
    "kms:ViaService": `ec2.${REGION}.amazonaws.com`,
    "iam:PassedToService": "ec2.amazonaws.com",
  };

  function reachedBy(who: Principal): readonly string[] {
    const others = tried.filter(({ action, asset }) =>
      may(who, action, asset.arn, { ...asks, ...asset.context, ...withBoundary(name, action) }, asset),
    );
    const guarded = GUARDED.flatMap(([resource, actions]) =>
      actions.filter((action) => may(who, action, resource, withBoundary(name, action))).map((action) => `${action} ${resource}`),
    );
    const locked = `arn:aws:s3:::${SYSTEM}-${name}-backups-${ACCOUNT}-${REGION}/base/1`;
    const unlocked = ["s3:BypassGovernanceRetention"].filter((action) => may(who, action, locked));
    return [...others.map(({ action, asset }) => `${action} ${asset.arn}`), ...guarded, ...unlocked];
  }

  it.each(attackers(name))("reaches nothing of another environment, nor what keeps environments apart: %s", (_, who) => {
    expect(new Set(tried.map(({ asset }) => asset.kind)).size).toBeGreaterThan(15);
    expect(reachedBy(who)).toEqual([]);
  });

  it.each(["OtherEnvironments", "OtherRecords", "OtherFunctions", "OtherClusters", "LocksAndBackDoors"])("would without %s", (guard) => {
    const without = (statements: readonly Statement[] = []) => statements.filter(({ Sid }) => Sid !== guard);
    expect(reachedBy({ ...worst[name], boundary: without(worst[name].boundary) })).not.toEqual([]);
    const deploy = deployRoles[name];
    expect(without(deploy.identity).length).toBe(deploy.identity.length - 1);
  });

  it.each(attackers(name))("uses no key of the account's trail: %s", (_, who) => {
    const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/trail`;
    const bootstrapped = { ...asks, ...tagged({ system: SYSTEM, environment: "bootstrap" }) };
    const actions = ["kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:Decrypt", "kms:UntagResource"];
    expect(actions.filter((action) => may(who, action, key, bootstrapped))).toEqual([]);
  });

  it("makes no role without its own boundary, and takes none away", () => {
    const role = iam(`role/${SYSTEM}/${name}/made`);
    const writes = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"];
    const within = (boundary?: string) =>
      writes.filter((action) => may(deployRoles[name], action, role, boundary ? { "iam:PermissionsBoundary": boundary } : {}));
    expect(within()).toEqual([]);
    expect(within(boundaryArn(SYSTEM, ACCOUNT, others(name)))).toEqual([]);
    expect(within("arn:aws:iam::aws:policy/AdministratorAccess")).toEqual([]);
    expect(within(boundaryArn(SYSTEM, ACCOUNT, name))).toEqual(writes);
    expect(may(deployRoles[name], "iam:DeleteRolePermissionsBoundary", role, withBoundary(name, "iam:"))).toBe(false);
    for (const action of [...writes, "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"])
      expect(may(worst[name], action, role, withBoundary(name, action))).toBe(false);
  });

  it("leads by no chain of roles to another environment's, nor to the deploy roles", () => {
    const all = [...account, ...ENVIRONMENTS.flatMap((one) => rolesOf[one])];
    const reached = new Map<string, Principal>([[deployRoles[name].arn, deployRoles[name]]]);
    reached.set(worst[name].arn, worst[name]);
    for (const who of reached.values())
      for (const role of all)
        if (takes(who, role)) reached.set(role.arn, { ...role, identity: [...role.identity, ...worst[name].identity] });
    const path = `role/${SYSTEM}/${name}/`;
    expect([...reached.keys()].filter((arn) => arn !== deployRoles[name].arn && !arn.includes(path))).toEqual([]);
    // The search finds something: the roles of its own environment.
    expect([...reached.keys()]).toEqual(expect.arrayContaining(rolesOf[name].map(({ arn }) => arn)));
  });
});

/** The boundary that an attacker would name: its own, by which the deploy role may write. */
function withBoundary(name: Name, action: string): Readonly<Record<string, string>> {
  return action.startsWith("iam:") ? { "iam:PermissionsBoundary": boundaryArn(SYSTEM, ACCOUNT, name) } : {};
}

/** Whether someone can act as a role: take it, hand it to what runs his code, or change who may take it. */
function takes(who: Principal, role: Role): boolean {
  const ask = (action: string) =>
    allows(who, { action, resource: role.arn, context: { "iam:PassedToService": "ec2.amazonaws.com", "aws:RequestedRegion": REGION } });
  const trusted = allows(who, { action: "sts:AssumeRole", resource: role.arn }, role.trust, true);
  return trusted || ["iam:PassRole", "iam:UpdateAssumeRolePolicy"].some(ask);
}

describe.each(ENVIRONMENTS)("the deploy role of %s", (name) => {
  const who = deployRoles[name];

  it("does everything with what its stacks make", () => {
    const services = { db: "rds", lb: "elasticloadbalancing", cloudwatch_event: "events", cloudwatch_log: "logs" };
    const serviceOf = (type: string) =>
      Object.entries(services).find(([prefix]) => type.startsWith(`aws_${prefix}`))?.[1] ??
      (/^aws_(vpc|subnet|route|route_table|route_table_association|security_group|default_security_group|eip|nat_gateway|internet_gateway|flow_log|launch_template|ec2)(_|$)/.test(
        type,
      ) && !type.startsWith("aws_route53")
        ? "ec2"
        : (type.split("_")[1] ?? ""));
    const assets = stacksOf(name).flatMap((stack) => stack.assets());
    const refused = assets
      .filter(({ kind }) => !kind.startsWith("aws_iam_"))
      .map((asset) => ({ ...asset, service: serviceOf(asset.kind) }))
      .filter(({ arn, context, service, kind }) =>
        service === "s3"
          ? kind === "aws_s3_bucket" && !(may(who, "s3:CreateBucket", arn) && may(who, "s3:PutBucketPolicy", arn))
          : !["Create", "Modify", "Delete", "Describe", "TagResource"].every((verb) => may(who, `${service}:${verb}`, arn, context)),
      );
    expect(refused.map(({ kind, service }) => `${service} ${kind}`)).toEqual([]);
  });

  it("makes and ends the identities of its stacks", () => {
    const identities = stacksOf(name).flatMap((stack) =>
      stack.assets().filter(({ kind }) => /^aws_iam_(role|instance_profile|openid_connect_provider)$/.test(kind)),
    );
    const actions: Readonly<Record<string, readonly string[]>> = {
      aws_iam_role: [
        "CreateRole",
        "GetRole",
        "TagRole",
        "PutRolePolicy",
        "GetRolePolicy",
        "AttachRolePolicy",
        "ListAttachedRolePolicies",
        "UpdateAssumeRolePolicy",
        "PutRolePermissionsBoundary",
        "PassRole",
        "DetachRolePolicy",
        "DeleteRolePolicy",
        "DeleteRole",
      ],
      aws_iam_openid_connect_provider: ["CreateOpenIDConnectProvider", "TagOpenIDConnectProvider", "DeleteOpenIDConnectProvider"],
      aws_iam_instance_profile: ["CreateInstanceProfile", "AddRoleToInstanceProfile", "TagInstanceProfile", "DeleteInstanceProfile"],
    };
    const refused = identities.flatMap(({ kind, arn }) =>
      (actions[kind] ?? [])
        .filter((action) => !may(who, `iam:${action}`, arn, withBoundary(name, "iam:")))
        .map((action) => `${action} ${arn}`),
    );
    expect(identities.length).toBeGreaterThan(8);
    expect(refused).toEqual([]);
    expect(may(who, "iam:CreateServiceLinkedRole", iam("role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"))).toBe(true);
  });

  it("reads and writes its own state, under its key, and asks nothing else of the key", () => {
    const own = `${state?.arn}/${name}/data.tfstate`;
    for (const action of ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]) expect(may(who, action, own)).toBe(true);
    expect(may(who, "s3:ListBucket", state?.arn ?? "")).toBe(true);
    const table = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${SYSTEM}-${name}-subject-keys`;
    for (const action of ["dynamodb:CreateTable", "dynamodb:UpdateContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DeleteTable"]) {
      expect(may(who, action, table)).toBe(true);
      expect(may(who, action, table.replace(`-${name}-`, "-another-"))).toBe(false);
    }
    for (const action of ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"])
      expect(may(worst[name], action, table)).toBe(true);
    const key = (action: string) => may(who, action, stateKey?.arn ?? "", stateKey?.context, stateKey);
    expect(["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"].map(key)).toEqual([true, true, true]);
    expect(["kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:UpdateAlias"].filter(key)).toEqual([]);
  });

  it("stays in its regions", () => {
    expect(may(who, "ec2:RunInstances", "*", { "aws:RequestedRegion": "ap-southeast-2" })).toBe(false);
    expect(may(worst[name], "ec2:RunInstances", "*", { "aws:RequestedRegion": "ap-southeast-2" })).toBe(false);
  });
});

describe.each(ENVIRONMENTS)("the boundary of %s", (name) => {
  const boundary: Principal = { ...worst[name], boundary: worst[name].boundary ?? [] };
  // A pattern stands for one of what it matches.
  const one = (pattern: string) => pattern.replace(/\*/g, "X").replace(/\?/g, "x");
  const listed = (value: Statement["Action"]): readonly string[] => [value ?? []].flat();

  it("leaves to every role what its own policies allow", () => {
    const refused = rolesOf[name].flatMap((role) =>
      role.identity
        .filter(({ Effect }) => Effect === "Allow")
        .flatMap(({ Action, Resource }) =>
          listed(Action).flatMap((action) =>
            listed(Resource)
              .filter((resource) => !may(boundary, one(action), one(resource), own(name)))
              .map((resource) => `${role.name}: ${action} ${resource}`),
          ),
        ),
    );
    expect(refused).toEqual([]);
  });

  /** What AWS' own policies allow, a call of each service. */
  const MANAGED: Readonly<Record<string, readonly string[]>> = {
    AmazonEC2ContainerRegistryPullOnly: ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:BatchImportUpstreamImage"],
    AmazonEBSCSIDriverEKSClusterScopedPolicy: ["ec2:CreateVolume", "ec2:AttachVolume", "ec2:CreateSnapshot", "ec2:CreateTags"],
    AmazonEKSClusterPolicy: [
      "autoscaling:UpdateAutoScalingGroup",
      "ec2:CreateSecurityGroup",
      "ec2:ModifyInstanceAttribute",
      "elasticloadbalancing:CreateLoadBalancer",
      "kms:DescribeKey",
    ],
    AmazonEKSWorkerNodePolicy: ["ec2:DescribeInstances", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"],
    AWSBackupServiceRolePolicyForBackup: [
      "backup:CopyFromBackupVault",
      "backup:CopyIntoBackupVault",
      "kms:CreateGrant",
      "kms:DescribeKey",
      "rds:AddTagsToResource",
      "rds:CopyDBClusterSnapshot",
      "rds:CreateDBClusterSnapshot",
      "rds:CreateDBSnapshot",
      "rds:DescribeDBSnapshots",
      "tag:GetResources",
    ],
    AWSBackupServiceRolePolicyForRestores: [
      "kms:DescribeKey",
      "rds:CreateDBInstance",
      "rds:DeleteDBInstance",
      "rds:RestoreDBClusterFromSnapshot",
      "rds:RestoreDBInstanceFromDBSnapshot",
    ],
    AmazonRDSEnhancedMonitoringRole: ["logs:CreateLogGroup", "logs:PutLogEvents"],
  };

  it("leaves to every role what AWS' policies on it allow", () => {
    const used = new Set(rolesOf[name].flatMap(({ managed }) => managed.map((arn) => arn.split("/").at(-1) ?? "")));
    for (const policy of used) {
      expect(MANAGED).toHaveProperty(policy);
      expect((MANAGED[policy] ?? []).filter((action) => !may(boundary, action, "*", own(name)))).toEqual([]);
    }
  });
});

describe("the role that plans", () => {
  /** What of AWS gives out data, by service. */
  const DATA: readonly string[] = [
    "athena:GetQueryResults",
    "backup:GetRecoveryPointRestoreMetadata",
    "cloudformation:GetTemplate",
    "cloudtrail:GetQueryResults",
    "cloudtrail:LookupEvents",
    "cognito-idp:ListUsers",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeVpnConnections",
    "ec2:GetConsoleOutput",
    "ec2:GetConsoleScreenshot",
    "ec2:GetPasswordData",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "elasticache:Connect",
    "glue:GetConnection",
    "kinesis:GetRecords",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:ListFunctions",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:Unmask",
    "rds:DownloadCompleteDBLogFile",
    "rds:DownloadDBLogFilePortion",
    "rds-data:ExecuteStatement",
    "rds-db:connect",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetCommandInvocation",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "sts:AssumeRole",
    "sts:GetFederationToken",
    "iam:GenerateCredentialReport",
    "iam:GetCredentialReport",
  ];

  it("reads no data", () => {
    expect(DATA.filter((action) => may(plan, action, `arn:aws:any:${REGION}:${ACCOUNT}:thing`, own("staging")))).toEqual([]);
  });

  it("reads states, and nothing else of their bucket", () => {
    expect(may(plan, "s3:GetObject", `${state?.arn}/staging/data.tfstate`)).toBe(true);
    expect(may(plan, "s3:PutObject", `${state?.arn}/staging/data.tfstate`)).toBe(false);
    expect(may(plan, "s3:GetObject", `arn:aws:s3:::${SYSTEM}-staging-backups-${ACCOUNT}-${REGION}/base/1`)).toBe(false);
    const key = (asset?: Asset) => may(plan, "kms:Decrypt", asset?.arn ?? "", asset?.context, asset);
    expect(key(stateKey)).toBe(true);
    const keys = ENVIRONMENTS.flatMap((name) => stacksOf(name).flatMap((stack) => stack.assets())).filter(
      ({ kind }) => kind === "aws_kms_key",
    );
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.filter(key)).toEqual([]);
  });

  it("changes nothing", () => {
    const changing = /^[\w-]+:(?!BatchGetProjects$|(Describe|Get|List)[A-Z*])/;
    const granted = plan.identity.flatMap(({ Action }) => [Action ?? []].flat());
    expect(granted.filter((action) => changing.test(action)).sort()).toEqual(["kms:Decrypt"]);
    const everything = [...Object.values(ATTACKS), ...Object.values(ATTACKS_ON_WHAT_AWS_MADE)]
      .flat()
      .filter((action) => changing.test(action));
    expect(everything.filter((action) => may(plan, action, "*", own("dev")))).toEqual([]);
  });
});
