import { CodebuildProject } from "@cdktf/provider-aws/lib/codebuild-project";
import { CodebuildWebhook } from "@cdktf/provider-aws/lib/codebuild-webhook";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import { LogGroup } from "../logs";
import { exempt } from "../policy/contract";
import { CONNECTION_USES, runnerProject } from "./contract";

export interface GitHubRunnersProps {
  /** Name parts of the project: system and environment. */
  readonly name: readonly string[];
  readonly account: string;
  readonly region: string;

  /** Repository whose workflow jobs run here: `example/orders`. Must be private: others could start jobs from forks. */
  readonly repository: string;

  /**
   * ARN of the CodeConnections connection to GitHub: `arn:aws:codeconnections:…`. It must be available: someone has confirmed the
   * installation of the GitHub app in the console.
   */
  readonly connection: string;
  readonly vpcId: string;

  /** Subnets of the jobs, with a route to the internet through NAT: GitHub has no endpoint in a VPC. */
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;

  /** ARN of the KMS key of the log group. Its policy must allow CloudWatch Logs. */
  readonly logsKey: string;
  readonly logDays: number;
}

/**
 * Ephemeral GitHub Actions runners in a VPC, for jobs that deploy to private clusters: CodeBuild starts one for each queued job with the
 * label `codebuild-<project>-<run id>-<run attempt>`. Jobs assume the deploy roles with GitHub's tokens, as on other runners: the role of the
 * project only lets CodeBuild run them.
 */
export class GitHubRunners extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: GitHubRunnersProps,
  ) {
    super(scope, id);
    const { repository, connection, vpcId, subnetIds, securityGroupId, logsKey: key, logDays: days } = props;
    const name = runnerProject(props.name);
    const logs = new LogGroup(this, "logs", { name: cloudName("logGroup", ...props.name, "runners"), key, days });
    const role = this.role(name);
    const rights = new IamRolePolicy(this, "rights", { role: role.id, policy: policyDocument(this.statements(logs.arn)) });
    for (const rule of ["CKV_AWS_290", "CKV_AWS_355"])
      exempt(rights, rule, "CodeBuild checks these rights without a resource (user guide, network interfaces)");
    const project = new CodebuildProject(this, "project", {
      name,
      description: `GitHub Actions runners of ${repository}, in the network of its clusters`,
      serviceRole: role.arn,
      // As long as GitHub lets a job run that has no timeout: the shorter one of a job ends it first.
      buildTimeout: 360,
      queuedTimeout: 60,
      artifacts: { type: "NO_ARTIFACTS" },
      environment: { computeType: "BUILD_GENERAL1_MEDIUM", image: IMAGE, type: "LINUX_CONTAINER" },
      logsConfig: { cloudwatchLogs: { groupName: logs.name } },
      source: {
        type: "GITHUB",
        location: `https://github.com/${repository}.git`,
        gitCloneDepth: 1,
        auth: { type: "CODECONNECTIONS", resource: connection },
      },
      vpcConfig: { vpcId, subnets: [...subnetIds], securityGroupIds: [securityGroupId] },
      // CodeBuild tries the rights of the role when the project is created.
      dependsOn: [rights],
    });
    // CodeBuild registers it at GitHub through the connection, and returns no secret for this type of source.
    new CodebuildWebhook(this, "webhook", {
      projectName: project.name,
      buildType: "BUILD",
      filterGroup: [{ filter: [{ type: "EVENT", pattern: "WORKFLOW_JOB_QUEUED" }] }],
    });
  }

  private role(project: string): IamRole {
    const { account, region, name } = this.props;
    return new IamRole(this, "role", {
      name: cloudName("role", ...name, "runners"),
      assumeRolePolicy: policyDocument([
        {
          Effect: "Allow",
          Principal: { Service: "codebuild.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: {
            StringEquals: {
              "aws:SourceAccount": account,
              "aws:SourceArn": `arn:aws:codebuild:${region}:${account}:project/${project}`,
            },
          },
        },
      ]),
    });
  }

  private statements(logs: string): object[] {
    const { account, region, connection, subnetIds } = this.props;
    const ec2 = (resource: string) => `arn:aws:ec2:${region}:${account}:${resource}`;
    return [
      { Sid: "Logs", Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: `${logs}:*` },
      { Sid: "Connection", Effect: "Allow", Action: CONNECTION_USES, Resource: connection },
      {
        Sid: "NetworkInterfaces",
        Effect: "Allow",
        Action: [
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeDhcpOptions",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeVpcs",
        ],
        Resource: "*",
      },
      {
        Sid: "AttachToJobs",
        Effect: "Allow",
        Action: "ec2:CreateNetworkInterfacePermission",
        Resource: ec2("network-interface/*"),
        Condition: {
          StringEquals: { "ec2:AuthorizedService": "codebuild.amazonaws.com" },
          ArnEquals: { "ec2:Subnet": subnetIds.map((subnet) => ec2(`subnet/${subnet}`)) },
        },
      },
    ];
  }
}

/** Image of AWS with git, Node.js and the AWS CLI (CodeBuild user guide, available images). CodeBuild keeps it patched under this name. */
const IMAGE = "aws/codebuild/standard:7.0";
