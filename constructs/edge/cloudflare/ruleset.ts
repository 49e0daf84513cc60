import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

/** When rules are asked. A zone has one list of rules for each. */
export type CloudflarePhase =
  | "http_request_cache_settings"
  | "http_response_cache_settings"
  | "http_request_firewall_custom"
  | "http_request_firewall_managed"
  | "http_ratelimit";

export interface CloudflareRule {
  /** Its name among the rules of its phase, by which the API knows it when others come and go. */
  readonly ref: string;
  readonly description: string;

  /** The requests that it is for, in Cloudflare's language of rules. */
  readonly expression: string;
  readonly action: "block" | "execute" | "set_cache_control" | "set_cache_settings";
  readonly actionParameters?: object;
  readonly ratelimit?: {
    readonly characteristics: readonly string[];

    /** In seconds, as the next but one. */
    readonly period: number;
    readonly requestsPerPeriod: number;
    readonly mitigationTimeout: number;
  };
}

export interface CloudflareRulesetConfig {
  readonly zoneId: string;
  readonly name: string;
  readonly phase: CloudflarePhase;
  readonly rules: readonly CloudflareRule[];
}

/** All rules of one phase of a zone (`cloudflare_ruleset`). Others than Terraform's are lost when it is made. */
export class CloudflareRuleset extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareRulesetConfig) {
    super(scope, id, "ruleset", { kind: "zone", ...config });
  }
}
