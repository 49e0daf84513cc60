import type { App } from "cdktf";
import { EDGE_SOURCES, type EdgeProvider } from "../../constructs/edge";
import { ANYWHERE, LoadBalancer, type Source } from "../../constructs/entry";
import type { ClientAddress } from "../../constructs/gateway";
import type { AwsContext } from "../base/context";
import type { EntryOutputs, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { camelCase, type PublicEndpoint, publicEndpoints, tcpTargetGroup } from "../model/derive/endpoints";

/** Access to a public endpoint, and how its load balancer passes on client addresses. */
interface Before {
  /** Restricts it to addresses of the network. */
  readonly internal: boolean;
  readonly from: Source;
  readonly clientAddress: ClientAddress;

  /** Creates DNS records for its host names. */
  readonly named: boolean;
}

const CLIENTS: Before = { internal: false, from: ANYWHERE, clientAddress: "proxy-protocol", named: true };

/** `X-Forwarded-For` from an edge is trusted, because clients can't bypass the edge. */
const EDGES: Readonly<Record<EdgeProvider, Before>> = {
  // Through its own network interfaces. The host name is the distribution's.
  cloudfront: { internal: true, from: EDGE_SOURCES.cloudfront, clientAddress: "x-forwarded-for", named: false },
  // Over the internet, to this host name. Clients use another, in a Cloudflare zone.
  cloudflare: { internal: false, from: EDGE_SOURCES.cloudflare, clientAddress: "x-forwarded-for", named: true },
};

/** Peer in front of a public endpoint: clients, or its edge. Its Gateway gets the same settings. */
export function before({ edge }: Pick<PublicEndpoint, "edge">): Before {
  return edge ? EDGES[edge] : CLIENTS;
}

/** Load balancers: one per domain with exposed services or public TCP ports. Empty if there are none. */
export function entryStacks(app: App, context: AwsContext, network: PlatformStack<NetworkOutputs>): readonly PlatformStack<EntryOutputs>[] {
  const { environment, account } = context;
  const ways = publicEndpoints(environment);
  if (ways.length === 0) return [];
  const { system, name } = environment;
  const stack = new PlatformStack<EntryOutputs>(app, `${name}-entry`, awsStackProps(environment, account, "entry"));
  const { vpcId, publicSubnetIds, privateSubnetIds, publicZoneId = "", ...groups } = stack.read(network);
  const outputs = ways.map((way) => {
    const { internal: isBehindEdge, named, ...reached } = before(way);
    const internal = isBehindEdge || way.internal;
    const from = way.sourceRanges ? { blocks: way.sourceRanges } : reached.from;
    const [host, ...furtherHosts] = way.hosts;
    const balancer = new LoadBalancer(stack, way.name, {
      name: [system, name, way.name],
      vpcId,
      subnetIds: internal ? privateSubnetIds : publicSubnetIds,
      internal,
      ...reached,
      from,
      https: way.https,
      securityGroupId: (groups as NetworkOutputs)[`${camelCase(way.party)}SecurityGroupId`] ?? "",
      ...(named ? { record: { zoneId: publicZoneId, host, ...(furtherHosts.length > 0 ? { furtherHosts } : {}) } } : {}),
      ...(way.tcp.length > 0 ? { tcpPorts: way.tcp.map(({ port }) => port) } : {}),
      protect: stack.protect,
    });
    return {
      ...Object.fromEntries(way.tcp.map((each) => [tcpTargetGroup(way, each), balancer.tcpTargets.get(each.port)?.targetGroupArn ?? ""])),
      ...(balancer.target ? { [`${camelCase(way.kind)}TargetGroupArn`]: balancer.target.targetGroupArn } : {}),
      [`${camelCase(way.kind)}LoadBalancerArn`]: balancer.arn,
      [`${camelCase(way.kind)}LoadBalancerDnsName`]: balancer.dnsName,
    };
  });
  return [stack.publish(Object.assign({ publicZoneId }, ...outputs))];
}
