import { CloudflareEdge, type CloudflareEdgeProps, CloudflareProvider, EDGE_SOURCES } from "../../constructs/edge";
import { overlap, parseBlock } from "../../constructs/network";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const ZONE = { id: "fedcba9876543210fedcba9876543210", name: "example.com" };

const props: CloudflareEdgeProps = {
  name: ["orders", "production"],
  account: ACCOUNT,
  zone: ZONE,
  cache: "30s",
  bypass: { headers: ["X-Tenant"], cookies: ["session"], paths: ["/reports/*"] },
  origins: [
    { name: ["orders", "production"], host: "queries.orders.example.net", health: "/health" },
    { name: ["orders", "dublin"], host: "queries.dublin.example.net", health: "/ready" },
  ],
};

const json: Body = synth((stack) => {
  new CloudflareProvider(stack, "cloudflare");
  new CloudflareEdge(stack, "edge", props);
});

const rules = (phase: string): Body[] => {
  const [found] = all(json, "cloudflare_ruleset").filter((ruleset) => ruleset.phase === phase);
  return found?.rules ?? [];
};
const rule = (ref: string): Body => {
  const [found] = all(json, "cloudflare_ruleset").flatMap((ruleset) => ruleset.rules.filter((each: Body) => each.ref === ref));
  return found;
};

describe("queries behind Cloudflare", () => {
  it("have one public name for all regions, the first of which that is well answers", () => {
    const [production, dublin] = ["orders-production", "orders-dublin"].map(
      (name) =>
        `\${cloudflare_load_balancer_pool.${one(json, "cloudflare_load_balancer_pool", `pool-${name}`)["//"].metadata.uniqueId}.id}`,
    );
    expect(one(json, "cloudflare_load_balancer")).toMatchObject({
      zone_id: ZONE.id,
      name: "queries.example.com",
      default_pools: [production, dublin],
      fallback_pool: production,
      proxied: true,
      steering_policy: "off",
      adaptive_routing: { failover_across_pools: true },
    });
  });

  it("are asked for at each region by its own name, which its certificate is for", () => {
    expect(one(json, "cloudflare_load_balancer_pool", "pool-orders-dublin").origins).toEqual([
      {
        name: "orders-dublin",
        address: "queries.dublin.example.net",
        enabled: true,
        weight: 1,
        header: { host: ["queries.dublin.example.net"] },
      },
    ]);
  });

  it("are looked after where each region says that it is well", () => {
    expect(one(json, "cloudflare_load_balancer_monitor", "monitor-orders-dublin")).toMatchObject({
      account_id: ACCOUNT,
      type: "https",
      path: "/ready",
      expected_codes: "2xx",
      header: { Host: ["queries.dublin.example.net"] },
      probe_zone: "example.com",
      allow_insecure: false,
    });
  });

  it("travel over TLS 1.2 or newer, to certificates that everybody trusts", () => {
    const settings = Object.fromEntries(all(json, "cloudflare_zone_setting").map(({ setting_id, value }) => [setting_id, value]));
    expect(settings).toEqual({
      ssl: "strict",
      min_tls_version: "1.2",
      tls_1_3: "on",
      always_use_https: "on",
      http3: "on",
      always_online: "off",
      browser_cache_ttl: 0,
      tls_client_auth: "on",
      security_header: {
        strict_transport_security: { enabled: true, max_age: 31_536_000, include_subdomains: false, preload: false, nosniff: true },
      },
    });
  });

  it("are kept of reading alone, and of nobody who brings a token or what else passes by", () => {
    expect(rule("cached").action_parameters).toMatchObject({ cache: true, edge_ttl: { mode: "bypass_by_default" } });
    expect(rule("cached").expression).toBe(
      'http.host eq "queries.example.com" and (http.request.method in {"GET" "HEAD"} ' +
        'and not any(lower(http.request.headers.names[*])[*] eq "authorization") ' +
        'and not any(lower(http.request.headers.names[*])[*] eq "x-tenant") ' +
        'and not http.cookie contains "session=" and not http.request.uri.path strict wildcard "/reports/*")',
    );
  });

  it("pass by where they are not kept: Cloudflare would keep some kinds of files by itself", () => {
    const [ours, condition] = /^(http\.host eq "[^"]+") and (.*)$/.exec(rule("cached").expression)?.slice(1) ?? [];
    expect(rule("passed-by")).toMatchObject({ expression: `${ours} and not ${condition}`, action_parameters: { cache: false } });
  });

  it("are kept as long as was said where an answer says nothing, sets no cookie and is none but a success", () => {
    expect(rule("lifetime").action_parameters).toEqual({ s_maxage: { operation: "set", value: 30, cloudflare_only: true } });
    for (const part of ["http.response.code eq 200", ...["cache-control", "expires", "set-cookie"].map(lacks)])
      expect(rule("lifetime").expression).toContain(` and ${part}`);
  });

  it("are not kept where they failed", () => {
    expect(rule("errors")).toMatchObject({
      expression: 'http.host eq "queries.example.com" and http.response.code ge 400',
      action_parameters: { no_store: { operation: "set", cloudflare_only: true } },
    });
  });

  it("are told apart by what an origin says they vary by, or not kept", () => {
    expect(rule("cached").action_parameters.vary).toMatchObject({
      default: { action: "bypass" },
      headers: { accept: { action: "passthrough" }, "accept-language": { action: "passthrough" } },
    });
  });

  it("are read and nothing else: a command does not pass", () => {
    expect(rules("http_request_firewall_custom")).toEqual([
      expect.objectContaining({
        action: "block",
        expression: 'http.host eq "queries.example.com" and not http.request.method in {"GET" "HEAD" "OPTIONS"}',
      }),
    ]);
  });

  it("are behind Cloudflare's own rules, and asked ten times a second from one address", () => {
    expect(rule("managed")).toMatchObject({ action: "execute", action_parameters: { id: "efb7b8c949ac4650a09736fc376e9aee" } });
    expect(rule("rate").ratelimit).toEqual({
      characteristics: ["ip.src", "cf.colo.id"],
      period: 60,
      requests_per_period: 600,
      mitigation_timeout: 60,
    });
  });

  it("are answered by somebody", () => {
    expect(refusedWith({ origins: [] })).toEqual(["test/edge.origins: is empty, so no origin answers; name the environment's own"]);
  });

  it("take the token from whoever applies", () => {
    expect(json.provider.cloudflare).toEqual([{}]);
    expect(json.terraform.required_providers.cloudflare).toEqual({ source: "cloudflare/cloudflare", version: "~> 5.21" });
  });
});

describe("the public name at Cloudflare", () => {
  const refused = (host: string) => refusedWith({ host });

  it.each(["queries.example.com", "example.com"])("may be %s", (host) => {
    expect(refused(host)).toEqual([]);
  });

  it.each([
    ["queries.example.org", 'test/edge.host: "queries.example.org" is not in the zone example.com; use a name like queries.example.com'],
    ["badexample.com", 'test/edge.host: "badexample.com" is not in the zone example.com; use a name like queries.example.com'],
    [
      "a.b.example.com",
      'test/edge.host: "a.b.example.com" is deeper than Cloudflare\'s own certificate, which covers one label; use a name like queries.example.com',
    ],
  ])("is not %s", (host, message) => {
    expect(refused(host)).toEqual([message]);
  });
});

describe("the addresses that Cloudflare comes from", () => {
  const blocks = "blocks" in EDGE_SOURCES.cloudflare ? EDGE_SOURCES.cloudflare.blocks.map(parseBlock) : [];

  it("are blocks apart from each other, few enough for a security group", () => {
    expect(blocks).toHaveLength(15);
    for (const [index, block] of blocks.entries())
      expect(block && blocks.slice(0, index).every((other) => other && !overlap(other, block))).toBe(true);
  });
});

function refusedWith(changes: object): readonly string[] {
  return refusalsOf((stack) => {
    new CloudflareProvider(stack, "cloudflare");
    new CloudflareEdge(stack, "edge", { ...props, ...changes });
  });
}

function lacks(header: string): string {
  return `not any(lower(http.response.headers.names[*])[*] eq "${header}")`;
}
