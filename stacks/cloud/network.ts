import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import type { App } from "cdktf";
import { ExistingZone, PublicZone } from "../../constructs/entry";
import { logDays } from "../../constructs/logs";
import { Endpoints, ExistingVpc, type Network, SecurityGroups, Vpc } from "../../constructs/network";
import type { AwsContext } from "../base/context";
import type { Keys, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { newClusters } from "../model/derive/clusters";
import { camelCase, publicEndpoints } from "../model/derive/endpoints";
import { traffic } from "../model/derive/traffic";
import { DEFAULT_CIDR, isExistingNetwork, type OwnNetwork, privateDomain, zonesOf } from "../model/place";

/** Network of an environment, with its security groups. */
export function networkStack(app: App, context: AwsContext, keys: PlatformStack<Keys>): PlatformStack<NetworkOutputs> {
  const { environment, account } = context;
  const { system, name, aws } = environment;
  const stack = new PlatformStack<NetworkOutputs>(app, `${name}-network`, awsStackProps(environment, account, "network"));
  const { parties, flows, networks } = traffic(environment);
  const shared = { name: [system, name], account: aws.account, region: aws.region };
  const own = aws.network && isExistingNetwork(aws.network) ? undefined : (aws.network ?? {});
  const vpc = own && newVpc(stack, context, own, keys);
  const network: Network = vpc ?? new ExistingVpc(stack, "network", aws.network as Extract<typeof aws.network, { vpc: string }>);

  const groups = new SecurityGroups(stack, "parties", { ...shared, vpcId: network.vpcId, parties, flows, networks });
  if (vpc) {
    new Endpoints(stack, "endpoints", {
      ...shared,
      vpcId: vpc.vpcId,
      subnetIds: vpc.privateSubnetIds,
      routeTableIds: vpc.privateRouteTableIds,
      securityGroupId: groups.securityGroupIds["aws-endpoints"] ?? "",
      ...(own?.readableBuckets ? { readableBuckets: own.readableBuckets } : {}),
      interfaces: "aws-endpoints" in groups.securityGroupIds,
      dynamoDb: environment.audit?.subjectKeys !== undefined,
    });
  }
  const zone = new Route53Zone(stack, "private-zone", {
    name: privateDomain(environment),
    comment: `Names of ${system} ${name} that only its network knows`,
    vpc: [{ vpcId: network.vpcId }],
    forceDestroy: !stack.protect,
    lifecycle: { ignoreChanges: ["vpc"] }, // a linked environment associates its own network
  });
  return stack.publish({
    vpcId: network.vpcId,
    vpcCidr: network.cidr,
    publicSubnetIds: network.publicSubnetIds,
    privateSubnetIds: network.privateSubnetIds,
    dataSubnetIds: network.dataSubnetIds,
    nodeRouteTableIds: vpc?.nodeRouteTableIds ?? [],
    privateZoneId: zone.zoneId,
    privateZoneName: zone.name,
    ...(publicEndpoints(environment).length > 0 ? publicZone(stack, environment) : {}),
    ...Object.fromEntries(Object.entries(groups.securityGroupIds).map(([party, id]) => [`${camelCase(party)}SecurityGroupId`, id])),
  });
}

/** Public zone of the environment's domain: an existing or a new one. */
function publicZone(
  stack: PlatformStack<NetworkOutputs>,
  { system, name, aws: { domain, zone } }: AwsContext["environment"],
): Pick<NetworkOutputs, "publicZoneId" | "publicZoneNameServers"> {
  if (zone !== undefined) return { publicZoneId: new ExistingZone(stack, "existing-zone", { zone, domain }).zoneId };
  const made = new PublicZone(stack, "public-zone", { domain, comment: `Public names of ${system} ${name}`, protect: stack.protect });
  return { publicZoneId: made.zoneId, publicZoneNameServers: made.nameServers };
}

function newVpc(stack: PlatformStack<NetworkOutputs>, { environment }: AwsContext, own: OwnNetwork, keys: PlatformStack<Keys>): Vpc {
  const { system, name, aws, exceptions } = environment;
  const zones = zonesOf(environment, own);
  return new Vpc(stack, "network", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    cidr: own.cidr ?? DEFAULT_CIDR,
    zones,
    clusters: newClusters(environment).length > 0,
    natGateways: exceptions?.singleNatGateway === undefined ? "each-zone" : "one",
    logsKey: stack.read(keys).logsKeyArn,
    logDays: logDays(aws.logRetention, stack.protect),
  });
}
