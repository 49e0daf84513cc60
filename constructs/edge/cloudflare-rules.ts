import { type Duration, known, seconds } from "../core/quantities";
import type { CloudflarePhase, CloudflareRule } from "./cloudflare/ruleset";
import { type EdgeBypass, type EdgeRateLimit, READING } from "./contract";

export interface CloudflareRulesProps {
  /** The public name that the rules apply to. */
  readonly host: string;
  readonly cache: Duration;
  readonly bypass: EdgeBypass;
  readonly rateLimit: EdgeRateLimit;
}

/** Cloudflare's managed rules against attacks, with the same ID in every zone (Cloudflare WAF, managed rules). */
const MANAGED_RULES = "efb7b8c949ac4650a09736fc376e9aee";

/** Response headers that control caching; the last two are for CDNs only. */
const SAYS = ["cache-control", "expires", "cdn-cache-control", "cloudflare-cdn-cache-control"];

/** Request headers by which responses of one path may vary (`Vary`); a response that varies by any other is not cached. */
const VARY = {
  default: { action: "bypass" },
  headers: {
    accept: { action: "passthrough" },
    "accept-encoding": { action: "normalize" },
    "accept-language": { action: "passthrough" },
    origin: { action: "passthrough" },
  },
};

/** Returns the rules of a zone by phase. */
export function cloudflareRules({
  host,
  cache,
  bypass,
  rateLimit,
}: CloudflareRulesProps): Readonly<Record<CloudflarePhase, CloudflareRule[]>> {
  const ours = `http.host eq ${quoted(host)}`;
  const shared = [
    `http.request.method in {"GET" "HEAD"}`,
    // A cache key by token requires an Enterprise plan; without one, callers would get each other's responses.
    `not ${has("request", "authorization")}`,
    ...(bypass.headers ?? []).map((name) => `not ${has("request", name.toLowerCase())}`),
    ...(bypass.cookies ?? []).map((name) => `not http.cookie contains ${quoted(`${name}=`)}`),
    ...(bypass.paths ?? []).map((path) => `not http.request.uri.path strict wildcard ${quoted(path)}`),
  ].join(" and ");
  const silent = [...SAYS, "set-cookie"].map((name) => `not ${has("response", name)}`).join(" and ");
  const per = known(seconds(rateLimit.per));
  return {
    http_request_cache_settings: [
      {
        ref: "passed-by",
        description: "What passes the cache by",
        expression: `${ours} and not (${shared})`,
        action: "set_cache_settings",
        actionParameters: { cache: false },
      },
      {
        ref: "cached",
        description: "What may be kept, as far as an answer or the platform says so",
        expression: `${ours} and (${shared})`,
        action: "set_cache_settings",
        actionParameters: {
          cache: true,
          edgeTtl: { mode: "bypass_by_default" },
          browserTtl: { mode: "respect_origin" },
          serveStale: { disableStaleWhileUpdating: true },
          vary: VARY,
        },
      },
    ],
    http_response_cache_settings: [
      {
        ref: "errors",
        description: "Errors are not cached",
        expression: `${ours} and http.response.code ge 400`,
        action: "set_cache_control",
        actionParameters: { noStore: { operation: "set", cloudflareOnly: true } },
      },
      {
        ref: "lifetime",
        description: "How long an answer is kept that says nothing itself",
        expression: `${ours} and (${shared}) and http.response.code eq 200 and ${silent}`,
        action: "set_cache_control",
        actionParameters: { sMaxage: { operation: "set", value: known(seconds(cache)), cloudflareOnly: true } },
      },
    ],
    http_request_firewall_custom: [
      {
        ref: "reading",
        description: "Nothing but reading: commands have their own way",
        expression: `${ours} and not http.request.method in {${READING.map(quoted).join(" ")}}`,
        action: "block",
      },
    ],
    http_request_firewall_managed: [
      {
        ref: "managed",
        description: "What attacks look like",
        expression: ours,
        action: "execute",
        actionParameters: { id: MANAGED_RULES },
      },
    ],
    http_ratelimit: [
      {
        ref: "rate",
        description: "Too much from one address",
        expression: ours,
        action: "block",
        // Cloudflare counts separately in each of its data centres, and requires this characteristic.
        ratelimit: {
          characteristics: ["ip.src", "cf.colo.id"],
          period: per,
          requestsPerPeriod: rateLimit.requests,
          mitigationTimeout: per,
        },
      },
    ],
  };
}

/** Returns an expression that checks if a message has a header, case-insensitive. */
function has(message: "request" | "response", header: string): string {
  return `any(lower(http.${message}.headers.names[*])[*] eq ${quoted(header)})`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
