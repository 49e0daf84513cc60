import { type ControllerPlace, reads } from "./place";

/** Rights of Karpenter (controller policy), without the creation of instance profiles: Terraform creates that of its nodes. */
export function scalingStatements({ account, region, clusterName, scaling }: ControllerPlace): object[] {
  const ec2 = (kind: string, owner = account) => `arn:aws:ec2:${region}:${owner}:${kind}/*`;
  const own = (tag: "RequestTag" | "ResourceTag") => ({
    StringEquals: { [`aws:${tag}/kubernetes.io/cluster/${clusterName}`]: "owned" },
    StringLike: { [`aws:${tag}/karpenter.sh/nodepool`]: "*" },
  });
  const made = ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"].map((kind) => ec2(kind));
  return [
    reads(region, [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeCapacityReservations",
      "ec2:DescribeImages",
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceStatus",
      "ec2:DescribeInstanceTypeOfferings",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplates",
      "ec2:DescribePlacementGroups",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSpotPriceHistory",
      "ec2:DescribeSubnets",
    ]),
    { Sid: "Prices", Effect: "Allow", Action: "pricing:GetProducts", Resource: "*" },
    { Sid: "Images", Effect: "Allow", Action: "ssm:GetParameter", Resource: `arn:aws:ssm:${region}::parameter/aws/service/*` },
    {
      Sid: "StartFrom",
      Effect: "Allow",
      Action: ["ec2:RunInstances", "ec2:CreateFleet"],
      Resource: [ec2("image", ""), ec2("snapshot", ""), ec2("security-group"), ec2("subnet")],
    },
    {
      Sid: "StartFromOwnTemplates",
      Effect: "Allow",
      Action: ["ec2:RunInstances", "ec2:CreateFleet"],
      Resource: ec2("launch-template"),
      Condition: own("ResourceTag"),
    },
    {
      Sid: "StartOwn",
      Effect: "Allow",
      Action: ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
      Resource: made,
      Condition: own("RequestTag"),
    },
    {
      Sid: "TagNew",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: made,
      Condition: {
        StringEquals: { ...own("RequestTag").StringEquals, "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"] },
        StringLike: own("RequestTag").StringLike,
      },
    },
    {
      Sid: "NameOwn",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: ec2("instance"),
      Condition: {
        ...own("ResourceTag"),
        "ForAllValues:StringEquals": { "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] },
      },
    },
    {
      Sid: "EndOwn",
      Effect: "Allow",
      Action: ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
      Resource: [ec2("instance"), ec2("launch-template")],
      Condition: own("ResourceTag"),
    },
    {
      Sid: "Interruptions",
      Effect: "Allow",
      Action: ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
      Resource: scaling?.queueArn,
    },
    {
      Sid: "NodeRole",
      Effect: "Allow",
      Action: "iam:PassRole",
      Resource: scaling?.nodeRoleArn,
      Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
    },
    { Sid: "InstanceProfile", Effect: "Allow", Action: "iam:GetInstanceProfile", Resource: scaling?.instanceProfileArn },
    { Sid: "InstanceProfiles", Effect: "Allow", Action: "iam:ListInstanceProfiles", Resource: "*" },
    {
      Sid: "Endpoint",
      Effect: "Allow",
      Action: "eks:DescribeCluster",
      Resource: `arn:aws:eks:${region}:${account}:cluster/${clusterName}`,
    },
  ];
}
