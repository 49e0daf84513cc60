import type { Duration } from "../../../constructs/core/quantities";
import type { DraftSystem } from "../check/drafts";
import { engineOf } from "../stores";
import type { BackedUp } from "../stores/engine";
import type { StoreOf } from "../system";
import { serversOf } from "./members";

/** How the data of one store is backed up. */
export interface StoreBackup extends BackedUp {
  /** Where the environment describes the store: `["eventStore", "server"]`. */
  readonly keys: readonly string[];

  /** The same for a reader, with the store's name where it has one: `readDatabase search`. */
  readonly store: string;

  readonly engine: string;
}

/** The longest that RDS and Aurora keep automated backups (backup retention period). Everything else follows them. */
export const MOST_AUTOMATED_DAYS = 35;

/** Retention of backups where the environment names none. */
export const DEFAULT_KEEP: Duration = `${MOST_AUTOMATED_DAYS}d`;

/** Every store that holds data of its own, and what backs it up. A cache may forget, so it is not one of them. */
export function storeBackups(system: DraftSystem): readonly StoreBackup[] {
  return system.stores.flatMap((store): StoreBackup[] => {
    const { keys, label, settings } = placeOf(system, store);
    const found = engineOf({ settings })?.backup(settings, {
      keep: (system.backup?.keep ?? DEFAULT_KEEP) as Duration,
      onEks: isOnEks(system, store),
    });
    return found ? [{ keys, store: label, engine: String(settings.engine), ...found }] : [];
  });
}

/** Where the engine of a store is described, which keeps its data: of events in PostgreSQL, their server. */
function placeOf({ stores }: Pick<DraftSystem, "stores">, store: StoreOf): Pick<StoreOf, "keys" | "label" | "settings"> {
  const server = serversOf({ stores: stores.filter((one) => one === store) }).find(({ holdsEvents }) => holdsEvents);
  return server ? { ...server, label: `${store.label}.server` } : store;
}

function isOnEks(system: DraftSystem, { cluster: key }: StoreOf): boolean {
  const cluster: unknown = system.aws === undefined ? undefined : system[key];
  return typeof cluster === "object" && cluster !== null && !("context" in cluster);
}
