import { SecurityhubAccount } from "@cdktf/provider-aws/lib/securityhub-account";
import { SecurityhubStandardsSubscription } from "@cdktf/provider-aws/lib/securityhub-standards-subscription";
import type { ITerraformDependable, TerraformProvider } from "cdktf";
import { Construct } from "constructs";

export interface SecurityChecksProps {
  readonly region: string;
  readonly provider: TerraformProvider;

  /** The recorder of AWS Config in the region, whose records it checks. */
  readonly after: readonly ITerraformDependable[];
}

/** The standard that AWS maintains for all of its services. */
const STANDARD = "standards/aws-foundational-security-best-practices/v/1.0.0";

/** Security Hub in one region of the account: checks all resources against AWS's standard, and collects findings of other services. */
export class SecurityChecks extends Construct {
  constructor(scope: Construct, id: string, { region, provider, after }: SecurityChecksProps) {
    super(scope, id);
    const hub = new SecurityhubAccount(this, "hub", {
      provider,
      enableDefaultStandards: false,
      autoEnableControls: true,
      controlFindingGenerator: "SECURITY_CONTROL",
      dependsOn: [...after],
    });
    new SecurityhubStandardsSubscription(this, "standard", {
      provider,
      standardsArn: `arn:aws:securityhub:${region}::${STANDARD}`,
      dependsOn: [hub],
    });
  }
}
