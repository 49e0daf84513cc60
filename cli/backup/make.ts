import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { System } from "../../stacks";
import type { OnDemandBackups, OnDemandPart } from "../../stacks/model/derive/on-demand-backups";
import { workloadsIn } from "../../stacks/model/derive/workloads";
import { versionsOf } from "../../stacks/model/release";
import { commandLine } from "../command-line";
import { Refused } from "../refused";
import type { Clusters } from "./clusters";
import { type Machine, written } from "./machine";
import { Progress } from "./progress";
import { type BackupRecord, newId, type StoreRecord, textOf } from "./record";
import type { Records } from "./records";
import { type Backing, BackupFailure, WAYS } from "./ways";

export interface Making {
  readonly system: System;
  readonly found: OnDemandBackups;
  readonly clusters: Clusters;
  readonly machine: Machine;
}

/** Prints the commands of a backup, and those that kubectl needs first. */
export function describe({ system, found: { parts, without }, clusters, machine: { print, now } }: Making): number {
  for (const line of excluded(without)) print(line);
  const backing = { system, id: newId(now()), clusters };
  for (const key of new Set(parts.map(({ cluster }) => cluster))) {
    const setup = clusters.setup(key);
    if (setup) print(written(setup));
  }
  for (const part of ordered(parts)) for (const line of WAYS[part.way].commands(part, backing)) print(`${part.store}: ${line}`);
  print(`then: a record with the id ${backing.id} in the bucket of the backups`);
  return 0;
}

/** Backs up all parts, and stores a record if none failed. Returns the exit code. */
export async function make({ system, found: { parts, without }, clusters, machine }: Making, records: Records): Promise<number> {
  const { print } = machine;
  const { name } = system;
  for (const line of excluded(without)) print(line);
  // Before any backup: a bucket that can't be reached would leave backups without a record.
  await records.ids();
  const started = machine.now();
  const backing: Backing = { system, id: newId(started), clusters, machine };
  const { stores, failures } = await all(ordered(parts), backing);
  if (failures.length > 0) {
    for (const { store, error } of failures) print(`${store} failed: ${error.message}`);
    const left = stores.map(({ store }) => store).join(", ");
    print(`\nThere is no record of this backup${left ? `, although ${left} succeeded` : ""}: a record is of all stores.`);
    const [look] = failures.flatMap(({ error }) => (error instanceof BackupFailure ? [error.look] : []));
    print(`Next: ${look ? `${look}; then ` : ""}${commandLine("backup", [name])}`);
    return 1;
  }
  const record: BackupRecord = {
    format: 1,
    id: backing.id,
    system: system.system,
    environment: name,
    started: started.toISOString(),
    completed: machine.now().toISOString(),
    versions: { platform: platformVersion(), images: imagesOf(system) },
    stores,
    without,
  };
  await records.create(record);
  print(`\n${textOf(record)}\nRecorded in ${records.placeOf(record.id)}`);
  print(`To restore: ${commandLine("restore", [name, "--backup", record.id, "--into", "<environment>"])}`);
  return 0;
}

function excluded(without: OnDemandBackups["without"]): readonly string[] {
  return without.map(({ store, why }) => `not included: ${store}: ${why}`);
}

/** Stores without events first, so that no read model in a record is ahead of the events. */
function ordered(parts: readonly OnDemandPart[]): readonly OnDemandPart[] {
  return [...parts.filter(({ holdsEvents }) => !holdsEvents), ...parts.filter(({ holdsEvents }) => holdsEvents)];
}

interface Results {
  readonly stores: readonly StoreRecord[];
  readonly failures: readonly { readonly store: string; readonly error: Error }[];
}

async function all(parts: readonly OnDemandPart[], backing: Backing): Promise<Results> {
  const stores: StoreRecord[] = [];
  const failures: { store: string; error: Error }[] = [];
  const progress = new Progress(backing.machine, parts.length);
  try {
    for (const events of [false, true]) {
      const phase = parts.filter(({ holdsEvents }) => holdsEvents === events);
      if (failures.length > 0) break;
      await Promise.all(
        phase.map(async (part) => {
          const { store, way } = part;
          try {
            stores.push(await progress.during(`${store}: ${way}`, () => WAYS[way].make(part, backing)));
          } catch (error) {
            if (!(error instanceof Refused)) throw error;
            failures.push({ store, error });
          }
        }),
      );
    }
  } finally {
    progress.end();
  }
  const order = parts.map(({ store }) => store);
  return { stores: stores.sort((one, other) => order.indexOf(one.store) - order.indexOf(other.store)), failures };
}

function platformVersion(): string {
  return JSON.parse(readFileSync(join(__dirname, "../../../package.json"), "utf8")).version;
}

/** Running image of each workload, the live one of a workload with slots. */
function imagesOf(system: System): Readonly<Record<string, string>> {
  const images = workloadsIn(system).flatMap(({ workload: { name, settings } }) => {
    const live = versionsOf(settings as Parameters<typeof versionsOf>[0]).find((version) => version.live);
    return live ? [[name, live.image] as const] : [];
  });
  return Object.fromEntries(images);
}
