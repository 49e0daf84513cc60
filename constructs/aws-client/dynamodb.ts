import { AwsError, callJson, type JsonClientProps } from "./json";
import { serviceFromEnvironment } from "./service";

/** Props of a client from `AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB` and the variables of credentials. */
export function dynamoDbFromEnvironment(env: NodeJS.ProcessEnv): JsonClientProps {
  return serviceFromEnvironment(env, "dynamodb");
}

/** Attributes of an item, all of type string. */
export type DynamoDbItem = Readonly<Record<string, string>>;

type Attributes = Readonly<Record<string, { readonly S: string }>>;

/** Items of one table with a partition key: they are read, created and deleted, and never replaced. */
export class DynamoDbTableClient {
  constructor(
    private readonly props: JsonClientProps,
    readonly table: string,
    private readonly partitionKey: string,
  ) {}

  /** Reads an item consistently: what any earlier write has changed is seen. Undefined if it doesn't exist. */
  async get(key: string): Promise<DynamoDbItem | undefined> {
    const { Item } = await this.call<{ Item?: Attributes }>("GetItem", { Key: this.keyOf(key), ConsistentRead: true });
    return Item && plain(Item);
  }

  /** Creates an item. Returns false, and changes nothing, if there is one with its key. */
  async create(item: DynamoDbItem): Promise<boolean> {
    const Item = Object.fromEntries(Object.entries(item).map(([name, S]) => [name, { S }]));
    const condition = { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": this.partitionKey } };
    try {
      await this.call("PutItem", { Item, ...condition });
      return true;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ConditionalCheckFailedException") return false;
      throw error;
    }
  }

  /** Deletes an item, if it exists. */
  async delete(key: string): Promise<void> {
    await this.call("DeleteItem", { Key: this.keyOf(key) });
  }

  /** Days for which point-in-time recovery can restore a deleted item. 0 if it is off. */
  async recoveryDays(): Promise<number> {
    const { ContinuousBackupsDescription } = await this.call<ContinuousBackups>("DescribeContinuousBackups", {});
    const { PointInTimeRecoveryStatus, RecoveryPeriodInDays = 35 } = ContinuousBackupsDescription.PointInTimeRecoveryDescription ?? {};
    return PointInTimeRecoveryStatus === "ENABLED" ? RecoveryPeriodInDays : 0;
  }

  private keyOf(key: string): Attributes {
    return { [this.partitionKey]: { S: key } };
  }

  private call<T>(action: string, input: object): Promise<T> {
    const target = `DynamoDB_20120810.${action}`;
    const request = { service: "dynamodb", version: "1.0", target, input: { TableName: this.table, ...input } } as const;
    return callJson(this.props, request, `DynamoDB ${action} of ${this.table}`);
  }
}

interface ContinuousBackups {
  readonly ContinuousBackupsDescription: {
    readonly PointInTimeRecoveryDescription?: { readonly PointInTimeRecoveryStatus?: string; readonly RecoveryPeriodInDays?: number };
  };
}

function plain(attributes: Attributes): DynamoDbItem {
  return Object.fromEntries(Object.entries(attributes).map(([name, { S }]) => [name, S]));
}
