import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

/** Phase in which rules are evaluated. A zone has one list of rules per phase. */
export type CloudflarePhase =
  | "http_request_cache_settings"
  | "http_response_cache_settings"
  | "http_request_firewall_custom"
  | "http_request_firewall_managed"
  | "http_ratelimit";

export interface CloudflareRule {
  /** Identifier in its phase, by which the API recognizes the rule when others are added or removed. */
  readonly ref: string;
  readonly description: string;

  /** The requests that it matches, in Cloudflare's rules language. */
  readonly expression: string;
  readonly action: "block" | "execute" | "set_cache_control" | "set_cache_settings";
  readonly actionParameters?: object;
  readonly ratelimit?: {
    readonly characteristics: readonly string[];

    /** In seconds, like `mitigationTimeout`. */
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

/** All rules of one phase of a zone (`cloudflare_ruleset`). Creating it deletes rules that Terraform doesn't manage. */
export class CloudflareRuleset extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareRulesetConfig) {
    super(scope, id, "ruleset", { kind: "zone", ...config });
  }
}
