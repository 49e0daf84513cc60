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
  /** The beginning of its names, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;

  /** The public name of the queries: `queries.orders.example.com`. The origin shows a certificate for the same name. */
  readonly host: string;

  /** The public zone of Route 53 that answers for the name. */
  readonly zoneId: string;

  /**
   * The load balancer of the queries: internal, IPv4 alone, with a security group that admits `EDGE_SOURCES.cloudfront` on
   * 443, and without a listener that ends TLS itself (CloudFront, VPC origins). Another one is another origin.
   */
  readonly loadBalancer: { readonly arn: string; readonly dnsName: string };

  /**
   * How long the origin may be silent before it answers itself that it got no answer: at most 110s.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /** The customer-managed key of its logs, of us-east-1, by ARN. It admits CloudWatch Logs and the delivery of logs. */
  readonly key: string;

  /** Whether its logs are guarded against deletion. */
  readonly protect: boolean;

  /**
   * Days for which logs are kept, one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number;

  /**
   * The places it serves from: everywhere, or where it costs less.
   * @default "PriceClass_All"
   */
  readonly priceClass?: "PriceClass_All" | "PriceClass_200" | "PriceClass_100";
}

const ORIGIN = "queries";

/** Seconds: nginx forgets a connection that nobody uses after 75, and whoever does so first loses no request. */
const KEEPS_CONNECTIONS = 60;

/** Answers that are errors, as far as CloudFront keeps them by itself (CloudFront, HTTP 4xx and 5xx status codes). */
const REFUSALS = [400, 403, 404, 405, 414, 416];
const FAILURES = [500, 501, 502, 503, 504];

/**
 * CloudFront before the queries, in a stack of us-east-1. It reaches the load balancer through the network of the
 * environment, where nobody else reaches it; answers are kept for each token by itself.
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
            // The first to give up answers; CloudFront would ask again, what is slow already.
            originReadTimeout: Math.min(known(seconds(timeout)) + SLACK, EDGE_PATIENCE.cloudfront),
          },
        },
      ],
      defaultCacheBehavior: { ...caching.behavior, targetOriginId: ORIGIN },
      orderedCacheBehavior: caching.paths.map((path) => ({ ...path, targetOriginId: ORIGIN })),
      customErrorResponse: [
        // A read model that catches up a moment later must not stay unfound.
        ...REFUSALS.map((errorCode) => ({ errorCode, errorCachingMinTtl: 0 })),
        // An origin that has failed is not asked by everybody at once.
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
