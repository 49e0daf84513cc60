import { CeCostAllocationTag } from "@cdktf/provider-aws/lib/ce-cost-allocation-tag";
import { Construct } from "constructs";

/** Tags of all resources of the platform. */
const TAGS = ["system", "environment", "stack"];

/**
 * Cost allocation by the platform's tags in the account's bills. AWS accepts a tag a day after a resource had it first, and in an
 * organization only from its management account.
 */
export class CostTags extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const tagKey of TAGS) new CeCostAllocationTag(this, tagKey, { tagKey, status: "Active" });
  }
}
