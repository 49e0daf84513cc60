import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

/** A change of anything makes another job. */
export interface KurrentCloudScheduledBackupConfig {
  readonly projectId: string;
  readonly sourceClusterId: string;
  readonly description: string;

  /** What each backup is called, a template of the vendor's: `{cluster} {datetime:RFC3339}`. */
  readonly backupDescription: string;

  /** A part of cron: no lists and ranges, any day of the month. */
  readonly schedule: string;

  /** With each new backup the oldest of the job beyond so many are deleted. */
  readonly maxBackupCount: number;
}

/** A job that backs a cluster up (`kurrentcloud_scheduled_backup`). */
export class KurrentCloudScheduledBackup extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudScheduledBackupConfig) {
    super(scope, id, "scheduled_backup", config);
  }
}
