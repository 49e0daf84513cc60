import type { DraftSystem } from "../check/drafts";
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

/** Restore drills of a server of CloudNativePG. */
export interface ServerDrill extends DrillPlan {
  readonly server: ServerOf<CloudNativePgSettings>;
}

/** Drills by a job of the backups at these keys. Undefined if there are none. */
export function drillPlan(system: DraftSystem, keys: readonly string[]): DrillPlan | undefined {
  const found = storeBackups(system).find((store) => store.keys.join() === keys.join());
  const method = found?.methods.find(({ drill }) => drill !== undefined);
  if (!found || !method?.drill) return undefined;
  return { schedule: method.drill, rpo: found.said.rpo ?? method.loses, rto: found.rto };
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
