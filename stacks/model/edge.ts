import { seconds } from "../../constructs/core/quantities";
import type { CloudflareZone, EdgeBypass, EdgeCaching, EdgeRateLimit } from "../../constructs/edge";
import { kinds, list, object, optional, quantity, text, told, whole } from "./check/shape";
import { anything, domain } from "./common";

/** CDN in front of the query APIs. Commands bypass it. */
export type Edge = CloudflareSettings | CloudFrontSettings;

/** One public name for all regions: if the environment is unhealthy, its standby environments answer. */
export interface CloudflareSettings extends EdgeCaching {
  readonly provider: "cloudflare";

  /** Cloudflare account id, 32 hexadecimal digits, not a secret. The token is `CLOUDFLARE_API_TOKEN` in the operator's environment. */
  readonly account: string;

  /** Dedicated zone of the environment, by id and name: the edge's settings and rules apply to the whole zone. */
  readonly zone: CloudflareZone;

  /**
   * Public host name of the queries, in the zone and at most one label below it.
   * @default - `queries.` and the zone's name
   */
  readonly host?: string;

  /**
   * CA certificate, in PEM, of the client certificate that was uploaded to the zone. nginx rejects connections without
   * such a client certificate (mTLS). Not a secret; the keys are stored elsewhere.
   * @default - none: other Cloudflare customers could reach the load balancer and bypass the zone's rules
   */
  readonly clientAuthority?: string;
}

/** CloudFront on AWS, under the queries' host name there. */
export interface CloudFrontSettings extends EdgeCaching {
  readonly provider: "cloudfront";
}

export const caching = {
  cache: quantity(seconds),
  bypass: optional(
    object<EdgeBypass>({
      headers: optional(
        list(text(/^[A-Za-z0-9-]+$/, "is not a valid header name", "write one like x-tenant"), "name headers, or leave it out"),
      ),
      cookies: optional(list(text(/^[\w.-]+$/, "is not a valid cookie name", "write one like session"), "name cookies, or leave it out")),
      paths: optional(
        list(text(/^\/[\w.~/*-]*$/, "must be a path", "write one like /reports/*"), "name paths, * standing for anything, or leave it out"),
      ),
    }),
  ),
  rateLimit: optional(object<EdgeRateLimit>({ requests: whole(10, 2_000_000), per: quantity(seconds) })),
};

export const cloudflareId = text(
  /^[0-9a-f]{32}$/,
  "must be an id from Cloudflare",
  "copy its 32 hexadecimal digits from the overview of the zone",
);

export const edge = kinds("provider", "CDN", {
  cloudflare: object<CloudflareSettings>({
    provider: told,
    ...caching,
    account: cloudflareId,
    zone: object<CloudflareSettings["zone"]>({ id: cloudflareId, name: domain }),
    host: optional(domain),
    clientAuthority: optional(anything),
  }),
  cloudfront: object<CloudFrontSettings>({ provider: told, ...caching }),
});
