import { CONTEXT } from "../subject-keys";

/** Table of data keys, and the key that wraps them. */
export interface SubjectKeysPlace {
  readonly table: string;
  readonly tableArn: string;

  /** Customer-managed key of the table and its data keys, by ARN. */
  readonly keyArn: string;

  readonly region: string;
}

/**
 * Rights of a workload that encrypts and decrypts personal data: it reads data keys one by one, and creates them. It can't delete or list.
 * IAM has no condition for a `PutItem` that only creates: `SubjectKeyClient` states it in each request.
 */
export function subjectKeyUserStatements(place: SubjectKeysPlace): object[] {
  return [
    { Sid: "ReadAndCreateKeys", Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:PutItem"], Resource: place.tableArn },
    {
      Sid: "WrapKeys",
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: place.keyArn,
      Condition: {
        StringEquals: { [`kms:EncryptionContext:${CONTEXT.table}`]: place.table },
        Null: { [`kms:EncryptionContext:${CONTEXT.subject}`]: "false" },
      },
    },
    useOfTable("EncryptedTableOfUsers", place),
  ];
}

/** Rights of those who erase data subjects: they read and delete wrapped data keys, and can't unwrap, create or list them. */
export function subjectKeyEraserStatements(place: SubjectKeysPlace): object[] {
  return [
    {
      Sid: "DeleteKeys",
      Effect: "Allow",
      Action: ["dynamodb:DeleteItem", "dynamodb:DescribeContinuousBackups", "dynamodb:GetItem"],
      Resource: place.tableArn,
    },
    useOfTable("EncryptedTableOfErasers", place),
  ];
}

/** DynamoDB uses the key of a table with the rights of its caller (DynamoDB, encryption at rest). */
function useOfTable(sid: string, { keyArn, region }: SubjectKeysPlace): object {
  return {
    Sid: sid,
    Effect: "Allow",
    Action: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    Resource: keyArn,
    Condition: { StringEquals: { "kms:ViaService": `dynamodb.${region}.amazonaws.com` } },
  };
}
