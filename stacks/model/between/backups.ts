import { MAX_LOCK_DAYS } from "../../../constructs/backup";
import { type Duration, daysIn, known, seconds } from "../../../constructs/core/quantities";
import {
  STREAM_BACKUP_INTERVAL_RULE,
  streamBackupSchedule,
  VOLUME_SNAPSHOT_INTERVAL_RULE,
  volumeSnapshotSchedule,
} from "../../../constructs/event-store";
import type { DraftSystem, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import { spell } from "../derive/backup-table";
import { type DrilledKind, drillPlan } from "../derive/drills";
import { serversOf } from "../derive/members";
import { DEFAULT_KEEP, inOneRegion, isLost, type StoreBackup, storeBackups } from "../derive/store-backups";
import { configuredStreamBackups } from "../derive/stream-backups";
import { volumeSnapshotsOf } from "../derive/volume-snapshots";
import { volumesOf } from "../derive/workload-volumes";
import { isExcepted } from "../exceptions";
import type { StoreOf } from "../system";

/** Rules between backups, their stores, and the protection of the environment. */
export const backupRules: readonly Rule[] = [
  backupsOutliveTheirSchedule,
  logsReachBackToABaseBackup,
  backupsAreKeptAsSaid,
  streamBackupsAreDue,
  volumeSnapshotsAreDue,
  drillsHaveBackups,
  drillStorageHasDrills,
  locksAreForWhatIsKept,
  objectivesAreMet,
  dataHasBackups,
  backupsLeaveTheRegion,
  releasesHaveBackups,
  copiesAreDrilled,
];

/** Backup settings of a store. */
interface Said {
  readonly every?: Duration;
  readonly keep?: Duration;
}

function saidOf(settings: object): Said {
  return ("backup" in settings ? (settings.backup as Said | undefined) : undefined) ?? {};
}

function backupsOutliveTheirSchedule({ stores }: DraftSystem): Finding[] {
  return stores.flatMap(({ keys, settings }) => {
    const { every, keep } = saidOf(settings);
    if (!every || !keep || known(seconds(keep)) >= known(seconds(every))) return [];
    return [
      {
        keys: [...keys, "backup", "keep"],
        value: keep,
        rule: `ends before the next backup, ${every} later`,
        remedy: "keep backups longer than the time between them",
      },
    ];
  });
}

/** The bucket deletes a base backup when its time is over, and the log that is left restores nothing before the next one. */
function logsReachBackToABaseBackup(system: DraftSystem): Finding[] {
  return storeBackups(system).flatMap(({ keys, methods }) =>
    methods.flatMap(({ base, keep }): Finding[] => {
      if (!base || known(seconds(keep)) >= 2 * known(seconds(base))) return [];
      return [
        {
          keys: [...keys, "backup", "every"],
          value: base,
          rule: `leaves less than ${base} of the ${keep} of backup.keep that a restore can reach: the oldest base backup is deleted after ${keep}`,
          remedy: `use at most half of backup.keep, or keep backups for ${spell(2 * known(seconds(base)))}`,
        },
      ];
    }),
  );
}

function backupsAreKeptAsSaid(environment: DraftSystem): Finding[] {
  const keep = environment.backup?.keep as Duration | undefined;
  if (!keep) return [];
  const days = daysIn(keep);
  const found = (rule: string, remedy: string): Finding[] => [{ keys: ["backup", "keep"], value: keep, rule, remedy }];
  if (!Number.isInteger(days)) return found("must be a whole number of days, the unit of S3", 'use days, like "35d"');
  return days > MAX_LOCK_DAYS ? found("is longer than S3 can lock anything", `use at most "${MAX_LOCK_DAYS}d"`) : [];
}

/** A stream backup has a schedule, a bucket, and objects that the bucket keeps until the next full backup is old enough. */
function streamBackupsAreDue(system: DraftSystem): Finding[] {
  const kept = (system.backup?.keep ?? DEFAULT_KEEP) as Duration;
  return configuredStreamBackups(system).flatMap(({ store, setting, every, keep, place }): Finding[] => {
    const keys = [...store.keys, setting];
    if (!place) {
      if (setting === "backup") return [];
      const rule = "needs a bucket that its pods can write to, and an existing cluster has none without backup.bucket";
      return [{ keys, rule, remedy: "set backup.bucket, create the cluster with the environment (aws), or leave it out" }];
    }
    const most = Math.floor(daysIn(kept)) - 1;
    return [
      ...(streamBackupSchedule(every) ? [] : [{ keys: [...keys, "every"], value: every, ...STREAM_BACKUP_INTERVAL_RULE }]),
      ...(Math.ceil(daysIn(keep)) <= most
        ? []
        : [
            {
              keys: [...keys, "keep"],
              value: keep,
              rule: `is not at least a day less than backup.keep of the environment, ${kept}: the bucket would delete a full backup before the next one is old enough`,
              remedy: most > 0 ? `use ${most}d or less, or keep backups longer` : "keep backups longer",
            },
          ]),
    ];
  });
}

/** Snapshots of volumes have a schedule, a retention that their lock can have, and a class where the cluster exists. */
function volumeSnapshotsAreDue(system: DraftSystem): Finding[] {
  return volumeSnapshotsOf(system).flatMap(({ store, every, keep, className, onEks }): Finding[] => {
    const found = (key: "every" | "keep" | "class", value: unknown, rule: string, remedy: string): Finding => ({
      keys: [...store.keys, "volumeSnapshots", key],
      ...(value === undefined ? {} : { value }),
      rule,
      remedy,
    });
    const { rule, remedy } = VOLUME_SNAPSHOT_INTERVAL_RULE;
    return [
      ...(volumeSnapshotSchedule(every) ? [] : [found("every", every, rule, remedy)]),
      ...(known(seconds(keep)) >= known(seconds(every))
        ? []
        : [found("keep", keep, `ends before the next snapshot, ${every} later`, "keep snapshots longer than the time between them")]),
      ...(onEks && !Number.isInteger(daysIn(keep))
        ? [found("keep", keep, "must be a whole number of days, the unit of locks on EBS snapshots", 'use days, like "7d"')]
        : []),
      ...(onEks && className !== undefined
        ? [
            found(
              "class",
              className,
              "is of a cluster that exists, and the environment creates this one with a class of EBS",
              "leave it out",
            ),
          ]
        : []),
      ...(onEks || className !== undefined
        ? []
        : [found("class", undefined, "is required on an existing cluster, whose storage is not known", "name a VolumeSnapshotClass")]),
    ];
  });
}

/**
 * A drill restores a backup, and stores its result in a bucket. Only a store on a cluster that the environment creates, or with a bucket,
 * has one.
 */
function drillsHaveBackups(system: DraftSystem): Finding[] {
  return drillSettings(system).flatMap(({ keys, drill, kind }): Finding[] => {
    if (typeof drill !== "string" || drillPlan(system, keys.slice(0, -2), kind)) return [];
    if (kind === "volume") {
      const rule = "needs a bucket for its results, and the store has none here";
      return [{ keys, value: drill, rule, remedy: "set backup.bucket, create the cluster with the environment (aws), or leave it out" }];
    }
    const remedy = "leave it out, or see docs/data.md for the clusters and buckets with backups";
    return [{ keys, value: drill, rule: "restores backups, and the store has none here", remedy }];
  });
}

interface DrillSetting {
  readonly keys: readonly string[];
  readonly drill: unknown;

  /** Kind of the backups that it drills. */
  readonly kind: DrilledKind;
}

/** Drill settings of stores, with the key of each setting. */
function drillSettings({ stores }: DraftSystem): readonly DrillSetting[] {
  const kinds = { streamBackup: "stream", volumeSnapshots: "volume" } as const;
  const found = ({ keys, settings }: Pick<StoreOf<unknown>, "keys" | "settings">, backup: DrilledKind): DrillSetting[] =>
    Object.entries({ backup, ...kinds }).flatMap(([setting, kind]) => {
      const said = (settings as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[setting];
      return said && "drill" in said ? [{ keys: [...keys, setting, "drill"], drill: said.drill, kind }] : [];
    });
  return [
    ...stores.flatMap((store) => found(store, store.kind === "event-store" ? "stream" : "server")),
    ...serversOf({ stores }).flatMap((server) => (server.holdsEvents ? found(server, "server") : [])),
  ];
}

/** A volume for drills has drills. */
function drillStorageHasDrills(system: DraftSystem): Finding[] {
  return configuredStreamBackups(system).flatMap(({ store, setting, place, drill }): Finding[] => {
    const { streamBackup = {} } = store.settings as { readonly streamBackup?: { readonly drillStorage?: unknown } };
    const { drillStorage: value } = streamBackup;
    if (value === undefined || drill || !place) return [];
    const rule = "is the volume of restore drills, and the stream backup has none";
    return [{ keys: [...store.keys, setting, "drillStorage"], value, rule, remedy: "set drill, or leave it out" }];
  });
}

/** A disposable environment can't lock backups: its destruction would fail. */
function locksAreForWhatIsKept({ backup, exceptions = {} }: DraftSystem): Finding[] {
  if (backup?.lock === undefined || !("disposable" in exceptions)) return [];
  const rule = "locks backups of a disposable environment, which then couldn't be destroyed";
  return [{ keys: ["backup", "lock"], value: backup.lock, rule, remedy: "leave it out, or remove exceptions.disposable" }];
}

/** A stated RPO is above what the best of the backups loses, a stated RTO above what a restore takes at least. */
function objectivesAreMet(system: DraftSystem): Finding[] {
  return storeBackups(system).flatMap((store) => [...lossProblems(store), ...restoreProblems(store)]);
}

function lossProblems({ keys, methods, said: { rpo } }: StoreBackup): readonly Finding[] {
  const [best] = methods;
  if (rpo === undefined || !best || rpo >= best.loses) return [];
  return [
    {
      keys: [...keys, "backup", "rpo"],
      value: spell(rpo),
      rule: `can't be met: ${best.because}, so that up to ${spell(best.loses)} are lost`,
      remedy: best.every && best.place === "vendor" ? "make backups more often, or raise it" : `use ${spell(best.loses)} or more`,
    },
  ];
}

function restoreProblems({ keys, methods, restore, said: { rto } }: StoreBackup): readonly Finding[] {
  if (rto === undefined || !restore || methods.length === 0 || rto >= restore.seconds) return [];
  const minutes = Math.ceil(restore.seconds / 60);
  return [
    {
      keys: [...keys, "backup", "rto"],
      value: spell(rto),
      rule: `can't be met: ${restore.because}`,
      remedy: `use "${minutes}m" or more`,
    },
  ];
}

/** Drills of copies need a copy, and an event store with drills of its stream backup. */
function copiesAreDrilled(system: DraftSystem): Finding[] {
  if (!system.backup?.drillCopies) return [];
  const found = (rule: string, remedy: string): Finding[] => [{ keys: ["backup", "drillCopies"], value: true, rule, remedy }];
  if (system.aws?.recoveryRegion === undefined)
    return found("reads the copy of backups, and there is none", "set aws.recoveryRegion, or leave it out");
  const drilled = configuredStreamBackups(system).flatMap(({ drill, place }) => (drill && place ? [place] : []));
  if (drilled.includes("bucket")) return [];
  return drilled.length > 0
    ? found("is for drills of stream backups on AWS, and those here are in backup.bucket, which nothing copies", "leave it out")
    : found("is for drills of stream backups, and no event store has one", "set drill in the backup of the event store, or leave it out");
}

/** Only stores that can be backed up at any time, into a bucket with records, can have a backup before a release. */
function releasesHaveBackups(system: DraftSystem): Finding[] {
  const value = system.backup?.beforeRelease;
  if (value === undefined || (system.standbyOf !== undefined && !system.promoted)) return [];
  if (storeBackups(system).some(({ methods }) => methods.some(({ onDemand }) => onDemand))) return [];
  const rule = "requires a backup that can be made at any time, and no store here has one";
  return [
    { keys: ["backup", "beforeRelease"], value, rule, remedy: "leave it out, or see docs/data.md#backups for the engines that have one" },
  ];
}

/** Data that must be kept and that nothing backs up takes a named exception, of all such data or of this. */
function dataHasBackups(environment: DraftSystem): Finding[] {
  const { disposable, noBackup } = environment.exceptions ?? {};
  if (disposable !== undefined) return [];
  return withoutBackups(environment).filter(({ keys }) => !isExcepted(noBackup, keys.at(-1) === "engine" ? keys.slice(0, -1) : keys));
}

/** Backups that can't leave the region take an own copy, or a named exception. */
function backupsLeaveTheRegion(system: DraftSystem): Finding[] {
  return inOneRegion(system)
    .filter(({ keys }) => !isExcepted(system.exceptions?.noRecoveryCopy, keys))
    .map(({ keys, engine, alternative = "" }) => ({
      keys: [...keys, "engine"],
      value: engine,
      rule: `has backups in its region only, so its data is lost with the region, and aws.recoveryRegion is ${system.aws?.recoveryRegion}`,
      remedy: `${alternative}say in exceptions.noRecoveryCopy why that is acceptable`,
    }));
}

function withoutBackups(environment: DraftSystem): Finding[] {
  const remedy = "say in exceptions.noBackup why that is acceptable";
  return [
    ...storeBackups(environment)
      .filter(isLost)
      .map(({ keys, engine, where = "", alternative = "" }) => ({
        keys: [...keys, "engine"],
        value: engine,
        rule: `has no backups${where}, so its data is lost with its volumes`,
        remedy: `${alternative}${remedy}`,
      })),
    ...volumesOf(environment).map(({ keys }) => ({
      keys,
      rule: "has no backups, so its data is lost with the volume",
      remedy: `keep the data in a store, or ${remedy}`,
    })),
  ];
}
