import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

/** Any change replaces the job. */
export interface KurrentCloudScheduledBackupConfig {
  readonly projectId: string;
  readonly sourceClusterId: string;
  readonly description: string;

  /** Description of each backup, a template of the vendor's: `{cluster} {datetime:RFC3339}`. */
  readonly backupDescription: string;

  /** Cron schedule with restrictions: no lists and ranges, any day of the month. */
  readonly schedule: string;

  /** Maximum of backups of this job: each new one deletes the oldest beyond it. */
  readonly maxBackupCount: number;
}

/** A scheduled backup of a cluster (`kurrentcloud_scheduled_backup`). */
export class KurrentCloudScheduledBackup extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudScheduledBackupConfig) {
    super(scope, id, "scheduled_backup", config);
  }
}
