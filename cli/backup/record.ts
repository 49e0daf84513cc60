import { createHash, randomBytes } from "node:crypto";
import type { EventRecord, RestoreTarget } from "../../stacks";
import type { NotOnDemand } from "../../stacks/model/derive/on-demand-backups";
import type { OnDemandBackup } from "../../stacks/model/stores/engine";
import { Refused } from "../refused";

const FORMAT = 1;

/** One backup of all stores of an environment that have a way to make one at any time. */
export interface BackupRecord {
  readonly format: typeof FORMAT;

  /** Time of its start in UTC, and a random part: `20261128-214728-3f9c1a`. Sorted by time. */
  readonly id: string;

  readonly system: string;
  readonly environment: string;
  readonly started: string;
  readonly completed: string;

  /** Version of this package, and image of each workload. */
  readonly versions: { readonly platform: string; readonly images: Readonly<Record<string, string>> };

  readonly stores: readonly StoreRecord[];

  /** Stores and volumes that are not part of it. */
  readonly without: readonly NotOnDemand[];
}

/** Backup of one store. */
export interface StoreRecord {
  /** Name of the store: `read-database`. */
  readonly store: string;

  readonly engine: string;
  readonly way: OnDemandBackup;

  /** Location: an address in S3 with the base backup or the generation, or the ARN of a snapshot. */
  readonly place: string;

  /** Last position: of the last event, or in the write-ahead log. Null if the store has none. */
  readonly position: string | null;

  /** Number of events. Null for a store without events, or without records of them. */
  readonly count: number | null;

  /** SHA-256: of all events, or of the last object of a stream backup, which is chained to all previous ones. */
  readonly hash: string | null;

  /** Settings of a restore: the target of a server, and the record with which its events are compared; or the end of a stream backup. */
  readonly restore: ServerTarget | StreamTarget;
}

export interface ServerTarget {
  readonly target: RestoreTarget;
  readonly record?: EventRecord;
}

export interface StreamTarget {
  readonly generation: string;

  /** Last object. */
  readonly sequence: number;
}

const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** Id of a backup that starts at this time. A valid end of a Kubernetes name. */
export function newId(time: Date): string {
  const [date = "", clock = ""] = time
    .toISOString()
    .replace(/[-:]|\.\d+Z/g, "")
    .split("T");
  return `${date}-${clock}-${randomBytes(3).toString("hex")}`;
}

/** Time of an id. Undefined if it isn't one. */
export function timeOf(id: string): Date | undefined {
  if (!ID.test(id)) return undefined;
  const time = new Date(id.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-.*/, "$1-$2-$3T$4:$5:$6Z"));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Text of a record, as it is stored and printed. */
export function textOf(record: BackupRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** SHA-256 of the text of a record. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Parses a record. @throws Refused if it is damaged, of another format, or not the one with this id */
export function recordOf(text: string, place: string, id: string, recorded: string | undefined): BackupRecord {
  const refuse = (why: string): never => {
    throw new Refused(`${place}: ${why}; restore an earlier version of the object, or use another backup`);
  };
  if (recorded !== hashOf(text)) refuse(`its SHA-256 is ${hashOf(text)}, and ${recorded ?? "none"} was recorded`);
  const record = parsed(text) ?? refuse("is not a record of a backup");
  if (record.format !== FORMAT) refuse(`has format ${record.format}, and this version reads ${FORMAT}`);
  if (record.id !== id) refuse(`is the record of ${record.id}`);
  if (!Array.isArray(record.stores) || !Array.isArray(record.without) || Number.isNaN(Date.parse(record.started))) {
    refuse("is not a record of a backup");
  }
  return record;
}

function parsed(text: string): BackupRecord | undefined {
  try {
    return (JSON.parse(text) as BackupRecord | null) ?? undefined;
  } catch {
    return undefined;
  }
}
