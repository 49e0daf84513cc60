import type { ControllerPlace } from "./place";

/** Rights to the customer-managed key of volumes, which the driver's own policy doesn't include. */
export function volumeStatements({ diskKey }: ControllerPlace): object[] {
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
  ];
}
