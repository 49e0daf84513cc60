import { type Duration, known, seconds } from "../../../constructs/core/quantities";
import type { Size } from "../../../constructs/sizing";
import type { BackupObjectives, OutsideBucket } from "../backup";
import type { DraftSystem } from "../check/drafts";
import type { Draft } from "../check/finding";
import { isProtected } from "../exceptions";
import { engineOf, type StoreSettings } from "../stores";
import { type BackedUp, type BackupMethod, bucketFor } from "../stores/engine";
import type { StoreOf } from "../system";
import { serversOf } from "./members";

/** Backups of the data of one store, and their recovery objectives. */
export interface StoreBackup extends BackedUp {
  /** Location of the store in its environment: `["eventStore", "server"]`. */
  readonly keys: readonly string[];

  /** Readable form of the keys, with the store's name if it has one: `readDatabase search`. */
  readonly store: string;

  readonly engine: string;

  /** Marks a store with backup settings. */
  readonly isConfigured: boolean;

  /**
   * Region to which backups in the environment's bucket, its vault and snapshots of EBS are copied.
   * @default - none
   */
  readonly copiedTo?: string;

  /** Configured recovery objectives, in seconds. */
  readonly said: { readonly rpo?: number; readonly rto?: number };

  /** Maximum duration of a restore in seconds: the configured one, or the default of the size. */
  readonly rto: number;
}

/** Default retention of backups. */
export const DEFAULT_KEEP: Duration = "35d";

const HOUR = 3600;

/** Default maximum duration of a restore, in hours. */
const RTO_HOURS: Readonly<Record<Size, number>> = { small: 1, medium: 2, large: 4 };

/** Backups of every store that keeps data. */
export function storeBackups(system: DraftSystem): readonly StoreBackup[] {
  const bucket = bucketWords(system.backup?.bucket);
  const copiedTo = system.aws?.recoveryRegion;
  return system.stores.flatMap((store): StoreBackup[] => {
    const { keys, name, settings } = placeOf(system, store);
    const size = (system.size ?? "medium") as Size;
    const found = engineOf(store)?.backup(store.settings as StoreSettings, {
      keep: (system.backup?.keep ?? DEFAULT_KEEP) as Duration,
      onEks: isOnEks(system, store),
      ...(bucket ? { bucket } : {}),
      size,
      isProtected: isProtected(system as Parameters<typeof isProtected>[0]),
    });
    if (!found) return [];
    const { backup, size: own = size } = settings as { readonly backup?: Draft<BackupObjectives>; readonly size?: string };
    const said = objectivesOf(backup);
    const made = follows(system, store) ? followed(system, found) : found;
    const least = Math.ceil((found.restore?.seconds ?? 0) / HOUR);
    const rto = said.rto ?? Math.max(RTO_HOURS[own as Size] ?? RTO_HOURS[size], least) * HOUR;
    const configured = { isConfigured: backup !== undefined, said, rto };
    return [{ keys, store: name, engine: String(settings.engine), ...made, ...configured, ...(copiedTo ? { copiedTo } : {}) }];
  });
}

/** Bucket that pods of a store can write backups to: the environment's on AWS, or one outside of AWS. Undefined if there is none. */
export function bucketOf(system: DraftSystem, store: Pick<StoreOf, "cluster">): "bucket" | "outside" | undefined {
  const bucket = bucketWords(system.backup?.bucket);
  return bucketFor({ onEks: isOnEks(system, store), ...(bucket ? { bucket } : {}) })?.place;
}

/** Checks if an event store follows that of another environment, and is backed up as a stream after its promotion. */
function follows(system: DraftSystem, store: StoreOf): boolean {
  const engine = engineOf(store);
  const isStreamed = engine?.followsStreams === true && engine.streamBackup?.(store.settings) !== undefined && isOnEks(system, store);
  return system.standbyOf !== undefined && !system.promoted && isStreamed;
}

function followed({ standbyOf }: DraftSystem, found: BackedUp): BackedUp {
  const methods = found.methods.filter(({ place }) => place !== "bucket");
  return methods.length > 0 ? { ...found, methods } : { methods, expendable: `it follows ${standbyOf}, and has a backup once promoted` };
}

/** Checks if a store must be kept but has no backup, or none that outlives the storage or the region of its volumes. */
export function isLost({ methods, expendable, copiedTo }: StoreBackup): boolean {
  const goes = ({ place }: BackupMethod) => place === "storage" || (place === "snapshots" && copiedTo === undefined);
  return methods.every(goes) && expendable === undefined;
}

/**
 * Stores of a protected environment whose backups all stay in its region, although it has a recovery region. A standby follows a store whose
 * backups are in another region.
 */
export function inOneRegion(system: DraftSystem): readonly StoreBackup[] {
  const isStandby = system.standbyOf !== undefined && !system.promoted;
  if (system.exceptions?.disposable !== undefined || system.aws?.recoveryRegion === undefined || isStandby) return [];
  const stays = ({ place }: BackupMethod) => place === "vendor" || place === "region";
  return storeBackups(system).filter((store) => store.expendable === undefined && store.methods.length > 0 && store.methods.every(stays));
}

/** Checks if backups are locked in a protected environment, and copied to a recovery region. */
export function isLockedAndCopied({ place }: BackupMethod): boolean {
  return place === "bucket" || place === "vault" || place === "snapshots";
}

function bucketWords({ bucket, endpoint }: Draft<OutsideBucket> = {}): string | undefined {
  return bucket && endpoint ? `${bucket} at ${endpoint.replace("https://", "")}` : undefined;
}

function objectivesOf({ rpo, rto }: Draft<BackupObjectives> = {}): StoreBackup["said"] {
  return { ...(rpo ? { rpo: known(seconds(rpo)) } : {}), ...(rto ? { rto: known(seconds(rto)) } : {}) };
}

/** Location of the engine that keeps the data of a store: for events in PostgreSQL, their server. */
export function placeOf({ stores }: Pick<DraftSystem, "stores">, store: StoreOf): Pick<StoreOf, "keys" | "name" | "settings"> {
  return serversOf({ stores: stores.filter((one) => one === store) }).find(({ holdsEvents }) => holdsEvents) ?? store;
}

/** Checks if a store runs on, or is set up from, a cluster that the environment creates on AWS. */
export function isOnEks(system: DraftSystem, { cluster: key }: Pick<StoreOf, "cluster">): boolean {
  const cluster: unknown = system.aws === undefined ? undefined : system[key];
  return typeof cluster === "object" && cluster !== null && !("context" in cluster);
}
