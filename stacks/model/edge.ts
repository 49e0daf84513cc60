import { seconds } from "../../constructs/core/quantities";
import type { CloudflareZone, EdgeBypass, EdgeCaching, EdgeRateLimit } from "../../constructs/edge";
import { kinds, list, object, optional, quantity, text, told, whole } from "./check/shape";
import { anything, domain } from "./common";

/** What answers queries near whoever asks; commands never pass it. */
export type Edge = CloudflareSettings | CloudFrontSettings;

/** One public name for all regions: those that stand by for the environment answer when it is unwell. */
export interface CloudflareSettings extends EdgeCaching {
  readonly provider: "cloudflare";

  /** Cloudflare's account, 32 hexadecimal digits. It is no secret; the token is `CLOUDFLARE_API_TOKEN` of whoever applies. */
  readonly account: string;

  /** A zone that the environment has for itself, by id and name: settings and rules of an edge are the whole zone's. */
  readonly zone: CloudflareZone;

  /**
   * The public name of the queries, in the zone and at most one label below it.
   * @default - `queries.` and the zone's name
   */
  readonly host?: string;

  /**
   * The authority, in PEM, that signed the client certificate which was uploaded to the zone: nginx answers nobody who
   * shows no other. It is no secret; the keys lie elsewhere.
   * @default - none: another customer of Cloudflare's could ask the load balancer past the zone's rules
   */
  readonly clientAuthority?: string;
}

/** On AWS, under the name that the queries have there. */
export interface CloudFrontSettings extends EdgeCaching {
  readonly provider: "cloudfront";
}

export const caching = {
  cache: quantity(seconds),
  bypass: optional(
    object<EdgeBypass>({
      headers: optional(
        list(text(/^[A-Za-z0-9-]+$/, "is no name of a header", "write one like x-tenant"), "name headers, or leave it out"),
      ),
      cookies: optional(list(text(/^[\w.-]+$/, "is no name of a cookie", "write one like session"), "name cookies, or leave it out")),
      paths: optional(
        list(text(/^\/[\w.~/*-]*$/, "is no path", "write one like /reports/*"), "name paths, * standing for anything, or leave it out"),
      ),
    }),
  ),
  rateLimit: optional(object<EdgeRateLimit>({ requests: whole(10, 2_000_000), per: quantity(seconds) })),
};

export const cloudflareId = text(
  /^[0-9a-f]{32}$/,
  "is no id of Cloudflare",
  "copy its 32 hexadecimal digits from the overview of the zone",
);

export const edge = kinds("provider", "edge that the platform knows", {
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
