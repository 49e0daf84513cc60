import { AccessanalyzerAnalyzer } from "@cdktf/provider-aws/lib/accessanalyzer-analyzer";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";

/** IAM Access Analyzer in one region: it reports buckets, keys, roles, secrets and queues that other accounts can use. */
export class AccessAnalysis extends Construct {
  constructor(scope: Construct, id: string, props: { readonly provider: TerraformProvider; readonly name: string }) {
    super(scope, id);
    new AccessanalyzerAnalyzer(this, "analyzer", { provider: props.provider, analyzerName: props.name, type: "ACCOUNT" });
  }
}
