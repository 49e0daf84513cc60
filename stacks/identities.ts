import type { App } from "cdktf";
import { PodIdentity } from "../constructs/cluster";
import type { Backups } from "./backup";
import type { ClusterStacks } from "./cluster";
import type { AwsContext } from "./compose";
import { all, type ClusterKey, type Environment, newClusters } from "./environment";
import type { Keys } from "./keys";
import { NAMESPACES } from "./places";
import { awsStackProps, PlatformStack } from "./stack";

/** What a workload is on AWS: the role that EKS gives to the pods of one service account. */
export interface WorkloadIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;

  /** The cluster that it runs on. */
  readonly cluster: ClusterKey;

  /** Where in the environment's backup bucket its backups lie, without a slash at the end. Nobody else writes there. */
  readonly backups: string;
}

/** The workloads that have backups of their own to keep: where they run, and under which service accounts. */
const WORKLOADS: readonly {
  readonly namespace: string;
  readonly side: "writeCluster" | "readCluster";
  readonly serviceAccounts: (environment: Environment) => readonly string[];
}[] = [
  {
    namespace: NAMESPACES.readStore,
    side: "readCluster",
    // CloudNativePG: instances run under a service account that is called as their cluster is.
    serviceAccounts: ({ readDatabase }) =>
      all(readDatabase)
        .filter(({ engine }) => engine === "cloudnative-pg")
        .map(({ name }) => name ?? "read-database"),
  },
  {
    namespace: NAMESPACES.eventStore,
    side: "writeCluster",
    serviceAccounts: ({ eventStore }) => {
      if (eventStore?.engine === "kurrentdb" && eventStore.backup) return ["event-store-backup"];
      if (eventStore?.engine === "postgres" && eventStore.server.engine === "cloudnative-pg")
        return [eventStore.server.name ?? "event-store"];
      return [];
    },
  },
];

/** What the workloads of an environment are on AWS. On a cluster that exists already they are nothing: its owner lets them in. */
export function identitiesOf(environment: Environment): readonly WorkloadIdentity[] {
  const made = newClusters(environment).map(([key]) => key);
  return WORKLOADS.flatMap(({ namespace, side, serviceAccounts }) =>
    made
      .filter((cluster) => cluster === "cluster" || cluster === side)
      .flatMap((cluster) =>
        serviceAccounts(environment).map((serviceAccount) => ({
          namespace,
          serviceAccount,
          cluster,
          backups: `${namespace}/${serviceAccount}`,
        })),
      ),
  );
}

/** What the identities stack needs of others. */
interface Parts {
  readonly keys: PlatformStack<Keys>;
  readonly clusters: ClusterStacks;
  readonly backup: PlatformStack<Backups>;
}

/** The roles of an environment's workloads, in one stack, or in none where no workload calls AWS. */
export function identitiesStacks(app: App, { environment, account }: AwsContext, parts: Parts): readonly PlatformStack[] {
  const identities = identitiesOf(environment);
  if (identities.length === 0) return [];
  const { system, name, aws } = environment;
  const stack = new PlatformStack(app, `${name}-identities`, awsStackProps(environment, account, "identities"));
  const { backupKeyArn } = stack.read(parts.keys);
  const { backupBucketArn } = stack.read(parts.backup);
  const outputs = new Map(Object.entries(parts.clusters).map(([key, cluster]) => [key, stack.read(cluster)]));

  for (const { namespace, serviceAccount, cluster, backups } of identities) {
    const { clusterName = "", clusterArn = "" } = outputs.get(cluster) ?? {};
    new PodIdentity(stack, `${namespace}-${serviceAccount}`, {
      name: [system, name],
      cluster: { name: clusterName, arn: clusterArn },
      namespace,
      serviceAccount,
      statements: backupStatements(backupBucketArn, backups, backupKeyArn, aws.region),
    });
  }
  return [stack];
}

/** To write backups and read them again. Nothing is deleted: the bucket does that itself when their time is over. */
function backupStatements(bucketArn: string, prefix: string, keyArn: string, region: string): readonly object[] {
  return [
    {
      Sid: "FindBackups",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
      Resource: bucketArn,
      // Barman asks whether the bucket is there, and that question has no prefix.
      Condition: { StringLikeIfExists: { "s3:prefix": [prefix, `${prefix}/*`] } },
    },
    {
      Sid: "OwnBackups",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      Resource: `${bucketArn}/${prefix}/*`,
    },
    {
      Sid: "KeyOfBackups",
      Effect: "Allow",
      // S3, multipart uploads: a part is decrypted when the parts are put together.
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: keyArn,
      Condition: {
        StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
        StringLike: { "kms:EncryptionContext:aws:s3:arn": `${bucketArn}*` },
      },
    },
  ];
}
