import { Construct } from "constructs";
import { type BackupLock, MAX_LOCK_DAYS } from "../backup";
import { refuse } from "../core/errors";
import { exempt } from "../policy/contract";
import {
  type BucketPlace,
  bucketNames,
  expiringLifecycle,
  loggedBucket,
  type PrivateBucketProps,
  type RecoveryRegion,
  refuseOwnRegion,
  replicateBucket,
} from "../storage";
import { AUDIT_KINDS, type AuditRetention, DIGESTS, digestDays } from "./trail/kinds";

export interface AuditBucketProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;
  readonly region: string;

  /** Customer-managed key that encrypts it, by ARN. */
  readonly key: string;

  /**
   * Retention in days of each recorded kind: a record can't be deleted earlier, and is deleted afterwards. Digests are kept 31 days longer
   * than the records. The bucket locks every object for the shortest of the retentions; the digester extends the lock of the others.
   */
  readonly keepDays: AuditRetention;

  /**
   * Mode of the object lock. `governance`: principals with a special permission can remove the lock, after a change of the bucket policy,
   * which denies it. `compliance`: no principal can remove it, not even the account owner.
   */
  readonly lock: BackupLock;

  /**
   * Locks records and protects the bucket from deletion.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * IAM principals, by ARN, that may change the bucket's policy, versioning, lifecycle, lock and encryption: the roles that deploy it.
   * Wildcards are allowed.
   * @default - all principals that have the permissions
   */
  readonly administrators?: readonly string[];

  /**
   * Copy in another region, locked like the bucket, to which only S3 writes. The same digests and the same key verify it.
   * @default - none: the trail is lost with the region
   */
  readonly recovery?: RecoveryRegion;
}

/** Longest retention of a record in days, so that S3 can lock its digest longer. */
export const MAX_AUDIT_DAYS = MAX_LOCK_DAYS - digestDays({ commands: 0 });

/** Names of an environment's audit bucket and of the bucket with its access logs, then of their copies, known before they exist. */
export function auditBuckets(place: BucketPlace, recoveryRegion?: string): ReturnType<typeof bucketNames> {
  return bucketNames("audit", place, recoveryRegion);
}

/** Bucket of audit records and their digests: objects are created and read, and never replaced or deleted before their retention ends. */
export class AuditBucket extends Construct {
  readonly id: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: AuditBucketProps) {
    super(scope, id);
    const { keepDays, lock, protect = true, administrators = [], recovery } = props;
    const kinds = AUDIT_KINDS.filter((kind) => keepDays[kind] !== undefined);
    if (kinds.length === 0) {
      refuse(this, [{ value: keepDays, rule: "records nothing", remedy: `set the days of one of ${AUDIT_KINDS.join(", ")}` }], "keepDays");
    }
    for (const kind of kinds) {
      const days = keepDays[kind] ?? 0;
      if (Number.isInteger(days) && days >= 1 && days <= MAX_AUDIT_DAYS) continue;
      const rule = "must be a number of days that S3 can lock, digests included";
      refuse(this, [{ value: days, rule, remedy: `use a whole number from 1 to ${MAX_AUDIT_DAYS}` }], `keepDays.${kind}`);
    }
    if (lock === "compliance" && !protect) {
      const rule = "can't be removed by anyone, so the bucket could not be deleted";
      refuse(this, [{ value: lock, rule, remedy: `use "governance", or protect the bucket` }], "lock");
    }

    refuseOwnRegion(this, props.region, recovery);

    const [name, logs, copyName = "", copyLogs = ""] = auditBuckets(props, recovery?.region);
    const days = kinds.map((kind) => keepDays[kind] ?? 0);
    const shared = {
      strictKey: true,
      protect,
      lock: protect ? { days: Math.min(...days), mode: lock } : {},
      lifecycle: [
        ...kinds.map((kind) => expiringLifecycle(kind, `${kind}/`, keepDays[kind] ?? 0)),
        expiringLifecycle(DIGESTS, `${DIGESTS}/`, digestDays(keepDays)),
      ],
    };
    const bucketIn = (
      where: string,
      settings: Pick<PrivateBucketProps, "bucket" | "key" | "provider">,
      logsName: string,
      writing: (arn: string) => object,
    ) => {
      const statements = (arn: string) => [writing(arn), ...(protect ? protection(arn, administrators) : [])];
      const accessLogs = { bucket: logsName, account: props.account, keepDays: Math.max(...days) };
      return loggedBucket(this, where, { ...shared, ...settings, statements }, accessLogs).bucket;
    };
    const bucket = bucketIn("records", { bucket: name, key: props.key }, logs, createOnly);
    this.id = bucket.id;
    this.arn = bucket.arn;
    if (!recovery) {
      exempt(bucket.node.findChild("bucket"), "CKV_AWS_144", "no recovery region is given: a lost region takes the trail along");
      return;
    }
    const { key, provider } = recovery;
    const copy = bucketIn("copy", { bucket: copyName, key, provider }, copyLogs, replicatedOnly);
    replicateBucket(this, {
      name: [...props.name, "audit-replication"],
      account: props.account,
      from: { bucket, key: props.key },
      to: { bucket: copy, key },
    });
  }
}

/** Every upload must state `If-None-Match`. Parts of a multipart upload can't, but its completion can (S3, conditional writes). */
function createOnly(arn: string): object {
  return {
    Sid: "NoOverwrite",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: `${arn}/*`,
    Condition: { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
  };
}

/** Replication has an action of its own. */
function replicatedOnly(arn: string): object {
  return { Sid: "OnlyReplication", Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `${arn}/*` };
}

/** Lifecycle rules still delete: S3 applies no bucket policy to them. */
function protection(arn: string, administrators: readonly string[]): object[] {
  const deny = { Effect: "Deny", Principal: "*" };
  return [
    { Sid: "NoDeletion", ...deny, Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"], Resource: `${arn}/*` },
    { Sid: "NoLockBypass", ...deny, Action: ["s3:BypassGovernanceRetention", "s3:PutObjectLegalHold"], Resource: `${arn}/*` },
    ...(administrators.length > 0
      ? [
          {
            Sid: "OnlyAdministratorsConfigure",
            ...deny,
            Action: [
              "s3:DeleteBucket",
              "s3:DeleteBucketPolicy",
              "s3:PutBucketObjectLockConfiguration",
              "s3:PutBucketPolicy",
              "s3:PutBucketVersioning",
              "s3:PutEncryptionConfiguration",
              "s3:PutLifecycleConfiguration",
              "s3:PutReplicationConfiguration",
            ],
            Resource: arn,
            Condition: { ArnNotLike: { "aws:PrincipalArn": administrators } },
          },
        ]
      : []),
  ];
}
