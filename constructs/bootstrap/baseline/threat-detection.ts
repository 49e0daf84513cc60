import { GuarddutyDetector } from "@cdktf/provider-aws/lib/guardduty-detector";
import { GuarddutyDetectorFeature } from "@cdktf/provider-aws/lib/guardduty-detector-feature";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { exempt } from "../../policy/contract";

/** Sources that GuardDuty analyzes in addition to CloudTrail, DNS and flow logs: audit logs of EKS, reads of S3, log-ins of Aurora, infected disks. */
const FEATURES = ["EKS_AUDIT_LOGS", "S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "EBS_MALWARE_PROTECTION"];

/** GuardDuty in one region of the account. An account has one detector for each region. */
export class ThreatDetection extends Construct {
  constructor(scope: Construct, id: string, props: { readonly provider: TerraformProvider }) {
    super(scope, id);
    const { provider } = props;
    const detector = new GuarddutyDetector(this, "detector", { provider, enable: true, findingPublishingFrequency: "FIFTEEN_MINUTES" });
    exempt(detector, "CKV2_AWS_3", "an account of its own; in an organization its security account turns GuardDuty on");
    for (const name of FEATURES)
      new GuarddutyDetectorFeature(this, name.toLowerCase(), { provider, detectorId: detector.id, name, status: "ENABLED" });
  }
}
