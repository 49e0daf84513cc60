import { type DrillResult, measure, type Objectives } from "../../drill/contract";
import { differenceOf } from "./backup";
import type { Bucket } from "./bucket";
import { contentsOf, lastLink } from "./generations";
import { restore, type Target } from "./restore";
import { ageOf, type Store } from "./store";

/** Stores that a drill uses. */
export interface DrillStores {
  /** The store that is backed up. It is only read. */
  readonly source: Store;

  /** An empty one, to restore into. */
  readonly scratch: Store;
}

/** Restores the newest backup into an empty store, and compares duration and data loss with the objectives. Never throws. */
export async function drill(
  bucket: Bucket,
  stores: DrillStores,
  objectives: Objectives,
  time = () => new Date(),
): Promise<DrillResult<Target>> {
  const started = time();
  return measure({
    drill: "stream-backup",
    ...objectives,
    started,
    // All objects checked, all events appended and compared.
    restore: () => restore(bucket, stores.scratch, {}),
    loss: (restored) => lossOf(bucket, stores.source, restored, started),
    time,
  });
}

/** Age of the oldest event of the store at a time that a restore of this target lacks. */
async function lossOf(bucket: Bucket, source: Store, { generation, sequence }: Target, at: Date): Promise<number> {
  const found = (await contentsOf(bucket)).generations.find(({ name }) => name === generation);
  if (!found) throw new Error(`${generation} was deleted during the drill`);
  const link = await lastLink(bucket, { ...found, keys: found.keys.slice(0, sequence) });
  const difference = await differenceOf(source, link);
  if (difference) throw new Error(`${generation} is a backup of another store: ${difference}`);
  const end = await source.end();
  if (!end) return 0;
  for await (const event of source.read(link.through?.position, end)) {
    if (source.isBackedUp(event)) return ageOf(event, at);
  }
  return 0;
}
