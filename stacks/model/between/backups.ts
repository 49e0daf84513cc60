import { MAX_LOCK_DAYS } from "../../../constructs/backup";
import { type Duration, known, seconds } from "../../../constructs/core/quantities";
import type { BackupSchedule } from "../backup";
import type { DraftSystem, Rule } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import { MOST_AUTOMATED_DAYS, storeBackups } from "../derive/store-backups";

/** What must hold between backups, the stores that they are of, and what the environment promises to keep. */
export const backupRules: readonly Rule[] = [backupsOutliveTheirSchedule, backupsAreKeptAsSaid, dataHasBackups];

const DAY = 86_400;

function backupsOutliveTheirSchedule({ stores }: DraftSystem): Finding[] {
  return stores.flatMap(({ keys, settings }) => {
    const { every, keep } = ("backup" in settings ? (settings.backup as Draft<BackupSchedule> | undefined) : undefined) ?? {};
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

function backupsAreKeptAsSaid(environment: DraftSystem): Finding[] {
  const keep = environment.backup?.keep as Duration | undefined;
  if (!keep) return [];
  const days = known(seconds(keep)) / DAY;
  const found = (rule: string, remedy: string): Finding[] => [{ keys: ["backup", "keep"], value: keep, rule, remedy }];
  if (!Number.isInteger(days)) return found("is no whole number of days, and S3 counts in days", 'use days, like "35d"');
  const automated = storeBackups(environment).find(({ by, inBucket, followsKeep }) => by && followsKeep && !inBucket);
  if (automated && days > MOST_AUTOMATED_DAYS) {
    return found(
      `exceeds the ${MOST_AUTOMATED_DAYS} days that AWS keeps automated backups of ${automated.store} (${automated.engine})`,
      `use at most "${MOST_AUTOMATED_DAYS}d"`,
    );
  }
  return days > MAX_LOCK_DAYS ? found("is longer than S3 can lock anything", `use at most "${MAX_LOCK_DAYS}d"`) : [];
}

/** Data that must be kept and that nothing backs up takes a named exception. */
function dataHasBackups(environment: DraftSystem): Finding[] {
  const { exceptions = {} } = environment;
  if ("disposable" in exceptions || "noBackup" in exceptions) return [];
  return storeBackups(environment)
    .filter(({ by }) => by === undefined)
    .map(({ keys, engine, where = "", alternative = "" }) => ({
      keys: [...keys, "engine"],
      value: engine,
      rule: `has no backups${where}, so its data is lost with its volumes`,
      remedy: `${alternative}say in exceptions.noBackup why that is acceptable`,
    }));
}
