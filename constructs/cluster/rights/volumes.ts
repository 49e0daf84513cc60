import type { ControllerPlace } from "./place";

/** Rights to the customer-managed key of volumes, which the driver's own policy doesn't include, and to lock snapshots of the cluster. */
export function volumeStatements({ diskKey, region, clusterName }: ControllerPlace): object[] {
  return [
    {
      Sid: "UseTheKey",
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
      Resource: diskKey,
    },
    {
      Sid: "LendTheKeyToVolumes",
      Effect: "Allow",
      Action: "kms:CreateGrant",
      Resource: diskKey,
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
    {
      // The driver deletes a snapshot that it can't lock.
      Sid: "LockSnapshots",
      Effect: "Allow",
      Action: "ec2:LockSnapshot",
      Resource: `arn:aws:ec2:${region}::snapshot/*`,
      Condition: { StringEquals: { "aws:ResourceTag/ebs.csi.aws.com/cluster-name": clusterName } },
    },
  ];
}
