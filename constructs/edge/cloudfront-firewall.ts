import { Wafv2WebAcl, type Wafv2WebAclRule } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Wafv2WebAclLoggingConfiguration } from "@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { known, seconds } from "../core/quantities";
import { LogGroup } from "../logs";
import type { EdgeRateLimit } from "./contract";

export interface CloudFrontFirewallProps {
  /** The beginning of its names, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly rateLimit: EdgeRateLimit;

  /** The customer-managed key of its log, by ARN. It admits CloudWatch Logs. */
  readonly key: string;

  /**
   * Days for which logs are kept, one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number | undefined;
}

/**
 * Rules that AWS keeps, of the capacity units that each takes (WAF, baseline rule groups): 1125 of the 1500 that cost no
 * more. The common ones refuse query strings above 2 KiB.
 */
const MANAGED = [
  "AWSManagedRulesAmazonIpReputationList", // 25
  "AWSManagedRulesCommonRuleSet", // 700
  "AWSManagedRulesKnownBadInputsRuleSet", // 200
  "AWSManagedRulesSQLiRuleSet", // 200
] as const;

/** What is refused before it reaches the cache: too much from one address, and what attacks look like. */
export class CloudFrontFirewall extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { name, rateLimit, key, logDays: days }: CloudFrontFirewallProps) {
    super(scope, id);
    const acl = new Wafv2WebAcl(this, "acl", {
      name: cloudName("firewall", ...name, "edge"),
      description: `What is refused before the queries of ${name.join(" ")}`,
      scope: "CLOUDFRONT",
      defaultAction: { allow: {} },
      rule: [rateRule(rateLimit), ...MANAGED.map(managedRule)],
      visibilityConfig: watched("edge"),
    });
    const log = new LogGroup(this, "log", {
      name: cloudName("logGroup", "aws-waf-logs", ...name, "edge"), // WAF writes into groups of that beginning alone
      key,
      days,
    });
    new Wafv2WebAclLoggingConfiguration(this, "logging", {
      resourceArn: acl.arn,
      logDestinationConfigs: [log.arn],
      redactedFields: [{ singleHeader: { name: "authorization" } }, { singleHeader: { name: "cookie" } }],
      loggingFilter: {
        defaultBehavior: "DROP",
        filter: [{ behavior: "KEEP", requirement: "MEETS_ANY", condition: [{ actionCondition: { action: "BLOCK" } }] }],
      },
    });
    this.arn = acl.arn;
  }
}

function rateRule({ requests, per }: EdgeRateLimit): Wafv2WebAclRule {
  return {
    name: "rate",
    priority: 0,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: { rate_based_statement: { limit: requests, evaluation_window_sec: known(seconds(per)), aggregate_key_type: "IP" } },
    visibilityConfig: watched("rate"),
  };
}

function managedRule(name: string, index: number): Wafv2WebAclRule {
  return {
    name,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: { managed_rule_group_statement: { vendor_name: "AWS", name } },
    visibilityConfig: watched(name),
  };
}

function watched(metricName: string) {
  return { metricName, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false }; // samples show tokens
}
