import { DynamodbTable, type DynamodbTableReplica } from "@cdktf/provider-aws/lib/dynamodb-table";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import { SUBJECT } from "../subject-keys";

export interface SubjectKeysProps {
  /** Prefix of its name, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** Customer-managed key that encrypts the table and wraps the data keys, by ARN. */
  readonly key: string;

  /**
   * Copy of the table in another region, in both directions: a key that is created or deleted in one region is in the other too. `key` is the
   * copy of the key there, by ARN.
   * @default - none: the keys are lost with their region
   */
  readonly copy?: { readonly region: string; readonly key: string };

  /** Days for which point-in-time recovery can restore a deleted data key: from 1 to 35. A deletion is final afterwards. */
  readonly recoveryDays: number;

  /**
   * Protects the table from deletion.
   * @default true
   */
  readonly protect?: boolean;
}

/** Longest time in days for which point-in-time recovery can restore (DynamoDB, UpdateContinuousBackups). */
export const MAX_RECOVERY_DAYS = 35;

/** Name of an environment's table of data keys, known before it exists. */
export function subjectKeyTable(name: readonly string[]): string {
  return cloudName("table", ...name, "subject-keys");
}

/** Alias of the KMS key that wraps the data keys of an environment, without `alias/`. */
export function subjectKeyAlias(name: readonly string[]): string {
  return cloudName("alias", ...name, "subject-keys");
}

/**
 * Table of data keys, one for each data subject, wrapped by KMS. Deleting a data key makes all that it encrypted unreadable
 * (crypto-shredding). Its only backup is point-in-time recovery, whose window is the time until a deletion is final.
 */
export class SubjectKeys extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { name, key, copy, recoveryDays, protect = true }: SubjectKeysProps) {
    super(scope, id);
    if (!Number.isInteger(recoveryDays) || recoveryDays < 1 || recoveryDays > MAX_RECOVERY_DAYS) {
      const rule = "must be a number of days that point-in-time recovery can have";
      refuse(this, [{ value: recoveryDays, rule, remedy: `use a whole number from 1 to ${MAX_RECOVERY_DAYS}` }], "recoveryDays");
    }
    this.name = subjectKeyTable(name);
    const table = new DynamodbTable(this, "table", {
      name: this.name,
      billingMode: "PAY_PER_REQUEST",
      hashKey: SUBJECT,
      attribute: [{ name: SUBJECT, type: "S" }],
      serverSideEncryption: { enabled: true, kmsKeyArn: key },
      pointInTimeRecovery: { enabled: true, recoveryPeriodInDays: recoveryDays },
      ...(copy ? { ...STREAM, replica: [copyOf(copy)] } : {}),
      deletionProtectionEnabled: protect,
      lifecycle: { preventDestroy: protect },
    });
    exempt(table, "backups-select-it", "a backup that outlives point-in-time recovery would keep deleted keys");
    this.arn = table.arn;
  }
}

/** Source of the copies of a table (DynamoDB, global tables). A record of a deletion is in it for 24 hours. */
const STREAM = { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" } as const;

/** Without point-in-time recovery: the provider can't shorten that of a copy to less than 35 days, and a deletion must become final. */
function copyOf({ region, key }: { readonly region: string; readonly key: string }): DynamodbTableReplica {
  return { regionName: region, kmsKeyArn: key, pointInTimeRecovery: false, propagateTags: true };
}
