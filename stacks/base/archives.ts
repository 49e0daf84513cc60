import { backupBuckets } from "../../constructs/backup";
import { cloudName } from "../../constructs/core/names";
import type { BackupPlace } from "../../constructs/postgres";
import type { OutsideBucket } from "../model/backup";
import { backupsOf, outsidePrefix } from "../model/derive/identities";
import type { ServerOf, System } from "../model/system";

/** Archive of a server of CloudNativePG on AWS. */
interface ArchiveOnAws {
  readonly bucket: string;

  /** Prefix of its objects, without a trailing slash. */
  readonly prefix: string;

  /** Alias of the key that encrypts them. */
  readonly alias: string;
}

/** Location of a server's archive as seen from a region: its own, or the one to which it is copied. */
export function archiveOnAws({ system, name, aws }: System, server: ServerOf, region: string): ArchiveOnAws {
  if (!aws) throw new Error(`${name} has no archive of ${server.name} on AWS`);
  const [primary = "", , copy = ""] = backupBuckets({ account: aws.account, region: aws.region, name: [system, name] }, aws.recoveryRegion);
  const isOwn = region === aws.region;
  return {
    bucket: isOwn ? primary : copy,
    prefix: backupsOf({ ...server, serviceAccount: server.name }),
    alias: `alias/${cloudName("alias", system, name, isOwn ? "backup" : "recovery")}`,
  };
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
