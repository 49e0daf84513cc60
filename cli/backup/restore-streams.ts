import { streamBackupName } from "../../constructs/event-store";
import type { System } from "../../stacks";
import { copyOnAws } from "../../stacks/base/archives";
import { streamBackupsPrefix } from "../../stacks/model/derive/identities";
import { streamBackupsOf } from "../../stacks/model/derive/stream-backups";
import { engineOf } from "../../stacks/model/stores";
import type { StoreOf } from "../../stacks/model/system";
import { Refused } from "../refused";
import { inNamespace } from "./clusters";
import { copyObjects } from "./copy-objects";
import { endOf, type JobPlace, jsonLines, logsOf } from "./jobs";
import { outputOf, written } from "./machine";
import { backupBucketOf, outsideBucketOf } from "./records";
import type { StreamRestoration } from "./restoration";
import { ifPresent, present, type Restoring, type Step } from "./steps";

interface EnvVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

interface JobTemplate {
  readonly metadata?: { readonly labels?: object };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly env?: readonly EnvVariable[] }[] } };
  };
}

interface CronJobObject {
  readonly spec: { readonly suspend?: boolean; readonly jobTemplate: JobTemplate };
}

interface Line {
  readonly message: string;
  readonly error?: string;
  readonly events?: number;
  readonly content?: string;
  readonly through?: string | null;
}

/** Checks that the jobs of an event store exist, which a restore uses. */
export async function hasJobs({ store }: StreamRestoration, restoring: Restoring): Promise<boolean> {
  return (await present<CronJobObject>(restoring, cronJob(store))) !== undefined;
}

/** Begin of the program's message if an earlier run has restored the store. */
const RESTORED = "the store was restored completely at";

/**
 * Step that fills an empty event store: copies the objects from bucket to bucket, and runs the restore of the stream backup, which continues
 * an interrupted one, refuses a store with other events, and compares all events at the end. The store's own backup is suspended meanwhile.
 */
export function filled(one: StreamRestoration, id: string, [source, into]: readonly [System, System], restoring: Restoring): Step {
  const { store, backup } = one;
  const { clusters, machine } = restoring;
  const job: JobPlace = { ...store, name: `${store.name}-restore-${id}` };
  const copy = copyOf(one, source, into, restoring);
  const suspend = (on: boolean) =>
    inNamespace(store, "patch", "cronjob", streamBackupName(store.name), "-p", JSON.stringify({ spec: { suspend: on } }));
  const create = inNamespace(store, "create", "-f", "-");
  return {
    title: `${store.name}: ${backup.count} events up to ${backup.position}`,
    commands: [
      clusters.shown(suspend(true)),
      copy.shown,
      `${clusters.shown(create)} # the job ${job.name}: restore ${argumentsOf(one).join(" ")}`,
      clusters.shown(suspend(false)),
    ],
    run: async () => {
      const existing = await present<{ readonly status?: { readonly failed?: number; readonly succeeded?: number } }>(
        restoring,
        inNamespace(store, "get", "job", job.name),
      );
      if (existing?.status?.failed) await clusters.ask(inNamespace(store, "delete", "job", job.name));
      if (!existing || existing.status?.failed) {
        await clusters.ask(suspend(true));
        await copy.run();
        const { spec } = await clusters.json<CronJobObject>(cronJob(store));
        await clusters.ask(create, JSON.stringify(jobOf(one, job, spec.jobTemplate)));
      }
      const end = await endOf(clusters, machine, job);
      const lines = jsonLines<Line>(end);
      const error = lines.findLast((line) => line.error)?.error ?? end.lines.at(-1) ?? end.message;
      if (!end.succeeded && !isRestored(error, one)) throw new Refused(`${job.name} failed: ${error}; ${logsOf(clusters, job)}`);
      const last = lines.findLast(({ message }) => message === "restored");
      if (last && (last.events !== backup.count || last.through !== backup.position)) {
        throw new Refused(
          `${store.name}: has ${last.events} events up to ${last.through}, and the record has ${backup.count} up to ${backup.position}; use an empty environment`,
        );
      }
      await ifPresent(() => clusters.ask(suspend(false)));
      return { done: last ? `${last.events} events, compared one by one, with the hash ${last.content}` : error };
    },
  };
}

function cronJob(store: StoreOf) {
  return inNamespace(store, "get", "cronjob", streamBackupName(store.name));
}

function argumentsOf({ backup: { restore, hash } }: StreamRestoration): readonly string[] {
  return ["--generation", restore.generation, "--until", `sequence:${restore.sequence}`, ...(hash ? ["--sha256", hash] : [])];
}

/** Checks if an earlier run has restored this backup, and not another one. */
function isRestored(error: string, { backup: { restore } }: StreamRestoration): boolean {
  return error.startsWith(RESTORED) && error.endsWith(` from ${restore.generation}/${restore.sequence}`);
}

interface Copy {
  readonly shown: string;
  readonly run: () => Promise<unknown>;
}

/** Copy of the objects: within S3 on AWS, otherwise through this machine, because the two buckets may have different services and credentials. */
function copyOf(one: StreamRestoration, source: System, into: System, { clusters, machine }: Restoring): Copy {
  const { backup, store } = one;
  const isOutside = (system: System, name: string) =>
    streamBackupsOf(system).some(({ place, store: other }) => place === "outside" && other.name === name);
  const [theirs, ours] = [isOutside(source, backup.store), isOutside(into, store.name)];
  const from = backup.place.split("/").slice(3).join("/");
  const to = `${streamBackupsPrefix(store)}/${backup.restore.generation}/`;
  if (!theirs && !ours) {
    const region = into.aws?.region ?? "";
    const urlOf = (system: System, prefix: string) => `s3://${copyOnAws(system, region).bucket}/${prefix}`;
    // Object by object, with their metadata. Objects that are there already are skipped.
    const command = ["aws", "s3", "sync", "--no-progress", "--region", region, urlOf(source, from), urlOf(into, to)] as const;
    return { shown: written(command), run: () => outputOf(machine, command) };
  }
  return {
    shown: `# copies each object of ${backup.place} to ${to} in the bucket of ${into.name}, through this machine`,
    run: async () => {
      // The Secrets of both buckets are in the namespace of the new store.
      const placeOf = (system: System, outside: boolean) =>
        outside ? outsideBucketOf(system, store, clusters, machine) : backupBucketOf(system, [], clusters, machine, into.aws?.region);
      const [old, own] = [await placeOf(source, theirs), await placeOf(into, ours)];
      if (!old || !own) throw new Refused(`${old ? into.name : source.name}: has no bucket for backups`);
      await copyObjects({ s3: old.s3, prefix: from }, { s3: own.s3, prefix: own.prefix + to });
    },
  };
}

/** Job with the pod of the backup, which signs in as `admin`: only it may append to all streams. */
function jobOf(one: StreamRestoration, { name, namespace }: JobPlace, { metadata, spec }: JobTemplate): object {
  const { store } = one;
  const administrator = engineOf(store)?.streamBackup?.(store.settings)?.administrator?.(store.name);
  const asAdministrator = (variable: EnvVariable): EnvVariable => {
    const key = variable.valueFrom?.secretKeyRef?.key;
    if (key === "user") return { name: variable.name, value: "admin" };
    if (key !== "password" || !administrator) return variable;
    return { name: variable.name, valueFrom: { secretKeyRef: { name: administrator.secret, key: administrator.key } } };
  };
  const [container, ...rest] = spec.template.spec.containers;
  const containers = [{ ...container, args: ["restore", ...argumentsOf(one)], env: container?.env?.map(asAdministrator) }, ...rest];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels: metadata?.labels },
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } },
  };
}
