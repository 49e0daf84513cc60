import { type App, Fn } from "cdktf";
import { type Eks, type EksProps, ReadCluster, SharedCluster, WriteCluster } from "../../constructs/cluster";
import { logDays } from "../../constructs/logs";
import type { AwsContext } from "../base/context";
import type { ClusterOutputs, ClusterStacks, Keys, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import type { ClusterKey, NewCluster } from "../model/cluster";
import { withPipeline } from "../model/derive/access";
import { newClusters } from "../model/derive/clusters";
import { logSnapshotsOf } from "../model/derive/log-snapshots";
import { x86Only } from "../model/derive/nodes";
import { metricsReader } from "../model/monitoring";
import { zoneIds } from "../model/place";

/** Construct, stack and security groups of each cluster of an environment. */
const CLUSTERS = {
  cluster: { make: SharedCluster, part: "cluster", nodes: "nodes", api: "api" },
  writeCluster: { make: WriteCluster, part: "write-cluster", nodes: "writeNodes", api: "writeApi" },
  readCluster: { make: ReadCluster, part: "read-cluster", nodes: "readNodes", api: "readApi" },
} as const satisfies Readonly<Record<ClusterKey, object>>;

/** Clusters of an environment, in separate stacks, so that a change to one can't break the other. */
export function clusterStacks(
  app: App,
  context: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
): ClusterStacks {
  return Object.fromEntries(
    newClusters(context.environment).map(([key, cluster]) => [key, clusterStack(app, context, keys, network, key, cluster)]),
  );
}

function clusterStack(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
  key: ClusterKey,
  { nodes, node, version, nodeVersion, support }: NewCluster,
): PlatformStack<ClusterOutputs> {
  const { system, name, aws, access } = environment;
  const { make: Cluster, part, nodes: nodesParty, api } = CLUSTERS[key];
  const stack = new PlatformStack<ClusterOutputs>(app, `${name}-${part}`, awsStackProps(environment, account, part));
  const { secretsKeyArn, logsKeyArn, disksKeyArn } = stack.read(keys);
  const { vpcId, privateSubnetIds, privateZoneId, publicZoneId, ...groups } = stack.read(network);
  const groupOf = (party: string) => (groups as NetworkOutputs)[`${party}SecurityGroupId`] ?? "";
  const because = x86Only(environment, key);

  const cluster: Eks = new Cluster(stack, "cluster", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    nodes,
    node,
    vpcId,
    zones: Object.fromEntries(zoneIds(environment).map((zone, index) => [zone, Fn.element(privateSubnetIds, index)])),
    securityGroups: { controlPlane: groupOf(api), nodes: groupOf(nodesParty) },
    keys: { secrets: secretsKeyArn, logs: logsKeyArn, disks: disksKeyArn },
    access: withPipeline(environment, account),
    dnsZones: [zoneArn(privateZoneId)],
    certificateZones: publicZoneId === undefined ? [] : [{ zone: zoneArn(publicZoneId), domain: aws.domain }],
    metrics: metricsReader(environment.monitoring) !== undefined,
    protect: stack.protect,
    logDays: logDays(aws.logRetention, stack.protect),
    owner: { system, environment: name },
    tags: aws.tags ?? {},
    ...optional({ version, nodeVersion, support, publicFrom: access?.from, x86Only: because }),
  });
  return stack.publish({
    clusterName: cluster.clusterName,
    clusterArn: cluster.clusterArn,
    clusterEndpoint: cluster.endpoint,
    clusterCertificateAuthority: cluster.certificateAuthority,
    interruptionQueue: cluster.scaling?.queueName ?? "",
    nodeInstanceProfile: cluster.scaling?.instanceProfile ?? "",
    ...(logSnapshotsOf(environment)?.cluster === key ? { clusterIssuer: Fn.replace(cluster.issuer, "https://", "") } : {}),
  });
}

function zoneArn(id: string): string {
  return `arn:aws:route53:::hostedzone/${id}`;
}

type Optional = Pick<EksProps, "version" | "nodeVersion" | "support" | "publicFrom" | "x86Only">;

/** Drops undefined settings: an absent setting differs from an undefined one. */
function optional(settings: { readonly [Key in keyof Optional]: Optional[Key] | undefined }): Optional {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
