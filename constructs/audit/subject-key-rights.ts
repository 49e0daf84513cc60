import { CONTEXT, TABLE_ACTIONS, TABLE_KEY_ACTIONS } from "../subject-keys/contract";

/** Table of data keys, and the key that wraps them. */
export interface SubjectKeysPlace {
  readonly table: string;
  readonly tableArn: string;

  /** Customer-managed key of the table and its data keys, by ARN. */
  readonly keyArn: string;

  /**
   * Alias that the key must have: `alias/orders-production-subject-keys`. For a key whose ID isn't known, with a pattern as `keyArn`.
   * @default - any
   */
  readonly alias?: string;

  readonly region: string;
}

/**
 * Rights of a workload that encrypts and decrypts personal data: it reads data keys one by one, and creates them. It can't delete or list.
 * IAM has no condition for a `PutItem` that only creates: `SubjectKeyClient` states it in each request.
 */
export function subjectKeyUserStatements(place: SubjectKeysPlace): object[] {
  return userStatements(place, TABLE_ACTIONS.users, ["kms:Decrypt", "kms:GenerateDataKey"]);
}

/**
 * Rights of a workload that only decrypts personal data: one in a region that waits. If two regions created the key of a subject at the same
 * time, DynamoDB would keep one of them, and texts of the other could not be decrypted.
 */
export function subjectKeyReaderStatements(place: SubjectKeysPlace): object[] {
  return userStatements(place, ["dynamodb:GetItem"], ["kms:Decrypt"]);
}

function userStatements(place: SubjectKeysPlace, items: readonly string[], uses: readonly string[]): object[] {
  return [
    { Sid: items.length > 1 ? "ReadAndCreateKeys" : "ReadKeys", Effect: "Allow", Action: items, Resource: place.tableArn },
    {
      Sid: "WrapKeys",
      Effect: "Allow",
      Action: uses,
      Resource: place.keyArn,
      Condition: {
        ...ofAlias(place),
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
      Action: TABLE_ACTIONS.erasers,
      Resource: place.tableArn,
    },
    useOfTable("EncryptedTableOfErasers", place),
  ];
}

function useOfTable(sid: string, place: SubjectKeysPlace): object {
  const { keyArn, region } = place;
  return {
    Sid: sid,
    Effect: "Allow",
    Action: TABLE_KEY_ACTIONS,
    Resource: keyArn,
    Condition: { ...ofAlias(place), StringEquals: { "kms:ViaService": `dynamodb.${region}.amazonaws.com` } },
  };
}

function ofAlias({ alias }: SubjectKeysPlace): object {
  return alias === undefined ? {} : { "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } };
}
