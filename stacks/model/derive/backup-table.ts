import { isProtected } from "../exceptions";
import { metricsReader } from "../monitoring";
import type { BackupMethod } from "../stores/engine";
import type { ServerOf, System } from "../system";
import { subjectKeyRecovery } from "./audit";
import { globalServersOf } from "./global-databases";
import { isLockedAndCopied, type StoreBackup, storeBackups } from "./store-backups";
import { volumesOf } from "./workload-volumes";

/** One kind of backup of one part of an environment, or its absence. */
export interface BackupRow {
  /** Name of the part: `read-database`. */
  readonly part: string;

  /** Location of the part in the environment: `["readDatabase", "1"]`. */
  readonly keys: readonly string[];

  /** Mechanism that makes the backups, or the reason why there are none: `automated backups of Aurora`, `none: a cache may forget`. */
  readonly how: string;

  /** Frequency: `to any second`, `every 1h`. Empty if there are none, like all properties below. */
  readonly often: string;
  readonly kept: string;

  /** Location, and location of the copy: `eu-west-1, copied to eu-central-1`. */
  readonly where: string;

  /** `locked (governance)`, or `not locked`. */
  readonly locked: string;

  /** Maximum data loss if the part is lost, with the configured objective: `loses up to 1h 30m (RPO 2h)`. */
  readonly loss: string;

  /** Maximum duration of a restore: `RTO 4h`. */
  readonly restore: string;

  /** Report of late backups: `alert StreamBackupLate`, `alarm in CloudWatch`; or `no alert`. */
  readonly alert: string;

  /** Schedule of restore drills in cron syntax (UTC): `drill 30 5 * * 0`; or `no drill`. */
  readonly drill: string;
}

const NOTHING = { often: "", kept: "", where: "", locked: "", loss: "", restore: "", alert: "", drill: "" } as const;

/** Backups of every part of an environment that keeps data. */
export function backupTable(system: System): readonly BackupRow[] {
  const none = (part: string, keys: readonly string[], why: string): BackupRow => ({ part, keys, how: `none: ${why}`, ...NOTHING });
  const because = isProtected(system) ? "exceptions.noBackup" : "exceptions.disposable";
  return [
    ...storeBackups(system).flatMap((store): BackupRow[] => {
      const { methods, store: part, keys, expendable } = store;
      if (methods.length === 0) return [none(part, keys, expendable ?? because)];
      return methods.map((method) => rowOf(system, store, method));
    }),
    ...globalServersOf(system).flatMap(({ server, secondary }) => (secondary ? [replicaRow(system, server)] : [])),
    ...subjectKeysRows(system),
    ...volumesOf(system).map(({ name, keys }) => none(name, keys, because)),
  ];
}

/** A replica is no backup: it repeats a wrong DELETE. The primary has backups, and the server itself once it is promoted. */
function replicaRow({ standbyOf, aws, monitoring }: System, { name, keys }: ServerOf): BackupRow {
  return {
    ...NOTHING,
    part: name,
    keys,
    how: `none: it follows ${standbyOf} by an Aurora global database, and has backups once promoted`,
    often: "continuously",
    where: aws?.region ?? "",
    loss: "usually loses 1s",
    alert: metricsReader(monitoring) ? "alert AuroraGlobalLag" : "no alert",
  };
}

/** Seconds by which point-in-time recovery of DynamoDB is behind (DynamoDB, point-in-time recovery). */
const BEHIND = 300;

/** A locked or copied backup would keep data keys that were deleted. */
function subjectKeysRows({ audit, aws }: System): readonly BackupRow[] {
  // With `of`, the table is in the other environment.
  if (!audit?.subjectKeys || audit.subjectKeys.of !== undefined || !aws) return [];
  return [
    {
      part: "audit.subjectKeys",
      keys: ["audit", "subjectKeys"],
      how: "point-in-time recovery of DynamoDB",
      often: "to any second",
      kept: `kept ${subjectKeyRecovery(audit.subjectKeys)}d`,
      where: aws.recoveryRegion ? `${aws.region}, copied to ${aws.recoveryRegion}` : aws.region,
      locked: "not locked, so that deletions become final",
      loss: `loses up to ${spell(BEHIND)}`,
      restore: "",
      alert: "no alert",
      drill: "no drill",
    },
  ];
}

function rowOf(system: System, { store, keys, said, rto, expendable, copiedTo }: StoreBackup, method: BackupMethod): BackupRow {
  const { by, every, keep, loses, place, bucket = "", alert, drill } = method;
  const { region = "" } = system.aws ?? {};
  const isOurs = isLockedAndCopied(method);
  const copied = isOurs && copiedTo !== undefined ? `, copied to ${copiedTo}` : "";
  return {
    part: store,
    keys,
    how: by,
    often: every ? `every ${every}` : "to any second",
    kept: `kept ${keep}`,
    where: { vendor: "at the vendor", outside: bucket, storage: "in the storage of its cluster" }[place as string] ?? `${region}${copied}`,
    locked:
      place === "outside"
        ? "as the bucket is"
        : isOurs && isProtected(system)
          ? `locked (${system.backup?.lock ?? "governance"})`
          : "not locked",
    loss: `loses up to ${spell(loses)}${said.rpo === undefined ? "" : ` (RPO ${spell(said.rpo)})`}`,
    restore: expendable ? "" : `RTO ${spell(rto)}`,
    alert:
      place === "vault"
        ? "alarm in CloudWatch"
        : alert && metricsReader(system.monitoring)
          ? `alert ${alert}`
          : expendable
            ? ""
            : "no alert",
    drill: drill ? `drill ${drill}` : expendable ? "" : "no drill",
  };
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** A duration in words: `1h 30m`. */
export function spell(total: number): string {
  let rest = total;
  const words = UNITS.flatMap(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return words.join(" ");
}
