import { backupBuckets } from "../../constructs/backup";
import { cloudName } from "../../constructs/core/names";
import { streamBackupName } from "../../constructs/event-store";
import type { BackupPlace } from "../../constructs/postgres";
import type { OutsideBucket } from "../model/backup";
import { backupsOf, outsidePrefix } from "../model/derive/identities";
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
