import type { App } from "cdktf";
import {
  CLOUDFRONT_REGION,
  CloudFrontEdge,
  CloudflareEdge,
  CloudflareProvider,
  cloudflareHost,
  type EdgeProvider,
} from "../../constructs/edge";
import { logDays } from "../../constructs/logs";
import { WORKLOAD_DEFAULTS } from "../../constructs/workload";
import type { AwsContext } from "../base/context";
import type { EntryOutputs, Keys } from "../base/outputs";
import { describedAt } from "../base/refusals";
import { awsStackProps, awsStateProps, PlatformStack } from "../base/stack";
import { pathOf } from "../model/check/paths";
import { camelCase, edgeOf, publicEndpoints } from "../model/derive/endpoints";
import type { CloudFrontSettings, CloudflareSettings, Edge } from "../model/edge";
import type { System } from "../model/system";

export type EdgeOutputs = {
  /** Public host name of the queries. */
  readonly queryHost: string;
};

/** Dependencies of an edge, and the other environments. */
export interface EdgeSurroundings {
  readonly keys: PlatformStack<Keys>;
  readonly entry: PlatformStack<EntryOutputs>;

  /** All environments of the program: some are standbys of this one. */
  readonly environments: readonly System[];
}

/** CDN in front of the query APIs. Empty without an edge, and for a standby at Cloudflare, which is a region of its primary. */
export function edgeStacks(app: App, context: AwsContext, surroundings: EdgeSurroundings): readonly PlatformStack<EdgeOutputs>[] {
  const found = edgeOf(context.environment);
  return found ? EDGES[found.edge.provider](app, context, surroundings, found.edge as never) : [];
}

/** Public endpoint behind the edge of an environment, and the host name of its load balancer. */
function originOf(environment: System): { readonly kind: string; readonly host: string } {
  const found = edgeOf(environment);
  const entrance = publicEndpoints(environment).find(({ domain }) => domain.name === found?.domain.name);
  return { kind: camelCase(entrance?.kind ?? ""), host: entrance?.hosts[0] ?? "" };
}

type Made = readonly PlatformStack<EdgeOutputs>[];

const EDGES: {
  readonly [P in EdgeProvider]: (
    app: App,
    context: AwsContext,
    surroundings: EdgeSurroundings,
    edge: Extract<Edge, { provider: P }>,
  ) => Made;
} = { cloudfront: cloudFront, cloudflare };

function cloudFront(app: App, { environment, account }: AwsContext, { keys, entry }: EdgeSurroundings, edge: CloudFrontSettings): Made {
  const { system, name, aws } = environment;
  const { provider: _, ...caching } = edge;
  const found = edgeOf(environment);
  const timeout = found?.service.settings.timeout;
  const props = awsStackProps({ ...environment, aws: { ...aws, region: CLOUDFRONT_REGION } }, account, "edge");
  // Its logs are data, and it doesn't change with every release.
  const stack = new PlatformStack<EdgeOutputs>(app, `${name}-edge`, { ...props, holdsData: true });
  const { kind, host } = originOf(environment);
  const outputs = stack.read(entry);
  const [arn = "", dnsName = ""] = [outputs[`${kind}LoadBalancerArn`], outputs[`${kind}LoadBalancerDnsName`]];
  const { publicZoneId: zoneId } = outputs;
  describedAt(
    pathOf(environment, [...(found?.service.keys ?? []), "edge"]),
    new CloudFrontEdge(stack, "edge", {
      name: [system, name],
      account: aws.account,
      host,
      zoneId,
      loadBalancer: { arn, dnsName },
      key: stack.read(keys).edgeKeyArn ?? "",
      protect: stack.protect,
      logDays: logDays(aws.logRetention, stack.protect),
      ...(timeout ? { timeout } : {}),
      ...caching,
    }),
  );
  return [stack.publish({ queryHost: host })];
}

function cloudflare(
  app: App,
  { environment, account }: AwsContext,
  { entry, environments }: EdgeSurroundings,
  edge: CloudflareSettings,
): Made {
  const { system, name, standbyOf } = environment;
  if (standbyOf !== undefined) return [];
  const { provider: _, account: owner, zone, host, clientAuthority: __, ...caching } = edge;
  const regions = [environment, ...environments.filter((other) => other.standbyOf === name)];
  const stack = new PlatformStack<EdgeOutputs>(app, `${name}-edge`, awsStateProps(environment, account, "edge"));
  stack.addDependency(entry);
  new CloudflareProvider(stack, "cloudflare");
  describedAt(
    pathOf(environment, [...(edgeOf(environment)?.service.keys ?? []), "edge"]),
    new CloudflareEdge(stack, "edge", {
      name: [system, name],
      account: owner,
      zone,
      ...(host ? { host } : {}),
      origins: regions.flatMap(regionOf),
      ...caching,
    }),
  );
  return [stack.publish({ queryHost: cloudflareHost({ zone, ...(host ? { host } : {}) }) })];
}

/** Origin of an environment's queries, as a region of Cloudflare. Empty for other edges. */
function regionOf(environment: System) {
  const { system, name, aws } = environment;
  const found = edgeOf(environment);
  if (!aws || found?.edge.provider !== "cloudflare") return [];
  return [{ name: [system, name], host: originOf(environment).host, health: found.service.settings.health ?? WORKLOAD_DEFAULTS.health }];
}
