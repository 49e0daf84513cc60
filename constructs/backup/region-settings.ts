import { BackupRegionSettings } from "@cdktf/provider-aws/lib/backup-region-settings";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";

/** Types of which AWS Backup makes snapshots only where the account has turned them on, even if a plan names them. */
const TYPES = ["Aurora", "RDS"];

/**
 * Turns on AWS Backup for databases in one region. The setting belongs to an account and a region, so an account has one for all
 * of its environments. Types that are not named stay as they are.
 */
export class BackupOptIn extends Construct {
  constructor(scope: Construct, id: string, props: { readonly provider: TerraformProvider }) {
    super(scope, id);
    new BackupRegionSettings(this, "settings", {
      provider: props.provider,
      resourceTypeOptInPreference: Object.fromEntries(TYPES.map((type) => [type, true])),
      // AWS reads back every type that it has, and gets new ones: each would be a change in every plan.
      lifecycle: { ignoreChanges: ["resource_type_opt_in_preference", "resource_type_management_preference"] },
    });
  }
}
