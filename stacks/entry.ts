import type { App } from "cdktf";
import { ANYWHERE, LoadBalancer, type Source } from "../constructs/entry";
import type { ClientAddress } from "../constructs/gateway";
import type { AwsContext } from "./compose";
import { type Entrance, entrances } from "./entrances";
import type { Edge } from "./environment";
import type { NetworkOutputs } from "./network";
import { awsStackProps, PlatformStack } from "./stack";

/** Of each entrance: its load balancer, for an edge, and where that passes connections on to, for the cluster. */
export type EntryOutputs = {
  readonly [Name in `${Entrance["name"]}${"TargetGroupArn" | "LoadBalancerArn" | "LoadBalancerName"}`]?: string;
};

/** What stands before a load balancer, and so how it is reached and how it tells who the client is. */
interface Before {
  /** Whether it has addresses of the network only. */
  readonly internal: boolean;
  readonly from: Source;
  readonly clientAddress: ClientAddress;
}

const CLIENTS: Before = { internal: false, from: ANYWHERE, clientAddress: "proxy-protocol" };

/** What an edge adds to `X-Forwarded-For` is believed, because nobody comes past it. */
const EDGES: Readonly<Record<Edge["provider"], Before>> = {
  // Through interfaces of its own in the network (VPC origins).
  cloudfront: {
    internal: true,
    from: { prefixList: "com.amazonaws.global.cloudfront.origin-facing" },
    clientAddress: "x-forwarded-for",
  },
  cloudflare: { internal: false, from: ANYWHERE, clientAddress: "x-forwarded-for" },
};

/** How an entrance is reached: by clients themselves, or by its edge. */
export function before({ edge }: Pick<Entrance, "edge">): Before {
  return edge ? EDGES[edge] : CLIENTS;
}

/** Where requests come in: a load balancer for each side that answers any. None where nobody does. */
export function entryStacks(app: App, context: AwsContext, network: PlatformStack<NetworkOutputs>): readonly PlatformStack<EntryOutputs>[] {
  const { environment, account } = context;
  const ways = entrances(environment);
  if (ways.length === 0) return [];
  const { system, name } = environment;
  const stack = new PlatformStack<EntryOutputs>(app, `${name}-entry`, awsStackProps(environment, account, "entry"));
  const { vpcId, publicSubnetIds, privateSubnetIds, publicZoneId = "", ...groups } = stack.read(network);
  const outputs = ways.map((way) => {
    const { internal, ...reached } = before(way);
    const balancer = new LoadBalancer(stack, way.name, {
      name: [system, name, way.name],
      vpcId,
      subnetIds: internal ? privateSubnetIds : publicSubnetIds,
      internal,
      ...reached,
      securityGroupId: (groups as NetworkOutputs)[`${way.side}EntrySecurityGroupId`] ?? "",
      ...(way.edge ? {} : { record: { zoneId: publicZoneId, host: way.host } }),
      protect: stack.protect,
    });
    return {
      [`${way.name}TargetGroupArn`]: balancer.target.targetGroupArn,
      [`${way.name}LoadBalancerArn`]: balancer.arn,
      [`${way.name}LoadBalancerName`]: balancer.dnsName,
    };
  });
  return [stack.publish(Object.assign({}, ...outputs))];
}
