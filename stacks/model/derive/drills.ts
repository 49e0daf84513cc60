import type { ScratchServer } from "../../../constructs/event-store";
import type { DraftSystem } from "../check/drafts";
import { VOLUME_SNAPSHOTS } from "../stores/engine";
import type { CloudNativePgSettings } from "../stores/postgres";
import type { ServerOf } from "../system";
import { runsAt, serversOf } from "./members";
import { storeBackups } from "./store-backups";

/** Schedule and objectives of restore drills. */
export interface DrillPlan {
  /** In cron syntax (UTC). */
  readonly schedule: string;

  /** Objectives in seconds: the configured ones, or those that the schedule and the size imply. */
  readonly rpo: number;
  readonly rto: number;
}

/** Restore drills of the events of a KurrentDB. */
export interface EventDrill extends DrillPlan {
  readonly scratch: ScratchServer;
}

/** Restore drills of a server of CloudNativePG. */
export interface ServerDrill extends DrillPlan {
  readonly server: ServerOf<CloudNativePgSettings>;
}

/** Drills by a job of the backups at these keys, or of volume snapshots. Undefined if there are none. */
export function drillPlan(system: DraftSystem, keys: readonly string[], ofVolume = false): DrillPlan | undefined {
  const found = storeBackups(system).find((store) => store.keys.join() === keys.join());
  const method = found?.methods.find(({ by, drill }) => drill !== undefined && (by === VOLUME_SNAPSHOTS) === ofVolume);
  if (!found || !method?.drill) return undefined;
  // The configured RPO is met by the best backup of a store, not by each.
  return { schedule: method.drill, rpo: Math.max(found.said.rpo ?? 0, method.loses), rto: found.rto };
}

/** Restore drills of servers on clusters. AWS drills the others. */
export function serverDrills(system: DraftSystem): readonly ServerDrill[] {
  return serversOf(system)
    .filter((server): server is ServerOf<CloudNativePgSettings> => runsAt(server) === "cluster")
    .flatMap((server) => {
      const plan = drillPlan(system, server.keys);
      return plan ? [{ server, ...plan }] : [];
    });
}
