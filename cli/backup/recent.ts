import { seconds } from "../../constructs/core/quantities";
import type { System } from "../../stacks";
import { type OnDemandPart, onDemandBackups } from "../../stacks/model/derive/on-demand-backups";
import { commandLine } from "../command-line";
import { Refused } from "../refused";
import { Clusters } from "./clusters";
import type { Machine } from "./machine";
import { type Records, requiredRecords } from "./records";

/** Checks the age of the newest backup of an environment, and returns what was found. @throws Refused if there is none, or it is older */
export async function recentBackup(name: string, within: string, records: Records, { now }: Pick<Machine, "now">): Promise<string> {
  const limit = seconds(within);
  if (typeof limit !== "number")
    throw new Refused(`--within: ${JSON.stringify(within)} ${limit?.rule ?? "is not a duration"}; write it like 24h`);
  const newest = (await records.ids()).at(-1);
  const next = commandLine("backup", [name]);
  if (!newest) throw new Refused(`${name}: has no record of a backup; ${next}`);
  const age = (now().getTime() - Date.parse((await records.read(newest)).started)) / 1000;
  if (age > limit) throw new Refused(`${name}: the newest backup, ${newest}, is older than ${within}; ${next}`);
  return `${name}: the newest backup, ${newest}, is not older than ${within}`;
}

/** Checks if a stack has ever been applied, by its state. */
type IsDeployed = (stack: string) => Promise<boolean>;

/**
 * Checks the backup that an environment requires before a release, and returns what was found. Before the first deployment there is no
 * bucket; one that is gone later took the backups with it. @throws Refused
 */
export async function backupBeforeRelease(system: System, isDeployed: IsDeployed, machine: Machine): Promise<string> {
  const { name, backup } = system;
  const within = backup?.beforeRelease ?? "";
  const { parts } = onDemandBackups(system);
  const clusters = new Clusters(system, machine);
  try {
    const records = await requiredRecords(system, parts, clusters, machine);
    return await recentBackup(name, within, records, machine);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const deployed = /\bNoSuchBucket$|\(NotFound\)/.test(error.message) ? await deployedBefore(system, parts, isDeployed) : undefined;
    if (deployed === "") return `${name}: is not deployed yet, so backup.beforeRelease requires no backup`;
    const way = commandLine("apply", [name, WITHOUT_BACKUP]);
    throw new Refused(
      [
        error.message,
        ...(deployed ? [`${deployed} is deployed, so the bucket, or what gives access to it, was there and is gone: ${GONE}`] : []),
        `backup.beforeRelease requires a backup within ${within}. In an emergency, or to roll back: ${way}`,
      ].join("\n"),
    );
  } finally {
    clusters.close();
  }
}

const GONE = "docs/restore.md#a-bucket-of-backups-is-gone";

/** Name of a deployed stack that needs the bucket of backups. Empty before the first deployment. */
async function deployedBefore({ name, aws }: System, parts: readonly OnDemandPart[], isDeployed: IsDeployed): Promise<string> {
  for (const suffix of new Set(aws ? ["backup"] : parts.map(({ stack }) => stack))) {
    const stack = `${name}-${suffix}`;
    if (await isDeployed(stack)) return stack;
  }
  return "";
}

/** Option with which an apply requires no backup. */
export const WITHOUT_BACKUP = "--without-backup";
