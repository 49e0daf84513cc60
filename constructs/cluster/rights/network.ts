import { type ControllerPlace, reads } from "./place";

/** Rights of VPC CNI (scope-down policy for each cluster): it creates and changes interfaces with the cluster's name only. */
export function networkStatements({ account, region, vpcId, clusterName }: ControllerPlace): object[] {
  const ec2 = (kind: string) => `arn:aws:ec2:${region}:${account}:${kind}/*`;
  const named = { "aws:ResourceTag/cluster.k8s.amazonaws.com/name": clusterName };
  return [
    reads(region, [
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
    ]),
    {
      Sid: "NewInterfaces",
      Effect: "Allow",
      Action: "ec2:CreateNetworkInterface",
      Resource: ec2("network-interface"),
      Condition: { StringEquals: { "aws:RequestTag/cluster.k8s.amazonaws.com/name": clusterName } },
    },
    {
      Sid: "InterfacesOfThisNetwork",
      Effect: "Allow",
      Action: "ec2:CreateNetworkInterface",
      Resource: [ec2("subnet"), ec2("security-group")],
      Condition: { ArnEquals: { "ec2:Vpc": `arn:aws:ec2:${region}:${account}:vpc/${vpcId}` } },
    },
    {
      Sid: "TagNewInterfaces",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: ec2("network-interface"),
      Condition: { StringEquals: { "ec2:CreateAction": "CreateNetworkInterface" } },
    },
    {
      Sid: "TagOwnInterfaces",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: ec2("network-interface"),
      Condition: { StringEquals: named },
    },
    {
      Sid: "OwnInterfaces",
      Effect: "Allow",
      Action: [
        "ec2:AssignPrivateIpAddresses",
        "ec2:AttachNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DetachNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:UnassignPrivateIpAddresses",
      ],
      Resource: ec2("network-interface"),
      Condition: { StringEquals: named },
    },
    {
      Sid: "OwnInstances",
      Effect: "Allow",
      Action: ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
      Resource: ec2("instance"),
      Condition: { StringEquals: { [`aws:ResourceTag/kubernetes.io/cluster/${clusterName}`]: "owned" } },
    },
    { Sid: "GroupsOfInterfaces", Effect: "Allow", Action: "ec2:ModifyNetworkInterfaceAttribute", Resource: ec2("security-group") },
  ];
}
