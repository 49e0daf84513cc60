export {
  CloudflareEdge,
  type CloudflareEdgeProps,
  type CloudflareOrigin,
  type CloudflareZone,
  cloudflareHost,
  cloudflareHostProblems,
} from "./cloudflare";
export { CloudflareProvider } from "./cloudflare-provider";
export { CloudFrontEdge, type CloudFrontEdgeProps } from "./cloudfront";
export { CLOUDFRONT_REGION, edgeLogsBucket } from "./cloudfront-logs";
export {
  type CachingProblem,
  EDGE_SOURCES,
  type EdgeBypass,
  type EdgeCaching,
  type EdgeProvider,
  type EdgeRateLimit,
  type EdgeSource,
  edgeCachingProblems,
  edgePatienceProblems,
  WITHOUT_VPC_ORIGINS,
} from "./contract";
