import type { Duration } from "../../../constructs/core/quantities";
import type { ClusterKey } from "../cluster";
import type { BackupMethod, OnDemandBackup } from "../stores/engine";
import type { PostgresSettings } from "../stores/postgres";
import type { PostgresEventsSettings } from "../stores/postgres-events";
import type { ServerOf, StoreOf, System } from "../system";
import { serversOf } from "./members";
import { type StoreBackup, storeBackups } from "./store-backups";
import { volumesOf } from "./workload-volumes";

/** Store whose data can be backed up at any time. */
export interface OnDemandPart {
  /** Name of the server or store: `read-database`. */
  readonly store: string;

  /** Location of the store in its environment: `["eventStore", "server"]`. */
  readonly keys: readonly string[];

  readonly engine: string;
  readonly way: OnDemandBackup;

  /** Retention of the backup. */
  readonly keep: Duration;

  /** Location of the backup: the environment's bucket or vault, or a bucket outside of AWS. */
  readonly place: BackupMethod["place"];

  readonly cluster: ClusterKey;
  readonly namespace: string;

  /** Id suffix of the stack that creates the store on its cluster. */
  readonly stack: string;

  /** Holds events: its backup is made last, so that no read model in the same record is ahead of it. */
  readonly holdsEvents: boolean;

  /** The PostgreSQL server has a job that records its events. */
  readonly isRecorded: boolean;

  /** The PostgreSQL server, if it is one. */
  readonly server?: ServerOf;
}

/** Store or volume whose data can't be backed up at any time. */
export interface NotOnDemand {
  readonly store: string;
  readonly why: string;
}

export interface OnDemandBackups {
  readonly parts: readonly OnDemandPart[];
  readonly without: readonly NotOnDemand[];
}

/** Backups of an environment that can be made at any time, and everything that has none. */
export function onDemandBackups(system: System): OnDemandBackups {
  const found = storeBackups(system).map((backup) => ({ backup, method: backup.methods.find(({ onDemand }) => onDemand) }));
  return {
    parts: found.flatMap(({ backup, method }) => (method?.onDemand ? [partOf(system, backup, method, method.onDemand)] : [])),
    without: [
      ...found.flatMap(({ backup, method }) => (method ? [] : [{ store: backup.store, why: reasonOf(backup) }])),
      ...volumesOf(system).map(({ name }) => ({ store: name, why: "nothing backs up volumes of workloads" })),
    ],
  };
}

function partOf(system: System, { keys, engine }: StoreBackup, { keep, place }: BackupMethod, way: OnDemandBackup): OnDemandPart {
  const path = keys.join();
  const server = serversOf(system).find((one) => one.keys.join() === path);
  const store = system.stores.find((one) => one.keys.join() === (server?.holdsEvents ? keys.slice(0, -1).join() : path)) as StoreOf;
  return {
    store: (server ?? store).name,
    keys,
    engine,
    way,
    keep,
    place,
    cluster: store.cluster,
    namespace: store.namespace,
    stack: store.stack,
    holdsEvents: store.kind === "event-store",
    isRecorded: server?.holdsEvents === true && (store.settings as PostgresEventsSettings).records !== undefined,
    ...(server ? { server: server as ServerOf<PostgresSettings> } : {}),
  };
}

function reasonOf({ methods, expendable }: StoreBackup): string {
  if (methods.length > 0) return `has only ${methods.map(({ by, every }) => (every ? `${by} every ${every}` : by)).join(", ")}`;
  return expendable === undefined ? "nothing backs it up" : `nothing backs it up: ${expendable}`;
}
