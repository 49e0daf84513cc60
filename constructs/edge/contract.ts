import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";

/** Who serves queries near whoever asks. */
export type EdgeProvider = "cloudflare" | "cloudfront";

/**
 * What an edge keeps of answers, and for whom. Of `GET` and `HEAD` alone, and only of those that succeed; an origin's
 * `Cache-Control: no-store` or `private` is obeyed. Nothing but reading passes: an edge refuses every other method.
 */
export interface EdgeCaching {
  /** How long an answer is served that says nothing about it itself, from `1s` to `1h`: nobody calls it back before. */
  readonly cache: Duration;

  /**
   * Requests that pass the cache by, to the origin and back.
   * @default - none beyond what an edge does by itself with requests that carry a token
   */
  readonly bypass?: EdgeBypass;

  /**
   * How much one address may ask; what is more is refused for as long as `per`.
   * @default - 600 requests in a minute, ten a second
   */
  readonly rateLimit?: EdgeRateLimit;
}

/** Requests whose answers depend on more than path, query string and token. At most five of each. */
export interface EdgeBypass {
  /** Those with one of these headers: `["x-tenant"]`. */
  readonly headers?: readonly string[];

  /** Those with one of these cookies: `["session"]`. */
  readonly cookies?: readonly string[];

  /** Those for one of these paths, `*` standing for anything: `["/reports/*"]`. */
  readonly paths?: readonly string[];
}

export interface EdgeRateLimit {
  /** From 10 (WAF, rate-based rules). */
  readonly requests: number;

  /** One of `1m`, `2m`, `5m`, `10m`: what both edges can count over. At Cloudflare more than a minute takes a Business plan. */
  readonly per: Duration;
}

export const DEFAULT_RATE_LIMIT: EdgeRateLimit = { requests: 600, per: "1m" };

/** What an edge lets through. Commands never pass it. */
export const READING = ["GET", "HEAD", "OPTIONS"] as const;

/** How long browsers remember to ask over TLS alone, in seconds: a year. */
export const HSTS_SECONDS = 31_536_000;

/** From where an edge opens connections to an origin: a list that AWS keeps, by name, or blocks of addresses. */
export type EdgeSource = { readonly prefixList: string } | { readonly blocks: readonly string[] };

/**
 * What the security group of an origin's load balancer admits, and nothing beside it.
 * CloudFront comes in through interfaces of its own in private subnets, so that nobody else's distribution can.
 * Cloudflare comes over the internet, from addresses that all of its customers share.
 */
export const EDGE_SOURCES: Readonly<Record<EdgeProvider, EdgeSource>> = {
  cloudfront: { prefixList: "com.amazonaws.global.cloudfront.origin-facing" },
  // https://www.cloudflare.com/ips-v4, as public repositories had it in 2025 and 2026. The networks here speak no IPv6.
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

/** Regions in which CloudFront has no origins inside of networks (CloudFront, VPC origins, supported regions, 2026). */
export const WITHOUT_VPC_ORIGINS: readonly string[] = ["ap-southeast-6"];

/**
 * How long an edge waits for an answer to begin, in seconds: the most that CloudFront can be told (VpcOriginConfig), and
 * what Cloudflare does on all plans (connection limits, proxy read timeout).
 */
export const EDGE_PATIENCE: Readonly<Record<EdgeProvider, number>> = { cloudfront: 120, cloudflare: 100 };

/** By how many seconds an edge waits longer than its origin, so that one of them gives up, and it is the same one always. */
export const SLACK = 10;

/** What is wrong with how long an origin waits for its backends. */
export function edgePatienceProblems(edge: EdgeProvider, timeout: Duration): readonly Omit<Problem, "path">[] {
  const length = seconds(timeout);
  const most = EDGE_PATIENCE[edge] - SLACK;
  if (typeof length !== "number" || length <= most) return [];
  return [{ value: timeout, rule: `is longer than ${edge} waits for an answer`, remedy: `use at most ${most}s` }];
}

/** The longest that an answer is kept, in seconds. */
const LONGEST_CACHE = 3600;

/** WAF counts over these (rate-based rules, evaluation window), Cloudflare over these and others (rate limiting parameters). */
const PERIODS = [60, 120, 300, 600];

/** Headers of a request that an origin request policy takes are ten (CloudFront, quotas); some are the platform's own. */
const MOST_BYPASSES = 5;

/** Headers that an edge treats in its own way already, or that no rule can see. */
const OWN_HEADERS = ["authorization", "cookie", "host", "accept", "accept-encoding", "accept-language", "origin"];

/** What is wrong with what an edge is told to keep, each at a key of it. */
export function edgeCachingProblems({ cache, bypass = {}, rateLimit }: Partial<EdgeCaching>): readonly CachingProblem[] {
  return [...cacheProblems(cache), ...bypassProblems(bypass), ...rateLimitProblems(rateLimit)];
}

export type CachingProblem = Omit<Problem, "path"> & { readonly keys: readonly string[] };

function cacheProblems(cache: Duration | undefined): CachingProblem[] {
  const length = cache === undefined ? undefined : seconds(cache);
  if (typeof length !== "number") return [];
  if (length <= LONGEST_CACHE) return [];
  const rule = "is longer than anybody should be told what is no longer so";
  return [{ keys: ["cache"], value: cache, rule, remedy: 'use at most "1h"' }];
}

function bypassProblems(bypass: EdgeBypass): CachingProblem[] {
  return (["headers", "cookies", "paths"] as const).flatMap((kind): CachingProblem[] => {
    const named = bypass[kind] ?? [];
    const keys = ["bypass", kind];
    const count = named.length;
    if (count > MOST_BYPASSES)
      return [{ keys, value: count, rule: `${kind} are more than an edge can tell apart`, remedy: `name at most ${MOST_BYPASSES}` }];
    // What has the wrong shape was taken out, and has been said.
    const own = kind === "headers" ? named.find((name?: string) => name && OWN_HEADERS.includes(name.toLowerCase())) : undefined;
    return own === undefined ? [] : [{ keys, value: own, rule: "is a header that an edge minds by itself", remedy: "leave it out" }];
  });
}

function rateLimitProblems(limit: Partial<EdgeRateLimit> | undefined): CachingProblem[] {
  const length = limit?.per === undefined ? undefined : seconds(limit.per);
  if (typeof length !== "number" || PERIODS.includes(length)) return [];
  return [
    { keys: ["rateLimit", "per"], value: limit?.per, rule: "is no time that both edges can count over", remedy: "use 1m, 2m, 5m or 10m" },
  ];
}
