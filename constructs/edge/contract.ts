import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";

/** CDN in front of the query API. */
export type EdgeProvider = "cloudflare" | "cloudfront";

/**
 * Cache settings of an edge. It caches only `GET` and `HEAD`, and only successful responses; the origin's `Cache-Control: no-store` or
 * `private` is obeyed. An edge rejects all methods except those that read.
 */
export interface EdgeCaching {
  /** Cache time of a response without cache headers, from `1s` to `1h`. Nothing purges it earlier. */
  readonly cache: Duration;

  /**
   * Requests that bypass the cache.
   * @default - none, except an edge's own treatment of requests with a token
   */
  readonly bypass?: EdgeBypass;

  /**
   * Rate limit per address; excess requests are rejected for as long as `per`.
   * @default - 600 requests in a minute, ten a second
   */
  readonly rateLimit?: EdgeRateLimit;
}

/** Requests whose responses depend on more than path, query string and token. At most five of each. */
export interface EdgeBypass {
  /** Requests with one of these headers: `["x-tenant"]`. */
  readonly headers?: readonly string[];

  /** Requests with one of these cookies: `["session"]`. */
  readonly cookies?: readonly string[];

  /** Requests for one of these paths, with `*` as a wildcard: `["/reports/*"]`. */
  readonly paths?: readonly string[];
}

/** Maximum number of requests of one client address, above which the edge rejects requests. */
export interface EdgeRateLimit {
  /** At least 10 (WAF, rate-based rules). */
  readonly requests: number;

  /** One of `1m`, `2m`, `5m`, `10m`, which both edges support. At Cloudflare more than a minute requires a Business plan. */
  readonly per: Duration;
}

export const DEFAULT_RATE_LIMIT: EdgeRateLimit = { requests: 600, per: "1m" };

/** Methods that an edge forwards. Commands never pass it. */
export const READING = ["GET", "HEAD", "OPTIONS"] as const;

/** HSTS time in seconds, for which browsers use only TLS: a year. */
export const HSTS_SECONDS = 31_536_000;

/** Addresses of an edge's connections to an origin: a managed prefix list of AWS, by name, or CIDR blocks. */
export type EdgeSource = { readonly prefixList: string } | { readonly blocks: readonly string[] };

/**
 * Sources that the security group of an origin's load balancer allows, and no others.
 * CloudFront connects through its own interfaces in private subnets, so other customers' distributions can't.
 * Cloudflare connects over the internet, from addresses that all of its customers share.
 */
export const EDGE_SOURCES: Readonly<Record<EdgeProvider, EdgeSource>> = {
  cloudfront: { prefixList: "com.amazonaws.global.cloudfront.origin-facing" },
  // https://www.cloudflare.com/ips-v4, as public repositories had it in 2025 and 2026. The networks here don't support IPv6.
  cloudflare: {
    blocks: [
      "103.21.244.0/22",
      "103.22.200.0/22",
      "103.31.4.0/22",
      "104.16.0.0/13",
      "104.24.0.0/14",
      "108.162.192.0/18",
      "131.0.72.0/22",
      "141.101.64.0/18",
      "162.158.0.0/15",
      "172.64.0.0/13",
      "173.245.48.0/20",
      "188.114.96.0/20",
      "190.93.240.0/20",
      "197.234.240.0/22",
      "198.41.128.0/17",
    ],
  },
};

/** Regions without support for VPC origins (CloudFront, VPC origins, supported regions, 2026). */
export const WITHOUT_VPC_ORIGINS: readonly string[] = ["ap-southeast-6"];

/**
 * Time in seconds that an edge waits for the first byte of a response: the maximum of CloudFront (VpcOriginConfig), and Cloudflare's value
 * on all plans (connection limits, proxy read timeout).
 */
export const EDGE_PATIENCE: Readonly<Record<EdgeProvider, number>> = { cloudfront: 120, cloudflare: 100 };

/** Time in seconds that an edge waits longer than its origin, so that always the origin times out first. */
export const SLACK = 10;

/** Returns the problems of an origin's timeout for its backends. */
export function edgePatienceProblems(edge: EdgeProvider, timeout: Duration): readonly Omit<Problem, "path">[] {
  const length = seconds(timeout);
  const most = EDGE_PATIENCE[edge] - SLACK;
  if (typeof length !== "number" || length <= most) return [];
  return [{ value: timeout, rule: `is longer than ${edge} waits for an answer`, remedy: `use at most ${most}s` }];
}

/** Maximum cache time, in seconds. */
const LONGEST_CACHE = 3600;

/** Periods of WAF (rate-based rules, evaluation window), in seconds; Cloudflare supports these and others (rate limiting parameters). */
const PERIODS = [60, 120, 300, 600];

/** An origin request policy accepts ten headers (CloudFront, quotas); some are the platform's own. */
const MOST_BYPASSES = 5;

/** Headers that an edge handles itself, or that rules can't match. */
const OWN_HEADERS = ["authorization", "cookie", "host", "accept", "accept-encoding", "accept-language", "origin"];

/** Returns the problems of cache settings, each with its key. */
export function edgeCachingProblems({ cache, bypass = {}, rateLimit }: Partial<EdgeCaching>): readonly CachingProblem[] {
  return [...cacheProblems(cache), ...bypassProblems(bypass), ...rateLimitProblems(rateLimit)];
}

/** Reason why responses can't be cached as configured, with the keys of the setting. */
export type CachingProblem = Omit<Problem, "path"> & { readonly keys: readonly string[] };

function cacheProblems(cache: Duration | undefined): CachingProblem[] {
  const length = cache === undefined ? undefined : seconds(cache);
  if (typeof length !== "number") return [];
  if (length <= LONGEST_CACHE) return [];
  const rule = "is longer than a stale response should be served";
  return [{ keys: ["cache"], value: cache, rule, remedy: 'use at most "1h"' }];
}

function bypassProblems(bypass: EdgeBypass): CachingProblem[] {
  return (["headers", "cookies", "paths"] as const).flatMap((kind): CachingProblem[] => {
    const named = bypass[kind] ?? [];
    const keys = ["bypass", kind];
    const count = named.length;
    if (count > MOST_BYPASSES)
      return [{ keys, value: count, rule: `${kind} are more than an edge can tell apart`, remedy: `name at most ${MOST_BYPASSES}` }];
    // Values of the wrong type were removed and reported before.
    const own = kind === "headers" ? named.find((name?: string) => name && OWN_HEADERS.includes(name.toLowerCase())) : undefined;
    return own === undefined ? [] : [{ keys, value: own, rule: "is a header that the edge handles itself", remedy: "leave it out" }];
  });
}

function rateLimitProblems(limit: Partial<EdgeRateLimit> | undefined): CachingProblem[] {
  const length = limit?.per === undefined ? undefined : seconds(limit.per);
  if (typeof length !== "number" || PERIODS.includes(length)) return [];
  return [
    { keys: ["rateLimit", "per"], value: limit?.per, rule: "is not an interval that both CDNs support", remedy: "use 1m, 2m, 5m or 10m" },
  ];
}
