/** Partition key of the table: SHA-256 of a subject's id. */
export const SUBJECT = "subject";

/** Names in the encryption context of data keys. IAM policies name them too. */
export const CONTEXT = { subject: "subject", table: "table" } as const;

/** Actions on the table of those who use data keys, and of those who delete them. */
export const TABLE_ACTIONS = {
  users: ["dynamodb:GetItem", "dynamodb:PutItem"],
  erasers: ["dynamodb:DeleteItem", "dynamodb:DescribeContinuousBackups", "dynamodb:GetItem"],
} as const;

/** Uses of a table's KMS key by DynamoDB, with the rights of its caller (DynamoDB, encryption at rest). */
export const TABLE_KEY_ACTIONS = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"] as const;
