import type { App } from "cdktf";
import {
  auditDigesterStatements,
  auditWriterStatements,
  type SubjectKeysPlace,
  subjectKeyEraserStatements,
  subjectKeyReaderStatements,
  subjectKeyUserStatements,
} from "../../constructs/audit";
import { ClusterOidcProvider, PodIdentity, WebIdentity } from "../../constructs/cluster";
import { daysIn } from "../../constructs/core/quantities";
import { volumeSnapshotCopyStatements } from "../../constructs/event-store";
import { cloudWatchStatements, elasticBackupStatements } from "../../constructs/observability";
import { cachePasswordStatements } from "../../constructs/redis";
import { archiveOnAws, copyOnAws, snapshotCopiesOf, streamBackupOnAws } from "../base/archives";
import type { AwsContext } from "../base/context";
import type { AuditOutputs, Backups, ClusterStacks, DataOutputs, IdentityOutputs, Keys, SubjectKeyOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { ownsSubjectKeys, subjectKeysAt } from "../model/derive/audit";
import { cloudWatchOn } from "../model/derive/cloudwatch";
import { backupsOf, identitiesOf, type WorkloadIdentity } from "../model/derive/identities";
import { type LogSnapshots, logSnapshotsOf } from "../model/derive/log-snapshots";
import { outputName } from "../model/derive/servers";
import { followersOf, isWaiting } from "../model/derive/standby";
import { volumeSnapshotsOf } from "../model/derive/volume-snapshots";

/** Stacks that the identities stack reads. */
interface Parts {
  readonly keys: PlatformStack<Keys>;
  readonly clusters: ClusterStacks;
  readonly backup: PlatformStack<Backups>;

  /** @default - no audit trail */
  readonly audit?: PlatformStack<AuditOutputs>;

  /** @default - no data keys of data subjects */
  readonly subjectKeys?: PlatformStack<SubjectKeyOutputs>;

  /** @default - no data stores on AWS */
  readonly data?: PlatformStack<DataOutputs>;
}

/** Policy statements of an identity, with the ARNs of resources from the stacks that have them. */
type Rights<I extends WorkloadIdentity = WorkloadIdentity> = (
  identity: I,
  stack: PlatformStack,
  parts: Parts,
  context: AwsContext,
) => readonly object[];

const RIGHTS: { readonly [P in WorkloadIdentity["purpose"]]: Rights<Extract<WorkloadIdentity, { readonly purpose: P }>> } = {
  backups: (identity, stack, { keys, backup }, { environment: { aws }, origins }) => {
    const { backupKeyArn } = stack.read(keys);
    const { backupBucketArn } = stack.read(backup);
    const origin = origins.get(identity.serviceAccount);
    return [
      ...backupStatements(backupBucketArn, backupsOf(identity), backupKeyArn, aws.region),
      ...(origin ? originStatements(archiveOnAws(origin.system, origin.server, aws.region), aws) : []),
    ];
  },
  drills: ({ reads, results }, stack, { keys, backup }, { environment }) => {
    const { aws } = environment;
    const { backupBucketArn: bucket } = stack.read(backup);
    // Servers that a drill creates read the archive itself.
    const copy = results !== undefined && environment.backup?.drillCopies ? aws.recoveryRegion : undefined;
    return [
      ...(reads === undefined ? [] : copy ? copyStatements(environment, reads, copy) : readStatements(bucket, reads)),
      ...(results === undefined ? [] : resultStatements(bucket, results)),
      keyOfBackups(bucket, stack.read(keys).backupKeyArn, aws.region),
    ];
  },
  follows: ({ store }, _, __, { environment, primary }) => {
    const found = primary && followersOf(environment, primary).find((follower) => follower.store.name === store);
    return found ? originStatements(streamBackupOnAws(primary, found.origin, environment.aws.region), environment.aws) : [];
  },
  snapshotCopies: ({ namespace, store }, stack, { keys }, { environment }) => {
    const found = volumeSnapshotsOf(environment).find((one) => one.store.name === store);
    const { recoveryKeyArn, disksKeyArn } = stack.read(keys);
    const copies = found && snapshotCopiesOf(environment, found, recoveryKeyArn);
    if (!copies) return [];
    const locked = found.lock ? { lockedDays: daysIn(found.keep) } : {};
    return volumeSnapshotCopyStatements({ ...copies, namespace, store, sourceKeyArn: disksKeyArn, ...locked });
  },
  auditDigests: (_, stack, parts, { environment: { aws } }) => {
    const { place, signingKeyArn } = auditPlace(stack, parts, aws.region);
    return auditDigesterStatements(place, signingKeyArn);
  },
  audited: ({ kinds, path, subjectKeys: { uses, erases } }, stack, parts, { environment }) => {
    const { region } = environment.aws;
    const keys = uses || erases ? subjectKeysPlace(environment, stack, parts) : undefined;
    const statements = isWaiting(environment) ? subjectKeyReaderStatements : subjectKeyUserStatements;
    return [
      ...(kinds.length > 0 ? auditWriterStatements(auditPlace(stack, parts, region).place, kinds, path) : []),
      ...(keys && uses ? statements(keys) : []),
      ...(keys && erases ? subjectKeyEraserStatements(keys) : []),
    ];
  },
  cachePassword: ({ store }, stack, { data }) => cachePasswordStatements((data && stack.read(data)[`${outputName(store)}UserArn`]) ?? ""),
  cloudWatch: ({ cluster }, _, __, { environment }) =>
    cloudWatchStatements({ region: environment.aws.region, services: cloudWatchOn(environment, cluster) }),
};

function auditPlace(stack: PlatformStack, { keys, audit }: Parts, region: string) {
  const { auditKeyArn: keyArn = "" } = stack.read(keys);
  const { auditBucketArn: bucketArn = "", auditSigningKeyArn: signingKeyArn = "" } = audit ? stack.read(audit) : {};
  return { place: { bucketArn, keyArn, region }, signingKeyArn };
}

function subjectKeysPlace(environment: AwsContext["environment"], stack: PlatformStack, { keys, subjectKeys }: Parts): SubjectKeysPlace {
  if (!ownsSubjectKeys(environment)) return subjectKeysAt(environment, environment.aws);
  const { region } = environment.aws;
  const { subjectKeysKeyArn: keyArn = "" } = stack.read(keys);
  const { subjectKeysTable: table = "", subjectKeysTableArn: tableArn = "" } = subjectKeys ? stack.read(subjectKeys) : {};
  return { table, tableArn, keyArn, region };
}

/** Roles of an environment's workloads, in one stack. Empty if no workload calls AWS. */
export function identitiesStacks(app: App, context: AwsContext, parts: Parts): readonly PlatformStack<IdentityOutputs>[] {
  const { environment, account } = context;
  const identities = identitiesOf(environment);
  const snapshots = logSnapshotsOf(environment);
  if (identities.length === 0 && !snapshots) return [];
  const { system, name } = environment;
  const stack = new PlatformStack<IdentityOutputs>(app, `${name}-identities`, awsStackProps(environment, account, "identities"));
  for (const identity of identities) {
    const { namespace, serviceAccount, purpose } = identity;
    const statements = (RIGHTS[purpose] as Rights)(identity, stack, parts, context);
    const cluster = parts.clusters[identity.cluster];
    const { clusterName = "", clusterArn = "" } = cluster ? stack.read(cluster) : {};
    new PodIdentity(stack, `${namespace}-${serviceAccount}`, {
      name: [system, name],
      cluster: { name: clusterName, arn: clusterArn },
      namespace,
      serviceAccount,
      statements,
    });
  }
  if (snapshots) stack.publish({ snapshotRoleArn: snapshotRole(stack, [system, name], snapshots, parts) });
  return [stack];
}

/** Up to Elasticsearch 9.5 its S3 repository can't use EKS Pod Identity (elastic/elasticsearch #151614). */
function snapshotRole(
  stack: PlatformStack<IdentityOutputs>,
  name: readonly string[],
  { cluster: key, namespace, serviceAccount }: LogSnapshots,
  { keys, clusters, backup }: Parts,
): string {
  const { backupKeyArn } = stack.read(keys);
  const { snapshotBucketArn = "" } = stack.read(backup);
  const cluster = clusters[key];
  const { clusterIssuer = "" } = cluster ? stack.read(cluster) : {};
  const { roleArn } = new WebIdentity(stack, `${namespace}-${serviceAccount}`, {
    name,
    provider: new ClusterOidcProvider(stack, `${key}-tokens`, clusterIssuer),
    namespace,
    serviceAccount,
    statements: elasticBackupStatements(snapshotBucketArn, serviceAccount, backupKeyArn),
  });
  return roleArn;
}

/** Rights to read backups of another environment, which a store is restored from or follows. Their key is found by its alias: it is in the state of its environment. */
function originStatements(
  { bucket, prefix, alias }: ReturnType<typeof archiveOnAws>,
  { account, region }: { readonly account: string; readonly region: string },
): readonly object[] {
  const arn = `arn:aws:s3:::${bucket}`;
  return [
    {
      Sid: "FindOrigin",
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: arn,
      Condition: { StringLikeIfExists: { "s3:prefix": [prefix, `${prefix}/*`] } },
    },
    { Sid: "ReadOrigin", Effect: "Allow", Action: "s3:GetObject", Resource: `${arn}/${prefix}/*` },
    {
      Sid: "KeyOfOrigin",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: `arn:aws:kms:${region}:${account}:key/*`,
      Condition: {
        StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
        StringLike: { "kms:EncryptionContext:aws:s3:arn": `${arn}*` },
        "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias },
      },
    },
  ];
}

/** Rights to read backups in the copy of their bucket in a recovery region. */
function copyStatements(environment: AwsContext["environment"], prefix: string, region: string): readonly object[] {
  const place = { ...copyOnAws(environment, region), prefix };
  const [find, ...others] = originStatements(place, { ...environment.aws, region });
  return [{ ...find, Action: ["s3:ListBucket", "s3:ListBucketVersions"] }, ...others];
}

/** Rights to write and read backups. They don't include deletion: the bucket expires backups itself. */
function backupStatements(bucketArn: string, prefix: string, keyArn: string, region: string): readonly object[] {
  return [
    {
      Sid: "FindBackups",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
      Resource: bucketArn,
      // Barman checks that the bucket exists, with a request that has no prefix.
      Condition: { StringLikeIfExists: { "s3:prefix": [prefix, `${prefix}/*`] } },
    },
    {
      Sid: "OwnBackups",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      Resource: `${bucketArn}/${prefix}/*`,
    },
    keyOfBackups(bucketArn, keyArn, region),
  ];
}

/** Rights to read backups. */
function readStatements(bucketArn: string, prefix: string): readonly object[] {
  return [
    {
      Sid: "FindBackups",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:ListBucketVersions"],
      Resource: bucketArn,
      // Barman checks that the bucket exists, with a request that has no prefix.
      Condition: { StringLikeIfExists: { "s3:prefix": [prefix, `${prefix}/*`] } },
    },
    { Sid: "ReadBackups", Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/${prefix}/*` },
  ];
}

/** Rights to write results of drills. One that exists is compared, and not overwritten. */
function resultStatements(bucketArn: string, prefix: string): readonly object[] {
  return [{ Sid: "OwnResults", Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: `${bucketArn}/${prefix}/*` }];
}

function keyOfBackups(bucketArn: string, keyArn: string, region: string): object {
  return {
    Sid: "KeyOfBackups",
    Effect: "Allow",
    // S3, multipart uploads: parts are decrypted when they are combined.
    Action: ["kms:Decrypt", "kms:GenerateDataKey"],
    Resource: keyArn,
    Condition: {
      StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
      StringLike: { "kms:EncryptionContext:aws:s3:arn": `${bucketArn}*` },
    },
  };
}
