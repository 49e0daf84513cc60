import { type ControllerPlace, reads } from "./place";

/**
 * Rights of the load balancer controller. Terraform creates load balancers, listeners, target groups and their security groups. The
 * controller only registers pods in target groups of its environment: Ingress and Service of type LoadBalancer don't work here.
 */
export function targetStatements({ account, region, owner }: ControllerPlace): object[] {
  return [
    reads(region, [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTags",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]),
    {
      Sid: "TargetsOfTheEnvironment",
      Effect: "Allow",
      Action: ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
      Resource: `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/*`,
      Condition: { StringEquals: Object.fromEntries(Object.entries(owner).map(([key, value]) => [`aws:ResourceTag/${key}`, value])) },
    },
  ];
}
