import { type App, Fn } from "cdktf";
import { deployRoleArns } from "../../constructs/bootstrap";
import { type ClusterAccess, type Eks, type EksProps, ReadCluster, SharedCluster, WriteCluster } from "../../constructs/cluster";
import { logDays } from "../../constructs/logs";
import type { AwsContext } from "../compose";
import { type ClusterKey, type Environment, type NewCluster, newClusters } from "../model/environment";
import type { Keys } from "./keys";
import { type NetworkOutputs, zoneIds } from "./network";
import { awsStackProps, PlatformStack } from "../base/stack";

export type ClusterOutputs = {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly clusterEndpoint: string;

  /** In base64, as a kubeconfig has it. */
  readonly clusterCertificateAuthority: string;

  /** What a scaler's node class needs. Empty where the count of nodes is fixed. */
  readonly interruptionQueue: string;
  readonly nodeInstanceProfile: string;
};

/** The stacks of the clusters that are made, by the key under which each is described. */
export type ClusterStacks = Readonly<Partial<Record<ClusterKey, PlatformStack<ClusterOutputs>>>>;

/** What each cluster of an environment is made of: its construct, its stack, and the parties that it takes part as. */
const CLUSTERS = {
  cluster: { make: SharedCluster, part: "cluster", nodes: "nodes", api: "api" },
  writeCluster: { make: WriteCluster, part: "write-cluster", nodes: "writeNodes", api: "writeApi" },
  readCluster: { make: ReadCluster, part: "read-cluster", nodes: "readNodes", api: "readApi" },
} as const satisfies Readonly<Record<ClusterKey, object>>;

/** The clusters of an environment, each in a stack of its own, so that neither can be broken by a change of the other. */
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
  });
}

function zoneArn(id: string): string {
  return `arn:aws:route53:::hostedzone/${id}`;
}

/** Why the nodes of a cluster have to be of amd64, if they have to. */
export function x86Only({ eventStore }: Pick<Environment, "eventStore">, key: ClusterKey): string | undefined {
  return eventStore?.engine === "kurrentdb" && key !== "readCluster" ? "KurrentDB has no ARM image" : undefined;
}

/** Who may do what, with the pipeline's roles: the one that applies changes everything, the one that plans reads all but Secrets. */
export function withPipeline({ system, name, access }: Environment, { id, github }: AwsContext["account"]): Required<ClusterAccess> {
  const { administrators = [], deployers = [], planners = [], readers = [] } = access ?? {};
  if (!github) return { administrators, deployers, planners, readers };
  const { plan, apply } = deployRoleArns(system, id, name);
  return { administrators: [apply, ...administrators], deployers, planners: [plan, ...planners], readers };
}

type Optional = Pick<EksProps, "version" | "nodeVersion" | "support" | "publicFrom" | "x86Only">;

/** Without what nobody said: an absent setting is not one that is undefined. */
function optional(settings: { readonly [Key in keyof Optional]: Optional[Key] | undefined }): Optional {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
