import { MAX_LOCK_DAYS } from "../../../constructs/backup";
import { type Duration, known, seconds } from "../../../constructs/core/quantities";
import type { DraftEnvironment, Finding, Rule } from "../check/finding";
import { MOST_AUTOMATED_DAYS, type StoreBackup, storeBackups } from "../derive/store-backups";

/** What must hold between backups, the stores that they are of, and what the environment promises to keep. */
export const backupRules: readonly Rule[] = [backupsOutliveTheirSchedule, backupsAreKeptAsSaid, dataHasBackups];

const DAY = 86_400;

function backupsOutliveTheirSchedule({ eventStore }: DraftEnvironment): Finding[] {
  const { every, keep } = (eventStore && "backup" in eventStore ? eventStore.backup : undefined) ?? {};
  if (!every || !keep || known(seconds(keep)) >= known(seconds(every))) return [];
  return [
    {
      keys: ["eventStore", "backup", "keep"],
      value: keep,
      rule: `ends before the next backup, ${every} later`,
      remedy: "keep backups longer than the time between them",
    },
  ];
}

function backupsAreKeptAsSaid(environment: DraftEnvironment): Finding[] {
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
function dataHasBackups(environment: DraftEnvironment): Finding[] {
  const { exceptions = {} } = environment;
  if ("disposable" in exceptions || "noBackup" in exceptions) return [];
  return storeBackups(environment)
    .filter(({ by }) => by === undefined)
    .map(({ keys, engine }) => ({
      keys: [...keys, "engine"],
      value: engine,
      rule: `has no backups${engine === "cloudnative-pg" ? " outside of EKS" : ""}, so its data is lost with its volumes`,
      remedy: `${ALTERNATIVES[engine] ?? ""}say in exceptions.noBackup why that is acceptable`,
    }));
}

/** What to use instead, where data of that kind is backed up. */
const ALTERNATIVES: Readonly<Record<StoreBackup["engine"], string>> = {
  kurrentdb: "use kurrent-cloud or postgres, or ",
  eventsourcingdb: "use kurrent-cloud or postgres, or ",
  "cloudnative-pg": "run it on a cluster that is made on AWS, or ",
};
