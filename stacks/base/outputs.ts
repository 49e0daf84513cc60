import type { ClusterKey } from "../model/cluster";
import type { PlatformStack } from "./stack";

export type Keys = {
  readonly logsKeyArn: string;
  readonly backupKeyArn: string;

  /** Empty where there is no recovery region. */
  readonly recoveryKeyArn: string;

  /** Of secrets, in clusters and in Secrets Manager. Empty where no cluster is made. */
  readonly secretsKeyArn: string;

  /** Of databases and caches that AWS runs. Empty where there are none. */
  readonly dataKeyArn: string;

  /** Of the disks and volumes of nodes. Empty where no cluster is made. */
  readonly disksKeyArn: string;

  /** Of the logs of CloudFront, in its region. None where queries have no edge there. */
  readonly edgeKeyArn?: string;
};

export type NetworkOutputs = {
  readonly vpcId: string;
  readonly vpcCidr: string;
  readonly publicSubnetIds: string[];
  readonly privateSubnetIds: string[];
  readonly dataSubnetIds: string[];

  /** The route tables of the private subnets, in the order of the zones. None of an existing network: its owner routes. */
  readonly nodeRouteTableIds: string[];
  readonly privateZoneId: string;
  readonly privateZoneName: string;

  /** The public zone. None where nobody comes from outside. */
  readonly publicZoneId?: string;

  /** The name servers that the zone above has to name. None of a zone that existed: it is known. */
  readonly publicZoneNameServers?: string[];
} & { readonly [Group in `${string}SecurityGroupId`]: string };

export type ClusterOutputs = {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly clusterEndpoint: string;

  /** In base64, as a kubeconfig has it. */
  readonly clusterCertificateAuthority: string;

  /** What a scaler's node class needs. Empty where the count of nodes is fixed. */
  readonly interruptionQueue: string;
  readonly nodeInstanceProfile: string;

  /** The issuer of its tokens without `https://`. Only of the cluster whose Elasticsearch has snapshots. */
  readonly clusterIssuer?: string;
};

/** The stacks of the clusters that are made, by the key under which each is described. */
export type ClusterStacks = Readonly<Partial<Record<ClusterKey, PlatformStack<ClusterOutputs>>>>;

/** Where each managed store is reached: `readDatabaseWriter`, `readDatabaseReader`, `cacheHost`; and as whom: `cacheUser`. */
export type DataOutputs = {
  readonly [Output in `${string}Writer` | `${string}Reader` | `${string}Host` | `${string}User` | `${string}UserArn`]: string;
};

export type EventStoreOutputs = {
  /** The name of the event store's nodes. */
  readonly eventStoreHost: string;

  /** The peering that the vendor asked for: `pcx-…`. */
  readonly peeringConnectionId: string;
};

/** Of each entrance: its load balancer, for an edge, and where that passes connections on to, for the cluster. */
export type EntryOutputs = {
  readonly [Output in `${string}TargetGroupArn` | `${string}LoadBalancerArn` | `${string}LoadBalancerDnsName`]: string;
} & {
  /** The public zone of the environment's domain. */
  readonly publicZoneId: string;
};

export type Backups = {
  readonly backupBucket: string;
  readonly backupBucketArn: string;

  /** For snapshots of Elasticsearch. None where nobody writes them. */
  readonly snapshotBucket?: string;
  readonly snapshotBucketArn?: string;
};

export type IdentityOutputs = {
  /** The role of Elasticsearch, which writes snapshots. None where nobody does. */
  readonly snapshotRoleArn?: string;
};
