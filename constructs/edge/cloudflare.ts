import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { CloudflareLoadBalancer } from "./cloudflare/load-balancer";
import { CloudflareLoadBalancerMonitor } from "./cloudflare/load-balancer-monitor";
import { CloudflareLoadBalancerPool } from "./cloudflare/load-balancer-pool";
import { type CloudflarePhase, CloudflareRuleset } from "./cloudflare/ruleset";
import { CloudflareZoneSetting } from "./cloudflare/zone-setting";
import { cloudflareRules } from "./cloudflare-rules";
import { DEFAULT_RATE_LIMIT, type EdgeCaching, edgeCachingProblems, HSTS_SECONDS } from "./contract";

export interface CloudflareEdgeProps extends EdgeCaching {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** Cloudflare's account ID, 32 hexadecimal digits. Not a secret. */
  readonly account: string;

  /** A zone that only this edge uses: settings and rules apply to the whole zone. */
  readonly zone: CloudflareZone;

  /**
   * The public name of the queries, in the zone: at most one label below it, which Cloudflare's universal certificate covers.
   * @default - `queries.` and the zone's name
   */
  readonly host?: string;

  /** Origins of queries in failover order: the environment first, then its standby environments. */
  readonly origins: readonly CloudflareOrigin[];
}

/** DNS zone at Cloudflare. */
export interface CloudflareZone {
  /** 32 hexadecimal digits. Not a secret. */
  readonly id: string;

  /** `example.com` */
  readonly name: string;
}

/** Origin behind Cloudflare: its host name, and the path of its health check. */
export interface CloudflareOrigin {
  /** Name of its environment, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /**
   * The name of its load balancer, outside of the zone: `queries.orders.example.net`. Its certificate is for that name, and its security
   * group allows only `EDGE_SOURCES.cloudflare`.
   */
  readonly host: string;

  /** Path of the health check. */
  readonly health: string;
}

/** Settings of the whole zone. */
const SETTINGS: Readonly<Record<string, string | number | object>> = {
  ssl: "strict", // requires a publicly trusted certificate from the origin
  min_tls_version: "1.2",
  tls_1_3: "on",
  always_use_https: "on",
  http3: "on",
  always_online: "off", // it would serve copies from the Internet Archive
  browser_cache_ttl: 0, // uses the origin's headers
  // Cloudflare presents a client certificate to origins, so that they can authenticate it.
  tls_client_auth: "on",
  // Subdomains of the zone, and the browsers' preload lists, are not for an edge to decide.
  security_header: {
    strictTransportSecurity: { enabled: true, maxAge: HSTS_SECONDS, includeSubdomains: false, preload: false, nosniff: true },
  },
};

/** Regions of health checks: three parts of the world, so that a regional problem doesn't count as an origin failure. */
const CHECKED_FROM = ["WEU", "ENAM", "SEAS"] as const;

/** In seconds: 60 is the minimum interval that all plans with load balancing allow. */
const CHECK = { interval: 60, timeout: 5, retries: 2 } as const;

/** Cloudflare in front of the query API: one public name for all regions, answered by the first healthy one. */
export class CloudflareEdge extends Construct {
  constructor(scope: Construct, id: string, props: CloudflareEdgeProps) {
    super(scope, id);
    const { name, zone, host = cloudflareHost(props), origins, cache, bypass = {}, rateLimit = DEFAULT_RATE_LIMIT } = props;
    for (const { keys, ...problem } of edgeCachingProblems(props)) refuse(this, [problem], keys.join("."));
    refuse(this, cloudflareHostProblems(host, zone.name), "host");
    refuse(this, origins.length > 0 ? [] : [{ rule: "is empty, so no origin answers", remedy: "name the environment's own" }], "origins");

    for (const [settingId, value] of Object.entries(SETTINGS)) {
      new CloudflareZoneSetting(this, `zone-${settingId.replaceAll("_", "-")}`, { zoneId: zone.id, settingId, value });
    }
    const rules = Object.entries(cloudflareRules({ host, cache, bypass, rateLimit }));
    for (const [phase, list] of rules as [CloudflarePhase, (typeof rules)[number][1]][]) {
      new CloudflareRuleset(this, phase.replaceAll("_", "-"), { zoneId: zone.id, name: `${name.join("-")} edge`, phase, rules: list });
    }
    const pools = origins.map((origin) => this.pool(origin, props).id);
    new CloudflareLoadBalancer(this, "load-balancer", {
      zoneId: zone.id,
      name: host,
      description: `Queries of ${name.join(" ")}`,
      defaultPools: pools,
      fallbackPool: pools[0] ?? "",
      proxied: true,
      steeringPolicy: "off",
      sessionAffinity: "none",
      adaptiveRouting: { failoverAcrossPools: true }, // only reads pass, which may be retried
    });
  }

  private pool({ name, host, health }: CloudflareOrigin, { account, zone }: CloudflareEdgeProps): CloudflareLoadBalancerPool {
    const description = `Queries of ${name.join(" ")}`;
    const known = name.join("-");
    const monitor = new CloudflareLoadBalancerMonitor(this, `monitor-${known}`, {
      accountId: account,
      description,
      type: "https",
      method: "GET",
      path: health,
      port: 443,
      expectedCodes: "2xx",
      header: { Host: [host] },
      probeZone: zone.name,
      followRedirects: false,
      allowInsecure: false,
      ...CHECK,
    });
    return new CloudflareLoadBalancerPool(this, `pool-${known}`, {
      accountId: account,
      name: `${known}-queries`,
      description,
      monitor: monitor.id,
      checkRegions: CHECKED_FROM,
      minimumOrigins: 1,
      origins: [{ name: known, address: host, enabled: true, weight: 1, header: { host: [host] } }],
    });
  }
}

/** Returns the public name of queries at Cloudflare. */
export function cloudflareHost({ zone, host }: { readonly zone: Pick<CloudflareZone, "name">; readonly host?: string }): string {
  return host ?? `queries.${zone.name}`;
}

/** Returns the problems of a public name in a zone. */
export function cloudflareHostProblems(host: string, zone: string): readonly { value: string; rule: string; remedy: string }[] {
  const label = host.endsWith(`.${zone}`) ? host.slice(0, -zone.length - 1) : host === zone ? "queries" : "";
  if (label === "") return [{ value: host, rule: `is not in the zone ${zone}`, remedy: `use a name like queries.${zone}` }];
  if (!label.includes(".")) return [];
  return [
    { value: host, rule: "is deeper than Cloudflare's own certificate, which covers one label", remedy: `use a name like queries.${zone}` },
  ];
}
