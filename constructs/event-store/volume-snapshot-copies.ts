/** Copies of EBS snapshots in another region. */
export interface VolumeSnapshotCopies {
  /** Region of the volumes. */
  readonly from: string;

  /** Region of the copies. */
  readonly to: string;

  /** KMS key of the copies, in their region, by ARN. */
  readonly keyArn: string;

  /**
   * Tags that the CSI driver sets on all snapshots of the cluster. Copies have them too: with the name of the store, they must distinguish
   * its snapshots from all others of the account in both regions.
   */
  readonly tags: Readonly<Record<string, string>>;
}

/** Copies of the snapshots of one store, for the rights of its job. */
export interface VolumeSnapshotCopyRights extends VolumeSnapshotCopies {
  /** Namespace of the event store. */
  readonly namespace: string;

  /** Name of the event store. */
  readonly store: string;

  /** KMS key of the volumes, by ARN. */
  readonly sourceKeyArn: string;

  /**
   * Days for which copies are locked.
   * @default - copies are not locked
   */
  readonly lockedDays?: number;
}

/** Tag of the snapshots of a store. The CSI driver doesn't tag snapshots with the claim: without the cluster, this tag finds them. */
export function volumeSnapshotTags(namespace: string, store: string): Readonly<Record<string, string>> {
  return { "event-store": `${namespace}/${store}` };
}

/**
 * Rights of the job that copies the snapshots of a store (EBS, copy a snapshot): it reads no data, deletes nothing but copies of this store,
 * and locks them for no other time.
 */
export function volumeSnapshotCopyStatements(rights: VolumeSnapshotCopyRights): object[] {
  const { from, to, keyArn, sourceKeyArn, namespace, store, lockedDays } = rights;
  const tags = Object.entries({ ...rights.tags, ...volumeSnapshotTags(namespace, store) });
  const having = (key: "RequestTag" | "ResourceTag") => Object.fromEntries(tags.map(([name, value]) => [`aws:${key}/${name}`, value]));
  const copies = `arn:aws:ec2:${to}::snapshot/*`;
  return [
    {
      Sid: "FindSnapshots",
      Effect: "Allow",
      Action: ["ec2:DescribeSnapshots", "ec2:DescribeLockedSnapshots"],
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": [from, to] } },
    },
    {
      // A request in the region of the copies doesn't tell tags of the source.
      Sid: "CopyOwnSnapshots",
      Effect: "Allow",
      Action: "ec2:CopySnapshot",
      Resource: `arn:aws:ec2:${from}::snapshot/*`,
      Condition: { StringEqualsIfExists: having("ResourceTag") },
    },
    {
      Sid: "CreateTaggedCopies",
      Effect: "Allow",
      Action: "ec2:CopySnapshot",
      Resource: copies,
      Condition: { StringEquals: having("RequestTag") },
    },
    {
      Sid: "TagCopies",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: copies,
      Condition: { StringEquals: { ...having("RequestTag"), "ec2:CreateAction": "CopySnapshot" } },
    },
    {
      Sid: "DeleteCopies",
      Effect: "Allow",
      Action: "ec2:DeleteSnapshot",
      Resource: copies,
      Condition: { StringEquals: having("ResourceTag") },
    },
    ...(lockedDays === undefined
      ? []
      : [
          {
            // A shorter lock would replace one of the mode `governance`.
            Sid: "LockCopies",
            Effect: "Allow",
            Action: "ec2:LockSnapshot",
            Resource: copies,
            Condition: {
              StringEquals: having("ResourceTag"),
              NumericEquals: { "ec2:SnapshotLockDuration": String(lockedDays) },
            },
          },
        ]),
    ...useOfKey("Source", sourceKeyArn, [from, to]),
    ...useOfKey("Copy", keyArn, [to]),
  ];
}

/** Uses of both keys for a copy (EBS, encryption and snapshot copying). */
const KEY_ACTIONS = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"];

/** Use of a key by EBS with the rights of its caller, and by grants. */
function useOfKey(name: string, keyArn: string, regions: readonly string[]): object[] {
  const by = { "kms:ViaService": regions.map((region) => `ec2.${region}.amazonaws.com`) };
  return [
    { Sid: `${name}Key`, Effect: "Allow", Action: KEY_ACTIONS, Resource: keyArn, Condition: { StringEquals: by } },
    {
      Sid: `${name}KeyGrants`,
      Effect: "Allow",
      Action: "kms:CreateGrant",
      Resource: keyArn,
      Condition: { StringEquals: by, Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
