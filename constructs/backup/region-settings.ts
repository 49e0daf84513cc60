import { BackupRegionSettings } from "@cdktf/provider-aws/lib/backup-region-settings";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";

/** Resource types that AWS Backup must be turned on for in the account. Otherwise it makes no snapshots, even if a plan selects them. */
const TYPES = ["Aurora", "RDS"];

/**
 * Turns on AWS Backup for databases in one region. The setting applies to an account and a region, so all environments of an account share
 * it. Types that are not listed keep their setting.
 */
export class BackupOptIn extends Construct {
  constructor(scope: Construct, id: string, props: { readonly provider: TerraformProvider }) {
    super(scope, id);
    new BackupRegionSettings(this, "settings", {
      provider: props.provider,
      resourceTypeOptInPreference: Object.fromEntries(TYPES.map((type) => [type, true])),
      // AWS returns every type that it supports and adds new ones. Without this, each would show as a change in every plan.
      lifecycle: { ignoreChanges: ["resource_type_opt_in_preference", "resource_type_management_preference"] },
    });
  }
}
