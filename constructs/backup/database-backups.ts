import { BackupPlan } from "@cdktf/provider-aws/lib/backup-plan";
import { BackupRestoreTestingPlan } from "@cdktf/provider-aws/lib/backup-restore-testing-plan";
import { BackupRestoreTestingSelection } from "@cdktf/provider-aws/lib/backup-restore-testing-selection";
import { BackupSelection } from "@cdktf/provider-aws/lib/backup-selection";
import { BackupVault } from "@cdktf/provider-aws/lib/backup-vault";
import { BackupVaultLockConfiguration } from "@cdktf/provider-aws/lib/backup-vault-lock-configuration";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable, TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import type { Duration } from "../core/quantities";
import { BACKUP_TAG } from "../core/tags";
import type { BackupLock } from "./backup-bucket";
import { BackupNotices } from "./backup-notices";
import { COMPLETION_MINUTES, START_MINUTES, snapshotSchedule } from "./snapshot-schedule";

/** Schedule of restore tests: minute, hour, days, month and weekday, as AWS writes them. */
export const RESTORE_TESTS = "0 6 ? * SUN";

/** A database that AWS Backup takes snapshots of. */
export interface BackedUpDatabase {
  /** Name of the database in its environment: `read-database`. */
  readonly store: string;

  /** Resource type in AWS Backup. */
  readonly type: "Aurora" | "RDS";

  /** Interval between snapshots: 6h, 8h, 12h or 1d. */
  readonly every: Duration;

  /** Retention of each snapshot and each copy, in days. */
  readonly keepDays: number;

  /** Network of databases that restore tests create. AWS Backup would use the default VPC without it. */
  readonly network: { readonly subnetGroup: string; readonly securityGroupIds: readonly string[] };
}

export interface DatabaseBackupsProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;

  /** Customer-managed keys, by ARN: of the vault and notifications, and of the databases. */
  readonly keys: { readonly backup: string; readonly data: string };

  readonly databases: readonly BackedUpDatabase[];

  /**
   * Databases that come later, as with the promotion of a standby. Their vaults exist from the beginning: when the databases come, the region
   * of the copies can be lost.
   * @default - none
   */
  readonly later?: readonly Pick<BackedUpDatabase, "keepDays">[];

  /** Protects backups from deletion, and restores them every week as a test. */
  readonly protect: boolean;

  /**
   * Mode of the lock on snapshots until their retention ends. Only with `protect`.
   * @default "governance" with `protect`, none without
   */
  readonly lock?: BackupLock;

  /**
   * Email addresses that are notified about missed and failed jobs. Each recipient must confirm the subscription first.
   * @default - none
   */
  readonly notify?: readonly string[];

  /**
   * Copy in another region.
   * @default - none: snapshots are lost with the region
   */
  readonly recovery?: { readonly key: string; readonly provider: TerraformProvider };
}

/** Days until a lock in compliance mode is final (AWS Backup Vault Lock: at least 3). */
const COOLING_OFF_DAYS = 7;

/** Name of the vault in the region of the databases, known before it exists. */
export function backupVaultName(name: readonly string[]): string {
  return cloudName("backupVault", ...name);
}

/** Name of the role with which AWS Backup takes snapshots of databases. */
export function backupRoleName(name: readonly string[]): string {
  return cloudName("role", ...name, BACKUP_ROLE);
}

const BACKUP_ROLE = "backup";

/** Name of a database's backup plan, which is also the value of its tag `backup-plan`. */
export function backupPlanName(name: readonly string[], store: string): string {
  return cloudName("backupPlan", ...name, store);
}

/**
 * Snapshots of databases by AWS Backup: in a locked vault, copied to a vault in another region, selected by tag, and restored every week as
 * a test. AWS deletes each at the end of its retention.
 */
export class DatabaseBackups extends Construct {
  /** Name of the vault. */
  readonly vault: string;

  constructor(scope: Construct, id: string, props: DatabaseBackupsProps) {
    super(scope, id);
    const { protect, keys, databases, recovery, lock = protect ? "governance" : undefined } = props;
    if (lock && !protect) {
      refuse(this, [{ value: lock, rule: "locks what is not protected, and can't be destroyed then", remedy: "leave it out" }], "lock");
    }
    const vault = this.vaultOf("primary", props, lock, keys.backup);
    const copy = recovery && this.vaultOf("copy", props, lock, recovery.key, recovery.provider);
    this.vault = vault.name;
    if (databases.length === 0) return;
    const role = this.role("backup-role", BACKUP_ROLE, ["AWSBackupServiceRolePolicyForBackup"], props);
    for (const database of databases) this.plan(database, props, vault, copy, role);
    if (protect) this.restoreTests(props, vault);
    new BackupNotices(this, "notices", { ...props, vault: vault.name, key: keys.backup });
  }

  private vaultOf(
    which: "primary" | "copy",
    { name, protect, databases, later = [] }: DatabaseBackupsProps,
    lock: BackupLock | undefined,
    key: string,
    provider?: TerraformProvider,
  ): BackupVault {
    const place = provider ? { provider } : {};
    const vault = new BackupVault(this, which, {
      ...place,
      name: backupVaultName(which === "copy" ? [...name, "copy"] : name),
      kmsKeyArn: key,
      forceDestroy: !protect,
      lifecycle: { preventDestroy: protect },
    });
    if (lock) {
      new BackupVaultLockConfiguration(this, `${which}-lock`, {
        ...place,
        backupVaultName: vault.name,
        // No maximum: a job fails if its retention is out of range.
        minRetentionDays: Math.min(...[...databases, ...later].map(({ keepDays }) => keepDays)),
        ...(lock === "compliance" ? { changeableForDays: COOLING_OFF_DAYS } : {}),
      });
    }
    return vault;
  }

  private plan(
    { store, every, keepDays }: BackedUpDatabase,
    { name }: DatabaseBackupsProps,
    vault: BackupVault,
    copy: BackupVault | undefined,
    role: Role,
  ): void {
    const lifecycle = { deleteAfter: keepDays };
    const schedule = snapshotSchedule(every);
    if (!schedule) {
      refuse(
        this,
        [{ value: every, rule: "is not a time between snapshots that a schedule can have", remedy: "use one of 6h, 8h, 12h, 1d" }],
        `databases.${store}.every`,
      );
    }
    const plan = new BackupPlan(this, `${store}-plan`, {
      name: backupPlanName(name, store),
      rule: [
        {
          ruleName: "snapshots",
          targetVaultName: vault.name,
          schedule: schedule ?? "",
          startWindow: START_MINUTES,
          completionWindow: COMPLETION_MINUTES,
          lifecycle,
          ...(copy ? { copyAction: [{ destinationVaultArn: copy.arn, lifecycle }] } : {}),
        },
      ],
    });
    new BackupSelection(this, `${store}-selection`, {
      name: "by-tag",
      planId: plan.id,
      iamRoleArn: role.arn,
      selectionTag: [{ type: "STRINGEQUALS", key: BACKUP_TAG, value: backupPlanName(name, store) }],
      dependsOn: role.rights,
    });
  }

  /** Restores the newest snapshot of each database every Sunday as an additional database, and deletes it after the test. */
  private restoreTests(props: DatabaseBackupsProps, vault: BackupVault): void {
    const { name, databases } = props;
    const role = this.role("restore-role", "backup-restore", ["AWSBackupServiceRolePolicyForRestores"], props);
    const plan = new BackupRestoreTestingPlan(this, "restore-tests", {
      name: restoreName(...name),
      scheduleExpression: `cron(${RESTORE_TESTS} *)`,
      startWindowHours: 1,
      recoveryPointSelection: [
        { algorithm: "LATEST_WITHIN_WINDOW", includeVaults: [vault.arn], recoveryPointTypes: ["SNAPSHOT"], selectionWindowDays: 7 },
      ],
    });
    for (const { store, type, network } of databases) {
      new BackupRestoreTestingSelection(this, `${store}-restore-test`, {
        name: restoreName(store),
        restoreTestingPlanName: plan.name,
        protectedResourceType: type,
        // The API accepts either these conditions or ARNs.
        protectedResourceConditions: [{ stringEquals: [{ key: `aws:ResourceTag/${BACKUP_TAG}`, value: backupPlanName(name, store) }] }],
        restoreMetadataOverrides: {
          dbSubnetGroupName: network.subnetGroup,
          vpcSecurityGroupIds: JSON.stringify(network.securityGroupIds),
        },
        iamRoleArn: role.arn,
        dependsOn: role.rights,
      });
    }
  }

  private role(id: string, use: string, policies: readonly string[], { name, keys, recovery }: DatabaseBackupsProps): Role {
    const role = new IamRole(this, id, {
      name: cloudName("role", ...name, use),
      assumeRolePolicy: policyDocument([{ Effect: "Allow", Principal: { Service: "backup.amazonaws.com" }, Action: "sts:AssumeRole" }]),
    });
    const attached = policies.map(
      (policy) =>
        new IamRolePolicyAttachment(this, `${id}-rights`, {
          role: role.name,
          policyArn: `arn:aws:iam::aws:policy/service-role/${policy}`,
        }),
    );
    const used = new IamRolePolicy(this, `${id}-keys`, {
      name: "keys",
      role: role.id,
      policy: policyDocument(keyRights([keys.data, keys.backup, ...(recovery ? [recovery.key] : [])])),
    });
    return { arn: role.arn, rights: [...attached, used] };
  }
}

interface Role {
  readonly arn: string;

  /** Resources that must exist before AWS Backup uses the role. */
  readonly rights: ITerraformDependable[];
}

/** Copies are encrypted with a new key, and RDS needs a grant for each key (AWS Backup, encryption of copies). */
function keyRights(keys: readonly string[]): object[] {
  return [
    {
      Effect: "Allow",
      Action: ["kms:DescribeKey", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
      Resource: keys,
    },
    { Effect: "Allow", Action: "kms:CreateGrant", Resource: keys, Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } } },
  ];
}

/** Name of a restore test: letters, digits and underscores only. */
function restoreName(...parts: readonly string[]): string {
  return cloudName("restoreTest", ...parts).replaceAll("-", "_");
}
