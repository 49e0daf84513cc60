import { Wafv2WebAcl, type Wafv2WebAclRule } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Wafv2WebAclLoggingConfiguration } from "@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { known, seconds } from "../core/quantities";
import { LogGroup } from "../logs";
import type { EdgeRateLimit } from "./contract";

export interface CloudFrontFirewallProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly rateLimit: EdgeRateLimit;

  /** ARN of the customer-managed key of its log. Its policy must allow CloudWatch Logs. */
  readonly key: string;

  /**
   * Log retention in days, one of the periods that CloudWatch Logs supports.
   * @default 365
   */
  readonly logDays?: number | undefined;
}

/**
 * Rule groups managed by AWS, with the capacity units of each (WAF, baseline rule groups): 1125 of the 1500 without extra charge. The
 * common rules reject query strings above 2 KiB.
 */
const MANAGED = [
  "AWSManagedRulesAmazonIpReputationList", // 25
  "AWSManagedRulesCommonRuleSet", // 700
  "AWSManagedRulesKnownBadInputsRuleSet", // 200
  "AWSManagedRulesSQLiRuleSet", // 200
] as const;

/** Rejects requests before they reach the cache: those above the rate limit of an address, and common attacks. */
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
      name: cloudName("logGroup", "aws-waf-logs", ...name, "edge"), // WAF only writes to log groups with that prefix
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
  return { metricName, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false }; // samples contain tokens
}
