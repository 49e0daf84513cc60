import { type AuditKind, DIGESTS } from "./trail/kinds";

/** Bucket of an audit trail, and its key. */
export interface AuditPlace {
  readonly bucketArn: string;

  /** Customer-managed key of the bucket, by ARN. */
  readonly keyArn: string;

  readonly region: string;
}

/**
 * Rights of a workload that writes audit records of these kinds: it can only add objects below its own path,
 * `<kind>/<year>/<month>/<day>/<hour>/<writer>/`. It can neither list nor read.
 */
export function auditWriterStatements(place: AuditPlace, kinds: readonly AuditKind[], writer: string): object[] {
  return [
    {
      Sid: "AddRecords",
      Effect: "Allow",
      Action: "s3:PutObject",
      Resource: kinds.map((kind) => `${place.bucketArn}/${kind}/????/??/??/??/${writer}/*`),
    },
    useOfKey(place, ["kms:GenerateDataKey"]),
  ];
}

/** Rights of the digester: it reads records, extends their locks, adds digests, and signs them with a key that nothing else uses. */
export function auditDigesterStatements(place: AuditPlace, signingKeyArn: string): object[] {
  const { bucketArn } = place;
  return [
    { Sid: "FindObjects", Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
    { Sid: "ReadObjects", Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/*` },
    { Sid: "AddDigests", Effect: "Allow", Action: "s3:PutObject", Resource: `${bucketArn}/${DIGESTS}/*` },
    // Without s3:BypassGovernanceRetention it can lengthen a retention, but not shorten it.
    { Sid: "ExtendLocks", Effect: "Allow", Action: "s3:PutObjectRetention", Resource: `${bucketArn}/*` },
    useOfKey(place, ["kms:Decrypt", "kms:GenerateDataKey"]),
    {
      Sid: "SignDigests",
      Effect: "Allow",
      Action: "kms:Sign",
      Resource: signingKeyArn,
      Condition: { StringEquals: { "kms:SigningAlgorithm": "ECDSA_SHA_256" } },
    },
  ];
}

/** Rights of an auditor: reads everything, including old versions, and changes nothing. */
export function auditReaderStatements(place: AuditPlace): object[] {
  const { bucketArn } = place;
  return [
    { Sid: "FindObjects", Effect: "Allow", Action: ["s3:ListBucket", "s3:ListBucketVersions"], Resource: bucketArn },
    {
      Sid: "ReadObjects",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"],
      Resource: `${bucketArn}/*`,
    },
    useOfKey(place, ["kms:Decrypt"]),
  ];
}

function useOfKey({ bucketArn, keyArn, region }: AuditPlace, actions: readonly string[]): object {
  return {
    Sid: "KeyOfBucket",
    Effect: "Allow",
    Action: actions,
    Resource: keyArn,
    Condition: {
      StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
      StringLike: { "kms:EncryptionContext:aws:s3:arn": `${bucketArn}*` },
    },
  };
}
