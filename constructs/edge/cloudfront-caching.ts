import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudfrontCachePolicy } from "@cdktf/provider-aws/lib/cloudfront-cache-policy";
import { CloudfrontFunction } from "@cdktf/provider-aws/lib/cloudfront-function";
import { CloudfrontOriginRequestPolicy } from "@cdktf/provider-aws/lib/cloudfront-origin-request-policy";
import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { type Duration, known, seconds } from "../core/quantities";
import { type EdgeBypass, HSTS_SECONDS, READING } from "./contract";

export interface CloudFrontCachingProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly cache: Duration;
  readonly bypass: EdgeBypass;
}

/**
 * Policies managed by AWS (CloudFront, managed policies): one caches nothing, the other forwards the whole viewer request to the origin.
 */
const MANAGED = { cachingDisabled: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", allViewer: "216adef6-5c7f-47e4-b989-5492eafa07d3" } as const;

/** Headers that a response may depend on, in addition to path and query string; they are part of the cache key. */
const KEYED = [
  "Accept",
  "Accept-Language",
  "Access-Control-Request-Headers",
  "Access-Control-Request-Method",
  "Authorization",
  "Origin",
] as const;

/** Headers forwarded in addition, which change no response: the host name of the origin's certificate, and trace context. */
const PASSED_ON = ["Host", "traceparent", "tracestate", "x-correlation-id", "x-request-id"] as const;

/** Header whose value separates a request from all others, so that it bypasses the cache. */
const PASS_BY = "x-pass-by";

const SOURCE = readFileSync(join(__dirname, "pass-by.js"), "utf8");

/**
 * Cache policy of a distribution. Values outside of the cache key don't reach the origin, so no response can depend on them. The key
 * includes the caller's token; cookies are dropped.
 */
export class CloudFrontCaching extends Construct {
  /** Behavior for requests that match none of `paths`. */
  readonly behavior: Behavior;

  /** Behaviors for paths that bypass the cache. */
  readonly paths: readonly (Behavior & { readonly pathPattern: string })[];

  constructor(scope: Construct, id: string, { name, cache, bypass }: CloudFrontCachingProps) {
    super(scope, id);
    const { headers = [], cookies = [], paths = [] } = bypass;
    const marked = headers.length + cookies.length > 0;
    const named = (use: string) => cloudName("edgePolicy", ...name, "edge", use);
    const length = known(seconds(cache));

    const key = new CloudfrontCachePolicy(this, "key", {
      name: named("key"),
      comment: "Answers by path, query string and who asks",
      minTtl: 0, // so that the origin's no-store, no-cache and private are obeyed
      defaultTtl: length,
      maxTtl: length,
      parametersInCacheKeyAndForwardedToOrigin: {
        queryStringsConfig: { queryStringBehavior: "all" },
        headersConfig: { headerBehavior: "whitelist", headers: { items: [...KEYED, ...(marked ? [PASS_BY] : [])] } },
        cookiesConfig: { cookieBehavior: "none" },
        enableAcceptEncodingBrotli: true,
        enableAcceptEncodingGzip: true,
      },
    });
    const passed = new CloudfrontOriginRequestPolicy(this, "passed-on", {
      name: named("passed-on"),
      comment: "What reaches the origin beside the key of an answer",
      queryStringsConfig: { queryStringBehavior: "none" }, // all query strings are in the key
      headersConfig: { headerBehavior: "whitelist", headers: { items: [...PASSED_ON, ...headers] } },
      cookiesConfig: cookies.length > 0 ? { cookieBehavior: "whitelist", cookies: { items: [...cookies] } } : { cookieBehavior: "none" },
    });
    const cached = this.responseHeaders("shared", named, { removeHeadersConfig: { items: [{ header: "Set-Cookie" }] } });
    const pass = marked
      ? new CloudfrontFunction(this, "pass-by", {
          name: cloudName("edgeFunction", ...name, "pass-by"),
          comment: "Keeps requests apart that pass the cache by",
          runtime: "cloudfront-js-2.0",
          code: `const passBy = ${JSON.stringify({ headers: headers.map((header) => header.toLowerCase()), cookies })};\n${SOURCE}`,
          publish: true,
        })
      : undefined;

    this.behavior = {
      ...COMMON,
      cachePolicyId: key.id,
      originRequestPolicyId: passed.id,
      responseHeadersPolicyId: cached,
      ...(pass ? { functionAssociation: [{ eventType: "viewer-request", functionArn: pass.arn }] } : {}),
    };
    const own = paths.length > 0 ? this.responseHeaders("own", named) : "";
    this.paths = paths.map((pathPattern) => ({
      ...COMMON,
      pathPattern,
      cachePolicyId: MANAGED.cachingDisabled,
      originRequestPolicyId: MANAGED.allViewer,
      responseHeadersPolicyId: own,
    }));
  }

  private responseHeaders(use: string, named: (use: string) => string, more: object = {}): string {
    return new CloudfrontResponseHeadersPolicy(this, `${use}-headers`, {
      name: named(`${use}-headers`),
      comment: "What browsers are told beside what the origin says",
      securityHeadersConfig: {
        strictTransportSecurity: { accessControlMaxAgeSec: HSTS_SECONDS, includeSubdomains: true, preload: true, override: true },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: "DENY", override: false },
        referrerPolicy: { referrerPolicy: "no-referrer", override: false },
      },
      ...more,
    }).id;
  }
}

/** Behavior of a distribution for a request, without its origin. */
export interface Behavior {
  readonly allowedMethods: string[];
  readonly cachedMethods: string[];
  readonly viewerProtocolPolicy: string;
  readonly compress: boolean;
  readonly cachePolicyId: string;
  readonly originRequestPolicyId: string;
  readonly responseHeadersPolicyId: string;
  readonly functionAssociation?: { readonly eventType: string; readonly functionArn: string }[];
}

const COMMON = {
  allowedMethods: [...READING],
  cachedMethods: ["GET", "HEAD"],
  viewerProtocolPolicy: "redirect-to-https",
  compress: true,
};
