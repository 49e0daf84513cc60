import type { ControllerPlace } from "./place";

/** Volumes are under a key of ours; the driver's own policy knows no key. */
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
