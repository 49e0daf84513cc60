import { backupBuckets } from "../../constructs/backup";
import type { SecretReference } from "../../constructs/connection";
import { cloudName } from "../../constructs/core/names";
import { streamBackupName, type VolumeSnapshotCopies } from "../../constructs/event-store";
import type { BackupPlace } from "../../constructs/postgres";
import type { SecretSpec } from "../../constructs/secrets";
import type { S3Location } from "../../constructs/storage";
import type { OutsideBucket } from "../model/backup";
import { backupsOf, outsidePrefix } from "../model/derive/identities";
import type { VolumeSnapshotsOf } from "../model/derive/volume-snapshots";
import type { ServerOf, StoreOf, System } from "../model/system";

/** Backups of a store in the bucket of its environment, or in the copy. */
interface ArchiveOnAws {
  readonly bucket: string;

  /** Prefix of its objects, without a trailing slash. */
  readonly prefix: string;

  /** Alias of the key that encrypts them. */
  readonly alias: string;
}

/** Location of a server's archive as seen from a region: its own, or the one to which it is copied. */
export function archiveOnAws(system: System, server: ServerOf, region: string): ArchiveOnAws {
  return placeOnAws(system, { ...server, serviceAccount: server.name }, region);
}

type Writer = Parameters<typeof backupsOf>[0] & { readonly name: string };

function placeOnAws(system: System, writer: Writer, region: string): ArchiveOnAws {
  return { ...copyOnAws(system, region), prefix: backupsOf(writer) };
}

/** Bucket of an environment's backups in a region, its own or that of the copy, and the alias of its key. */
export function copyOnAws({ system, name, aws }: System, region: string): Omit<ArchiveOnAws, "prefix"> {
  if (!aws) throw new Error(`${name} has no backups on AWS`);
  const [primary = "", , copy = ""] = backupBuckets({ account: aws.account, region: aws.region, name: [system, name] }, aws.recoveryRegion);
  const isOwn = region === aws.region;
  return { bucket: isOwn ? primary : copy, alias: `alias/${cloudName("alias", system, name, isOwn ? "backup" : "recovery")}` };
}

/** Location of a store's stream backup as seen from a region: its own, or the one to which it is copied. */
export function streamBackupOnAws(system: System, store: StoreOf, region: string): ArchiveOnAws {
  return placeOnAws(system, { ...store, serviceAccount: streamBackupName(store.name) }, region);
}

/** Copies of volume snapshots in the recovery region. Undefined if there are none. */
export function snapshotCopiesOf(
  { system, name, aws }: System,
  { copiedTo }: Pick<VolumeSnapshotsOf, "copiedTo">,
  keyArn: string,
): VolumeSnapshotCopies | undefined {
  return aws && copiedTo ? { from: aws.region, to: copiedTo, keyArn, tags: { system, environment: name } } : undefined;
}

/** Location of a server's archive in a bucket outside of AWS. */
export function archiveOutside(system: Pick<System, "system" | "name">, server: ServerOf, bucket: OutsideBucket): BackupPlace {
  const { endpoint, region, credentials, authority } = bucket;
  return {
    destination: `s3://${bucket.bucket}/${outsidePrefix(system)}/${backupsOf({ ...server, serviceAccount: server.name })}`,
    endpoint,
    ...(region ? { region } : {}),
    credentials: { secretName: credentials.secret },
    ...(authority ? { authority: { secretName: authority.secret, key: authority.key ?? "ca.crt" } } : {}),
  };
}

/** Bucket outside of AWS for pods in a namespace, which has the Secrets of the bucket. */
export function bucketOutside({ bucket: name, endpoint, region = "us-east-1", ...secrets }: OutsideBucket, namespace: string): S3Location {
  const { credentials, authority } = secrets;
  const keyOf = (secret: string, key: string): SecretReference => ({ secret: ofOperator(secret), home: namespace, key });
  const service = {
    url: endpoint,
    egress: { name: "object-storage", peer: "anywhere", ports: [Number(new URL(endpoint).port) || 443] } as const,
    accessKeyId: keyOf(credentials.secret, "access-key-id"),
    secretAccessKey: keyOf(credentials.secret, "secret-access-key"),
    ...(authority ? { authority: keyOf(authority.secret, authority.key ?? "ca.crt") } : {}),
  };
  return { name, region, service };
}

/** Secret that an operator creates. */
function ofOperator(name: string): SecretSpec {
  return { name, purpose: "Bucket of backups", keys: {}, rotation: { method: "engine-first", clients: "read-again", engine: "-" } };
}
