import { type DrillResult, newestResult } from "../../constructs/drill";
import type { BackupRow, System } from "../../stacks";
import { spell } from "../../stacks/model/derive/backup-table";
import { type DrilledKind, drilledKind, serverDrills } from "../../stacks/model/derive/drills";
import { drillsPrefix, streamDrillsPrefix, volumeDrillsPrefix } from "../../stacks/model/derive/identities";
import { bucketOf, placeOf } from "../../stacks/model/derive/store-backups";
import { streamBackupsOf } from "../../stacks/model/derive/stream-backups";
import { volumeSnapshotsOf } from "../../stacks/model/derive/volume-snapshots";
import type { ServerOf, StoreOf } from "../../stacks/model/system";
import { Refused } from "../refused";
import { Clusters } from "./clusters";
import type { Machine } from "./machine";
import { backupBucketOf, outsideBucketOf } from "./records";

/** Drills of the backups of a store. */
interface Drilled {
  readonly store: StoreOf | ServerOf;

  /** Location of the store, or of the server that keeps its events. */
  readonly keys: readonly string[];

  readonly kind: DrilledKind;

  /** Prefix of the results. */
  readonly results: string;
}

/** Backups of an environment with the result of the newest drill of each, read from the bucket of its backups. @throws Refused */
export async function withLastDrills(system: System, rows: readonly BackupRow[], machine: Machine): Promise<readonly BackupRow[]> {
  // Restore tests of AWS Backup are drills too, and have no result of this kind.
  const drilled: readonly Drilled[] = [
    ...streamBackupsOf(system).flatMap(({ store, drill, place }): Drilled[] =>
      drill && place ? [{ store, keys: placeOf(system, store).keys, kind: "stream", results: streamDrillsPrefix(store, drill) }] : [],
    ),
    ...serverDrills(system).map(
      ({ server }): Drilled => ({ store: server, keys: server.keys, kind: "server", results: drillsPrefix(server) }),
    ),
    ...volumeSnapshotsOf(system).flatMap(({ store, drill }): Drilled[] =>
      drill ? [{ store, keys: store.keys, kind: "volume", results: volumeDrillsPrefix(store) }] : [],
    ),
  ];
  if (drilled.length === 0) return rows;
  const clusters = new Clusters(system, machine);
  try {
    // One outside of AWS is read with Secrets, which are the same in each namespace.
    const places = new Map<ReturnType<typeof bucketOf>, ReturnType<typeof backupBucketOf>>();
    const bucketFor = (store: StoreOf | ServerOf) => {
      const kind = bucketOf(system, store);
      const found =
        places.get(kind) ??
        (kind === "outside" ? outsideBucketOf(system, store, clusters, machine) : backupBucketOf(system, [], clusters, machine));
      places.set(kind, found);
      return found;
    };
    return await Promise.all(
      rows.map(async (row) => {
        const found = row.drill.startsWith("drill ") ? drilled.find((one) => isOf(row, one)) : undefined;
        const place = found && (await bucketFor(found.store));
        if (!place) return row;
        const last = await newestResult(place.s3, `${place.prefix}${found.results}`);
        return { ...row, drill: `${row.drill}, last: ${last ? wordsOf(last) : "none yet"}` };
      }),
    );
  } catch (error) {
    throw error instanceof Refused ? error : new Refused((error as Error).message);
  } finally {
    clusters.close();
  }
}

function isOf({ keys, how }: BackupRow, drilled: Drilled): boolean {
  return keys.join() === drilled.keys.join() && drilledKind(how) === drilled.kind;
}

/** `passed 2026-11-22, restored in 1h 12m (RTO 4h), lost 0s (RPO 30m)`, or `FAILED 2026-11-22: …`. */
function wordsOf({ time, passed, problems, restoreSeconds, lossSeconds, rtoSeconds, rpoSeconds }: DrillResult): string {
  const date = time.slice(0, 10);
  if (!passed) return `FAILED ${date}: ${problems.join("; ")}`;
  const measured = (seconds: number | null) => spell(Math.round(seconds ?? 0)) || "0s";
  return `passed ${date}, restored in ${measured(restoreSeconds)} (RTO ${spell(rtoSeconds)}), lost ${measured(lossSeconds)} (RPO ${spell(rpoSeconds)})`;
}
