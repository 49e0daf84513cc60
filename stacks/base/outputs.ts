import type { ClusterKey } from "../model/cluster";
import type { PlatformStack } from "./stack";

/** Outputs of the stack of keys: KMS keys by use. */
export type Keys = {
  readonly logsKeyArn: string;
  readonly backupKeyArn: string;

  /** Empty without a recovery region. */
  readonly recoveryKeyArn: string;

  /** Key of secrets, in clusters and in Secrets Manager. Empty if no cluster is created. */
  readonly secretsKeyArn: string;

  /** Key of databases and caches on AWS. Empty if there are none. */
  readonly dataKeyArn: string;

  /** Key of node disks and volumes. Empty if no cluster is created. */
  readonly disksKeyArn: string;

  /** Keys of the audit trail: of its bucket, and of the signatures of its digests. Undefined without an audit trail. */
  readonly auditKeyArn?: string;
  readonly auditSigningKeyArn?: string;

  /** Key of the copy of the audit trail's bucket, in the recovery region. */
  readonly auditCopyKeyArn?: string;

  /** Key of the table of data keys, which also wraps them. Undefined without `audit.subjectKeys`. */
  readonly subjectKeysKeyArn?: string;

  /** Its copy in the recovery region. */
  readonly subjectKeysCopyKeyArn?: string;

  /** Key of CloudFront logs, in its region. Undefined without a CloudFront edge. */
  readonly edgeKeyArn?: string;
};

/** Outputs of the network stack: VPC, subnets, zones of DNS, and security groups. */
export type NetworkOutputs = {
  readonly vpcId: string;
  readonly vpcCidr: string;
  readonly publicSubnetIds: string[];
  readonly privateSubnetIds: string[];
  readonly dataSubnetIds: string[];

  /** Route tables of the private subnets, in the order of the zones. None for an existing network, whose owner manages routes. */
  readonly nodeRouteTableIds: string[];
  readonly privateZoneId: string;
  readonly privateZoneName: string;

  /** Id of the public zone. Undefined without public endpoints. */
  readonly publicZoneId?: string;

  /** Name servers to delegate to in the parent zone. Undefined for an existing zone, which is already delegated. */
  readonly publicZoneNameServers?: string[];
} & { readonly [Group in `${string}SecurityGroupId`]: string };

/** Outputs of the stack of an EKS cluster. */
export type ClusterOutputs = {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly clusterEndpoint: string;

  /** CA certificate in base64, as in a kubeconfig. */
  readonly clusterCertificateAuthority: string;

  /** Input for the node class of the autoscaler. Empty for a fixed number of nodes. */
  readonly interruptionQueue: string;
  readonly nodeInstanceProfile: string;

  /** The issuer of its tokens without `https://`. Only of the cluster whose Elasticsearch has snapshots. */
  readonly clusterIssuer?: string;
};

/** Stacks of the clusters that are created, by setting. */
export type ClusterStacks = Readonly<Partial<Record<ClusterKey, PlatformStack<ClusterOutputs>>>>;

/** Connection values of each managed store: hosts `readDatabaseWriter`, `readDatabaseReader`, `cacheHost`, and users `cacheUser`. */
export type DataOutputs = {
  readonly [Output in `${string}Writer` | `${string}Reader` | `${string}Host` | `${string}User` | `${string}UserArn`]: string;
};

/** Outputs of the stack of an event store at its vendor. */
export type EventStoreOutputs = {
  /** DNS name of the event store's nodes. */
  readonly eventStoreHost: string;

  /** Peering that the vendor requested: `pcx-…`. */
  readonly peeringConnectionId: string;
};

/** Outputs of each public endpoint: its load balancer, for the edge, and its target groups, for the cluster. */
export type EntryOutputs = {
  readonly [Output in `${string}TargetGroupArn` | `${string}LoadBalancerArn` | `${string}LoadBalancerDnsName`]: string;
} & {
  /** Id of the public zone of the environment's domain. */
  readonly publicZoneId: string;
};

/** Outputs of the backup stack: buckets. */
export type Backups = {
  readonly backupBucket: string;
  readonly backupBucketArn: string;

  /** For snapshots of Elasticsearch. None where nobody writes them. */
  readonly snapshotBucket?: string;
  readonly snapshotBucketArn?: string;
};

/** Outputs of the stack of the audit trail. */
export type AuditOutputs = {
  readonly auditBucket: string;
  readonly auditBucketArn: string;

  /** Key that signs digests. `aws kms get-public-key` exports the public key, which verifies them. */
  readonly auditSigningKeyArn: string;
};

/** Outputs of the stack of data keys of data subjects: the table, also if it is of another environment. */
export type SubjectKeyOutputs = {
  readonly subjectKeysTable: string;
  readonly subjectKeysTableArn: string;

  /** IAM policy for operators who delete data keys. */
  readonly subjectKeysErasurePolicyArn: string;
};

/** Outputs of the stack of identities. */
export type IdentityOutputs = {
  /** The role of Elasticsearch, which writes snapshots. None where nobody does. */
  readonly snapshotRoleArn?: string;
};
