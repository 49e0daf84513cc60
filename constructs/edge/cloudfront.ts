import { CloudfrontDistribution } from "@cdktf/provider-aws/lib/cloudfront-distribution";
import { CloudfrontVpcOrigin } from "@cdktf/provider-aws/lib/cloudfront-vpc-origin";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { type Duration, known, seconds } from "../core/quantities";
import { exempt } from "../policy/contract";
import { CloudFrontCaching } from "./cloudfront-caching";
import { CloudFrontCertificate } from "./cloudfront-certificate";
import { CloudFrontFirewall } from "./cloudfront-firewall";
import { CloudFrontLogs } from "./cloudfront-logs";
import { DEFAULT_RATE_LIMIT, EDGE_PATIENCE, type EdgeCaching, edgeCachingProblems, edgePatienceProblems, SLACK } from "./contract";

export interface CloudFrontEdgeProps extends EdgeCaching {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;

  /** The public name of the queries: `queries.orders.example.com`. The origin presents a certificate for the same name. */
  readonly host: string;

  /** The public Route 53 zone of the name. */
  readonly zoneId: string;

  /**
   * The load balancer of the queries: internal, IPv4 only, with a security group that allows `EDGE_SOURCES.cloudfront` on 443, and without
   * a TLS listener (CloudFront, VPC origins). Another load balancer replaces the origin.
   */
  readonly loadBalancer: { readonly arn: string; readonly dnsName: string };

  /**
   * Time until the origin itself responds with a timeout error: at most 110s.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /** ARN of the customer-managed key of its logs, in us-east-1. Its policy must allow CloudWatch Logs and log delivery. */
  readonly key: string;

  /** Protects its logs from deletion. */
  readonly protect: boolean;

  /**
   * Log retention in days, one of the periods that CloudWatch Logs supports.
   * @default 365
   */
  readonly logDays?: number;

  /**
   * Price class of its edge locations: all of them, or only cheaper ones.
   * @default "PriceClass_All"
   */
  readonly priceClass?: "PriceClass_All" | "PriceClass_200" | "PriceClass_100";
}

const ORIGIN = "queries";

/** Keep-alive in seconds: nginx closes idle connections after 75; the side that closes first loses no request. */
const KEEPS_CONNECTIONS = 60;

/** Error statuses that CloudFront caches by default (CloudFront, HTTP 4xx and 5xx status codes). */
const REFUSALS = [400, 403, 404, 405, 414, 416];
const FAILURES = [500, 501, 502, 503, 504];

/**
 * CloudFront in front of the query API, in a stack of us-east-1. It reaches the internal load balancer through the environment's network;
 * responses are cached separately for each token.
 */
export class CloudFrontEdge extends Construct {
  constructor(scope: Construct, id: string, props: CloudFrontEdgeProps) {
    super(scope, id);
    const { name, account, host, zoneId, loadBalancer, key, protect, logDays } = props;
    const { cache, bypass = {}, rateLimit = DEFAULT_RATE_LIMIT, priceClass = "PriceClass_All", timeout = "30s" } = props;
    for (const { keys, ...problem } of edgeCachingProblems(props)) refuse(this, [problem], keys.join("."));

    refuse(this, edgePatienceProblems("cloudfront", timeout), "timeout");

    const certificate = new CloudFrontCertificate(this, "certificate", { host, zoneId });
    const firewall = new CloudFrontFirewall(this, "firewall", { name, rateLimit, key, logDays });
    const caching = new CloudFrontCaching(this, "caching", { name, cache, bypass });
    const origin = new CloudfrontVpcOrigin(this, "origin", {
      vpcOriginEndpointConfig: [
        {
          name: cloudName("edgePolicy", ...name, "queries"),
          arn: loadBalancer.arn,
          httpPort: 80,
          httpsPort: 443,
          originProtocolPolicy: "https-only",
          originSslProtocols: [{ items: ["TLSv1.2"], quantity: 1 }],
        },
      ],
    });
    const distribution = new CloudfrontDistribution(this, "distribution", {
      enabled: true,
      comment: `Queries of ${name.join(" ")}`,
      aliases: [host],
      httpVersion: "http2and3",
      isIpv6Enabled: true,
      priceClass,
      webAclId: firewall.arn,
      origin: [
        {
          originId: ORIGIN,
          domainName: loadBalancer.dnsName,
          vpcOriginConfig: {
            vpcOriginId: origin.id,
            originKeepaliveTimeout: KEEPS_CONNECTIONS,
            // The origin times out first and responds with the error; if CloudFront did, it would retry a request that is already slow.
            originReadTimeout: Math.min(known(seconds(timeout)) + SLACK, EDGE_PATIENCE.cloudfront),
          },
        },
      ],
      defaultCacheBehavior: { ...caching.behavior, targetOriginId: ORIGIN },
      orderedCacheBehavior: caching.paths.map((path) => ({ ...path, targetOriginId: ORIGIN })),
      customErrorResponse: [
        // A 404 must not stay cached when a read model catches up a moment later.
        ...REFUSALS.map((errorCode) => ({ errorCode, errorCachingMinTtl: 0 })),
        // Prevents all clients from querying a failed origin at once.
        ...FAILURES.map((errorCode) => ({ errorCode, errorCachingMinTtl: 1 })),
      ],
      viewerCertificate: { acmCertificateArn: certificate.arn, sslSupportMethod: "sni-only", minimumProtocolVersion: "TLSv1.2_2021" },
      restrictions: { geoRestriction: { restrictionType: "none" } },
    });
    exempt(distribution, "CKV_AWS_86", "its requests are logged by deliveries of CloudWatch, which stand apart from it");
    exempt(distribution, "CKV_AWS_305", "an API has no page at its root");
    exempt(distribution, "CKV_AWS_310", "the one origin is a load balancer over three zones; another region has an edge of its own");
    exempt(distribution, "CKV2_AWS_47", "it also wants anonymous addresses refused, and people behind a VPN may ask queries");
    exempt(distribution, "CKV_AWS_374", "queries may come from anywhere");

    new CloudFrontLogs(this, "logs", { name, account, distribution: distribution.arn, key, protect, logDays });
    for (const type of ["A", "AAAA"]) {
      new Route53Record(this, `record-${type.toLowerCase()}`, {
        zoneId,
        name: host,
        type,
        alias: { name: distribution.domainName, zoneId: distribution.hostedZoneId, evaluateTargetHealth: false },
      });
    }
  }
}
