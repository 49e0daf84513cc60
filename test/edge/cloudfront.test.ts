import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudFrontEdge, type CloudFrontEdgeProps } from "../../constructs/edge";
import { all, type Body, one, refusalsOf, statements, synth } from "../synth";

const props: CloudFrontEdgeProps = {
  name: ["orders", "production"],
  account: "111122223333",
  host: "queries.orders.example.com",
  zoneId: "Z1",
  loadBalancer: { arn: "arn:lb", dnsName: "lb.elb.eu-west-1.amazonaws.com" },
  key: "arn:key",
  protect: true,
  cache: "30s",
};

const made = (changes: object = {}): Body => synth((stack) => void new CloudFrontEdge(stack, "edge", { ...props, ...changes }));

const plain = made();
const passing = made({ bypass: { headers: ["X-Tenant"], cookies: ["session"], paths: ["/reports/*"] } });

const distributionOf = (json: Body) => one(json, "aws_cloudfront_distribution");
const keyOf = (json: Body) => one(json, "aws_cloudfront_cache_policy").parameters_in_cache_key_and_forwarded_to_origin;
const passedOn = (json: Body) => one(json, "aws_cloudfront_origin_request_policy");

describe("queries behind CloudFront", () => {
  it("are asked for by their public name, over TLS 1.2 or newer and HTTP up to 3", () => {
    expect(distributionOf(plain)).toMatchObject({
      aliases: ["queries.orders.example.com"],
      http_version: "http2and3",
      is_ipv6_enabled: true,
      viewer_certificate: { minimum_protocol_version: "TLSv1.2_2021", ssl_support_method: "sni-only" },
      default_cache_behavior: { viewer_protocol_policy: "redirect-to-https", compress: true },
    });
    expect(all(plain, "aws_route53_record").map(({ name, type }) => [name, type])).toEqual(
      expect.arrayContaining([
        ["queries.orders.example.com", "A"],
        ["queries.orders.example.com", "AAAA"],
      ]),
    );
  });

  it("come from a load balancer that is reached through the network alone, over TLS", () => {
    expect(one(plain, "aws_cloudfront_vpc_origin").vpc_origin_endpoint_config).toEqual([
      expect.objectContaining({ arn: "arn:lb", https_port: 443, origin_protocol_policy: "https-only" }),
    ]);
    const [origin, ...others] = distributionOf(plain).origin;
    expect(others).toEqual([]);
    expect(origin.vpc_origin_config.vpc_origin_id).toMatch(/^\$\{aws_cloudfront_vpc_origin\./);
    expect(origin).not.toHaveProperty("custom_header");
  });

  it("are waited for until the origin itself has given up, on connections that it keeps for longer", () => {
    const waits = (changes: object) => distributionOf(made(changes)).origin[0].vpc_origin_config.origin_read_timeout;
    expect(distributionOf(plain).origin[0].vpc_origin_config).toMatchObject({ origin_read_timeout: 40, origin_keepalive_timeout: 60 });
    expect(waits({ timeout: "110s" })).toBe(120);
    expect(refusalsOf((stack) => void new CloudFrontEdge(stack, "edge", { ...props, timeout: "2m" }))).toEqual([
      'test/edge.timeout: "2m" is longer than cloudfront waits for an answer; use at most 110s',
    ]);
  });

  it("are read and nothing else: a command does not pass", () => {
    for (const { allowed_methods, cached_methods } of behaviors(passing)) {
      expect(allowed_methods).toEqual(["GET", "HEAD", "OPTIONS"]);
      expect(cached_methods).toEqual(["GET", "HEAD"]);
    }
  });

  it("are kept as long as was said, and not at all where an origin says so", () => {
    expect(one(plain, "aws_cloudfront_cache_policy")).toMatchObject({ min_ttl: 0, default_ttl: 30, max_ttl: 30 });
  });

  it("are kept for each who asks by himself", () => {
    expect(keyOf(plain).headers_config.headers.items).toContain("Authorization");
    expect(keyOf(plain).query_strings_config).toEqual({ query_string_behavior: "all" });
  });

  it("depend on nothing that is not in their key", () => {
    const traces = ["Host", "traceparent", "tracestate", "x-correlation-id", "x-request-id"];
    expect(passedOn(plain)).toMatchObject({
      headers_config: { header_behavior: "whitelist", headers: { items: traces } },
      cookies_config: { cookie_behavior: "none" },
      query_strings_config: { query_string_behavior: "none" },
    });
    expect(keyOf(plain).cookies_config).toEqual({ cookie_behavior: "none" });
  });

  it("carry no cookie of one reader to the next", () => {
    const own = one(plain, "aws_cloudfront_response_headers_policy");
    expect(own.remove_headers_config.items).toEqual([{ header: "Set-Cookie" }]);
  });

  it("tell browsers to come back over TLS, and to guess no types", () => {
    for (const { security_headers_config } of all(passing, "aws_cloudfront_response_headers_policy")) {
      expect(security_headers_config).toMatchObject({
        strict_transport_security: { access_control_max_age_sec: 31_536_000, override: true },
        content_type_options: { override: true },
      });
    }
  });

  it("stay neither unfound nor broken", () => {
    const kept = Object.fromEntries(
      distributionOf(plain).custom_error_response.map(({ error_code, error_caching_min_ttl }: Body) => [error_code, error_caching_min_ttl]),
    );
    expect(kept).toMatchObject({ 403: 0, 404: 0, 500: 1, 502: 1, 503: 1, 504: 1 });
  });

  it("are asked ten times a second from one address, and no oftener", () => {
    const [rate] = one(plain, "aws_wafv2_web_acl").rule;
    expect(rate).toMatchObject({
      action: { block: { custom_response: { response_code: 429 } } },
      statement: { rate_based_statement: { limit: 600, evaluation_window_sec: 60, aggregate_key_type: "IP" } },
    });
    const [other] = one(made({ rateLimit: { requests: 50, per: "5m" } }), "aws_wafv2_web_acl").rule;
    expect(other.statement.rate_based_statement).toMatchObject({ limit: 50, evaluation_window_sec: 300 });
  });

  it("are behind the rules that AWS keeps against attacks, each of which blocks", () => {
    const rules = one(plain, "aws_wafv2_web_acl").rule.slice(1);
    expect(rules.map(({ name, override_action }: Body) => [name, override_action])).toEqual(
      ["AmazonIpReputationList", "CommonRuleSet", "KnownBadInputsRuleSet", "SQLiRuleSet"].map((name) => [
        `AWSManagedRules${name}`,
        { none: {} },
      ]),
    );
    expect(distributionOf(plain).web_acl_id).toMatch(/^\$\{aws_wafv2_web_acl\./);
  });

  it("are written down, without tokens and cookies, under a key of our own", () => {
    expect(one(plain, "aws_wafv2_web_acl_logging_configuration").redacted_fields).toEqual(
      ["authorization", "cookie"].map((name) => ({ single_header: { name } })),
    );
    expect(one(plain, "aws_cloudwatch_log_group")).toMatchObject({ name: "aws-waf-logs-orders-production-edge", kms_key_id: "arn:key" });
    const fields: string[] = one(plain, "aws_cloudwatch_log_delivery").record_fields;
    expect(fields).toEqual(expect.arrayContaining(["c-ip", "sc-status", "cs-uri-stem", "x-edge-result-type"]));
    expect(fields.filter((field) => /cookie|authorization/i.test(field))).toEqual([]);
    const encryption = one(plain, "aws_s3_bucket_server_side_encryption_configuration").rule[0];
    expect(encryption.apply_server_side_encryption_by_default).toEqual({ sse_algorithm: "aws:kms", kms_master_key_id: "arn:key" });
    expect(one(plain, "aws_s3_bucket").bucket).toBe("orders-production-edge-logs-111122223333-us-east-1");
  });

  it("are written down by the delivery of this account alone", () => {
    const allowed = statements(one(plain, "aws_s3_bucket_policy").policy).filter(({ Effect }) => Effect === "Allow");
    expect(allowed).toEqual([
      expect.objectContaining({
        Principal: { Service: "delivery.logs.amazonaws.com" },
        Action: "s3:PutObject",
        Condition: {
          StringEquals: { "aws:SourceAccount": "111122223333", "s3:x-amz-acl": "bucket-owner-full-control" },
          ArnLike: { "aws:SourceArn": "arn:aws:logs:us-east-1:111122223333:delivery-source:*" },
        },
      }),
    ]);
  });

  it("have a certificate that is issued before it is used", () => {
    expect(distributionOf(plain).viewer_certificate.acm_certificate_arn).toMatch(/^\$\{aws_acm_certificate_validation\./);
    expect(one(plain, "aws_route53_record", "proof").zone_id).toBe("Z1");
  });
});

describe("queries that pass the cache of CloudFront by", () => {
  it("do so by their path, and reach the origin with all that was sent", () => {
    const [reports, ...others] = distributionOf(passing).ordered_cache_behavior;
    expect(others).toEqual([]);
    expect(reports).toMatchObject({
      path_pattern: "/reports/*",
      cache_policy_id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
      origin_request_policy_id: "216adef6-5c7f-47e4-b989-5492eafa07d3",
    });
  });

  it("have a key that is no other's, and bring header and cookie to the origin", () => {
    expect(keyOf(passing).headers_config.headers.items).toContain("x-pass-by");
    expect(passedOn(passing).headers_config.headers.items).toContain("X-Tenant");
    expect(passedOn(passing).cookies_config).toEqual({ cookie_behavior: "whitelist", cookies: { items: ["session"] } });
    expect(distributionOf(passing).default_cache_behavior.function_association).toEqual([
      expect.objectContaining({ event_type: "viewer-request" }),
    ]);
  });

  it("take no function where none are told apart by header or cookie", () => {
    expect(all(plain, "aws_cloudfront_function")).toEqual([]);
    expect(keyOf(plain).headers_config.headers.items).not.toContain("x-pass-by");
  });

  it.each([
    ["a header", { "x-tenant": { value: "a" } }, {}, "r-1"],
    ["a cookie", {}, { session: { value: "s" } }, "r-1"],
    ["neither", { accept: { value: "*/*" } }, { other: { value: "s" } }, undefined],
    ["a key of its own choice", { "x-pass-by": { value: "shared" } }, {}, undefined],
  ])("are known by what they bring: %s", (_, headers, cookies, key) => {
    const { code } = one(passing, "aws_cloudfront_function");
    const handler = new Function(`${code}; return handler;`)();
    const request = handler({ request: { headers: { ...headers }, cookies }, context: { requestId: "r-1" } });
    expect(request.headers["x-pass-by"]?.value).toBe(key);
  });

  it("are told apart by code that Terraform does not read as a template", () => {
    expect(readFileSync(join(__dirname, "../../constructs/edge/pass-by.js"), "utf8")).not.toMatch(/[$%]\{/);
  });
});

describe("an edge", () => {
  const refused = (changes: object) => refusalsOf((stack) => void new CloudFrontEdge(stack, "edge", { ...props, ...changes }));

  it.each([
    [{ cache: "2h" }, 'test/edge.cache: "2h" is longer than a stale response should be served; use at most "1h"'],
    [
      { bypass: { headers: ["a", "b", "c", "d", "e", "f"] } },
      "test/edge.bypass.headers: 6 headers are more than an edge can tell apart; name at most 5",
    ],
    [
      { bypass: { headers: ["Authorization"] } },
      'test/edge.bypass.headers: "Authorization" is a header that the edge handles itself; leave it out',
    ],
    [
      { rateLimit: { requests: 100, per: "1h" } },
      'test/edge.rateLimit.per: "1h" is not an interval that both CDNs support; use 1m, 2m, 5m or 10m',
    ],
  ])("refuses %j", (changes, message) => {
    expect(refused(changes)).toEqual([message]);
  });
});

function behaviors(json: Body): readonly Body[] {
  const { default_cache_behavior, ordered_cache_behavior = [] } = distributionOf(json);
  return [default_cache_behavior, ...ordered_cache_behavior];
}
