import { backupRoleName, backupVaultName } from "../../constructs/backup";
import { rolePath } from "../../constructs/bootstrap";
import { daysIn } from "../../constructs/core/quantities";
import { eventRecordsName, streamBackupName } from "../../constructs/event-store";
import { baseBackupObject, serverIdentifier } from "../../constructs/postgres";
import type { EventRecord, System } from "../../stacks";
import { archiveOnAws, archiveOutside, copyOnAws } from "../../stacks/base/archives";
import { outsidePrefix, streamBackupsPrefix } from "../../stacks/model/derive/identities";
import type { OnDemandPart } from "../../stacks/model/derive/on-demand-backups";
import type { OnDemandBackup } from "../../stacks/model/stores/engine";
import { Refused } from "../refused";
import { type Clusters, inNamespace, type Request } from "./clusters";
import { endOf, type JobEnd, type JobPlace, jsonLines, logsOf } from "./jobs";
import { type Command, jsonOf, type Machine, written } from "./machine";
import type { StoreRecord } from "./record";
import { until } from "./waiting";

/** A backup that is described. */
type Described = Omit<Backing, "machine">;

/** A backup that is being made. */
export interface Backing {
  readonly system: System;
  readonly id: string;
  readonly clusters: Clusters;
  readonly machine: Machine;
}

/** A backup failed: the cause, and the command that shows more. */
export class BackupFailure extends Refused {
  constructor(
    cause: string,
    readonly look: string,
  ) {
    super(cause);
  }
}

/** A way to make a backup at any time. */
interface Way {
  /** Commands that a dry run prints, in their order. */
  readonly commands: (part: OnDemandPart, backing: Described) => readonly string[];

  readonly make: (part: OnDemandPart, backing: Backing) => Promise<StoreRecord>;
}

export const WAYS: Readonly<Record<OnDemandBackup, Way>> = {
  "base-backup": {
    commands: (part, backing) => [
      `echo '${JSON.stringify(baseBackupOf(part, backing))}' | ${backing.clusters.shown(creating(part))}`,
      ...recordCommands(part, backing),
      ...sealing(backing).map((sql) => backing.clusters.shown(inDatabase(part, "<primary>", sql))),
    ],
    make: baseBackup,
  },
  stream: { commands: (part, backing) => [backing.clusters.shown(streamJob(part, backing, 1).create)], make: streamBackup },
  "cluster-snapshot": { commands: (part, backing) => snapshotCommands(part, backing, "cluster"), make: snapshotOf("cluster") },
  "instance-snapshot": { commands: (part, backing) => snapshotCommands(part, backing, "db"), make: snapshotOf("db") },
};

/** Seconds in which a base backup ends: as a job of the stream backup. */
const LONGEST = 24 * 3600;

/** Seconds in which a closed WAL file is archived. */
const ARCHIVING = 600;

interface BackupObject {
  readonly status?: {
    readonly phase?: string;
    readonly error?: string;
    readonly backupId?: string;
  };
}

function baseBackupOf({ store, namespace }: OnDemandPart, { id }: Described) {
  return baseBackupObject(`${store}-${id}`, { name: store, namespace });
}

function creating(part: OnDemandPart): Request {
  return inNamespace(part, "create", "-f", "-");
}

/** A base backup, then a record of the events, then the WAL up to there: so that a restore from this backup can end exactly there. */
async function baseBackup(part: OnDemandPart, backing: Backing): Promise<StoreRecord> {
  const { store, engine, way } = part;
  const { clusters, machine, id } = backing;
  const name = `${store}-${id}`;
  await clusters.ask(creating(part), JSON.stringify(baseBackupOf(part, backing)));
  const kind = "backups.postgresql.cnpg.io";
  const done = await until(machine, LONGEST, async () => {
    const { status = {} } = await clusters.json<BackupObject>(inNamespace(part, "get", kind, name));
    return status.phase === "completed" || status.phase === "failed" || status.phase === "walArchivingFailing" ? status : undefined;
  });
  if (done?.phase !== "completed") {
    const look = clusters.shown(inNamespace(part, "describe", kind, name));
    throw new BackupFailure(`base backup ${name}: ${done?.error ?? done?.phase ?? `did not end within ${LONGEST / 3600} h`}`, look);
  }
  const record = part.isRecorded ? await eventRecord(part, backing) : undefined;
  const lsn = await seal(part, backing);
  return {
    store,
    engine,
    way,
    place: `${archiveOf(part, backing)}/${store}/base/${done.backupId ?? "?"}`,
    position: record ? String(record.position) : lsn,
    count: record?.count ?? null,
    hash: record?.hash ?? null,
    restore: record ? { target: { latest: true }, record } : { target: { lsn } },
  };
}

function archiveOf({ server, place }: OnDemandPart, { system }: Backing): string {
  const outside = system.backup?.bucket;
  if (!server) throw new Error("a base backup is of a server");
  if (place === "outside" && outside) return archiveOutside(system, server, outside).destination;
  const { bucket, prefix } = archiveOnAws(system, server, system.aws?.region ?? "");
  return `s3://${bucket}/${prefix}`;
}

/**
 * Statements that close the WAL file: the position, then a record after it, at which a recovery to the position can stop, then the name of the
 * file. Without a record after it, a recovery on a quiet server would not reach the position.
 */
function sealing({ id }: Described): readonly string[] {
  return ["select pg_current_wal_insert_lsn()", `select pg_create_restore_point('${id}')`, "select pg_walfile_name(pg_switch_wal())"];
}

function inDatabase(part: OnDemandPart, pod: string, sql: string): Request {
  return inNamespace(part, "exec", pod, "-c", "postgres", "--", "psql", "-XAtqc", sql);
}

/** Returns a position of which the WAL is archived. */
async function seal(part: OnDemandPart, backing: Backing): Promise<string> {
  const { clusters, machine } = backing;
  const path = "jsonpath={.status.currentPrimary}";
  const primary = await clusters.ask(inNamespace(part, "get", "clusters.postgresql.cnpg.io", part.store, "-o", path));
  const ask = async (sql: string) => (await clusters.ask(inDatabase(part, primary, sql))).trim();
  const [lsn = "", , file = ""] = await inOrder(sealing(backing), ask);
  const archived = await until(machine, ARCHIVING, async () => {
    const newest = await ask("select left(last_archived_wal, 24) from pg_stat_archiver");
    return newest >= file ? true : undefined;
  });
  if (archived) return lsn;
  const look = clusters.shown(inDatabase(part, primary, "select * from pg_stat_archiver"));
  throw new BackupFailure(`WAL file ${file} was not archived within ${ARCHIVING / 60} min`, look);
}

async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function recordCommands(part: OnDemandPart, backing: Described): readonly string[] {
  return part.isRecorded ? [backing.clusters.shown(recordJob(part, backing).create)] : [];
}

interface StartedJob extends JobPlace {
  readonly create: Request;
}

function jobFrom(part: OnDemandPart, name: string, cronJob: string): StartedJob {
  return { ...part, name, create: inNamespace(part, "create", "job", name, `--from=cronjob/${cronJob}`) };
}

async function runJob(job: StartedJob, { clusters, machine }: Backing): Promise<JobEnd> {
  await clusters.ask(job.create);
  return await endOf(clusters, machine, job);
}

function recordJob(part: OnDemandPart, backing: Described): StartedJob {
  return jobFrom(part, `${eventRecordsName(part.store)}-${backing.id}`, eventRecordsName(part.store));
}

async function eventRecord(part: OnDemandPart, backing: Backing): Promise<EventRecord> {
  const job = recordJob(part, backing);
  const end = await runJob(job, backing);
  const record = jsonLines<EventRecord>(end)
    .filter(({ id, lsn, hash }) => id && lsn && hash)
    .at(-1);
  if (end.succeeded && record) return record;
  throw new BackupFailure(failureOf(job, end), logsOf(backing.clusters, job));
}

/** Line of the stream backup at its end. */
interface StreamLine {
  readonly message: string;
  readonly generation: string;
  readonly sequence: number;
  readonly events: number;
  readonly through: string | null;
  readonly sha256: string;
  readonly error?: string;
}

/** The scheduled run wrote the same object at the same time; a further run continues after it. */
const COLLISION = "another backup has written it";
const RUNS = 3;

function streamJob(part: OnDemandPart, backing: Described, attempt: number): StartedJob {
  const name = streamBackupName(part.store);
  return jobFrom(part, `${name}-${backing.id}${attempt > 1 ? `-${attempt}` : ""}`, name);
}

async function streamBackup(part: OnDemandPart, backing: Backing): Promise<StoreRecord> {
  const { store, engine, way } = part;
  for (let attempt = 1; ; attempt++) {
    const job = streamJob(part, backing, attempt);
    const end = await runJob(job, backing);
    const lines = jsonLines<StreamLine>(end);
    const last = lines.findLast(({ message }) => message === "backed up");
    if (!end.succeeded && attempt < RUNS && lines.some(({ error = "" }) => error.includes(COLLISION))) continue;
    if (!end.succeeded || !last) throw new BackupFailure(failureOf(job, end), logsOf(backing.clusters, job));
    return {
      store,
      engine,
      way,
      place: `${streamsOf(part, backing)}/${last.generation}/`,
      position: last.through,
      count: last.events,
      hash: last.sha256,
      restore: { generation: last.generation, sequence: last.sequence },
    };
  }
}

function streamsOf({ store, namespace, place }: OnDemandPart, { system }: Backing): string {
  const prefix = streamBackupsPrefix({ namespace, name: store });
  const outside = system.backup?.bucket;
  if (place === "outside" && outside) return `s3://${outside.bucket}/${outsidePrefix(system)}/${prefix}`;
  return `s3://${copyOnAws(system, system.aws?.region ?? "").bucket}/${prefix}`;
}

function failureOf({ name }: JobPlace, { succeeded, message, lines }: JobEnd): string {
  const errors = jsonLines<{ readonly error?: string }>({ lines }).flatMap(({ error }) => error ?? []);
  const said = errors.at(-1) ?? lines.at(-1) ?? "no output";
  return succeeded
    ? `job ${name} succeeded, but printed no result: ${said}`
    : `job ${name} failed: ${said}${message ? ` (${message})` : ""}`;
}

type Resource = "cluster" | "db";

function startSnapshot({ store, keep }: OnDemandPart, { system: { system, name, aws }, id }: Described, resource: Resource): Command {
  if (!aws) throw new Error(`${name} is not on AWS`);
  const { account, region } = aws;
  const parts = [system, name];
  return [
    ...(["aws", "backup", "start-backup-job", "--region", region, "--output", "json"] as const),
    ...["--backup-vault-name", backupVaultName(parts)],
    ...["--resource-arn", `arn:aws:rds:${region}:${account}:${resource}:${serverIdentifier(parts, store)}`],
    ...["--iam-role-arn", `arn:aws:iam::${account}:role${rolePath(system, name)}${backupRoleName(parts)}`],
    ...["--lifecycle", `DeleteAfterDays=${daysIn(keep)}`],
    ...["--idempotency-token", `${id}-${store}`],
    ...["--recovery-point-tags", `backup-id=${id}`],
  ];
}

function snapshotCommands(part: OnDemandPart, backing: Described, resource: Resource): readonly string[] {
  return [...recordCommands(part, backing), written(startSnapshot(part, backing, resource))];
}

interface BackupJob {
  readonly State: string;
  readonly StatusMessage?: string;
  readonly RecoveryPointArn?: string;
}

const ENDED = ["COMPLETED", "ABORTED", "FAILED", "EXPIRED", "PARTIAL"];

/** A record of the events, then a snapshot, which has at least the events of the record. */
function snapshotOf(resource: Resource): Way["make"] {
  return async (part, backing) => {
    const { store, engine, way } = part;
    const { machine, system } = backing;
    const record = part.isRecorded ? await eventRecord(part, backing) : undefined;
    const { BackupJobId } = await jsonOf<{ readonly BackupJobId: string }>(machine, startSnapshot(part, backing, resource));
    const region = system.aws?.region ?? "";
    const describe: Command = [
      ...(["aws", "backup", "describe-backup-job", "--region", region, "--output", "json"] as const),
      ...["--backup-job-id", BackupJobId],
    ];
    const job = await until(machine, LONGEST, async () => {
      const found = await jsonOf<BackupJob>(machine, describe);
      return ENDED.includes(found.State) ? found : undefined;
    });
    if (job?.State !== "COMPLETED" || !job.RecoveryPointArn) {
      throw new BackupFailure(`backup job ${BackupJobId}: ${job?.StatusMessage ?? job?.State ?? "did not end"}`, written(describe));
    }
    return {
      store,
      engine,
      way,
      place: job.RecoveryPointArn,
      position: record ? String(record.position) : null,
      count: record?.count ?? null,
      hash: record?.hash ?? null,
      restore: { target: { snapshot: job.RecoveryPointArn }, ...(record ? { record } : {}) },
    };
  };
}
