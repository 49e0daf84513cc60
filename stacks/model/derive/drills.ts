import type { ScratchPostgres, ScratchServer } from "../../../constructs/event-store";
import type { DraftSystem } from "../check/drafts";
import { STREAM_BACKUP, VOLUME_SNAPSHOTS } from "../stores/engine";
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

/** Restore drills of events. */
export interface EventDrill<Scratch = ScratchServer> extends DrillPlan {
  readonly scratch: Scratch;
}

/** Restore drills of a stream backup. */
export type StreamDrill = EventDrill<ScratchServer | ScratchPostgres>;

/** Restore drills of a server of CloudNativePG. */
export interface ServerDrill extends DrillPlan {
  readonly server: ServerOf<CloudNativePgSettings>;
}

/** Kind of a backup, each with drills of its own: of events, of a volume, or of a server with its log. */
export type DrilledKind = "stream" | "volume" | "server";

/** Kind of a backup by its mechanism. */
export function drilledKind(by: string): DrilledKind {
  return by === STREAM_BACKUP ? "stream" : by === VOLUME_SNAPSHOTS ? "volume" : "server";
}

/** Drills of the backups of one kind of the store at these keys, or of its server. Undefined if there are none. */
export function drillPlan(system: DraftSystem, keys: readonly string[], kind: DrilledKind): DrillPlan | undefined {
  const places = [keys, [...keys, "server"]].map((one) => one.join());
  const found = storeBackups(system).find((store) => places.includes(store.keys.join()));
  const method = found?.methods.find(({ by, drill }) => drill !== undefined && drilledKind(by) === kind);
  if (!found || !method?.drill) return undefined;
  // The configured RPO is met by the best backup of a store, not by each.
  return { schedule: method.drill, rpo: Math.max(found.said.rpo ?? 0, method.loses), rto: found.rto };
}

/** Restore drills of servers on clusters. AWS drills the others. */
export function serverDrills(system: DraftSystem): readonly ServerDrill[] {
  return serversOf(system)
    .filter((server): server is ServerOf<CloudNativePgSettings> => runsAt(server) === "cluster")
    .flatMap((server) => {
      const plan = drillPlan(system, server.keys, "server");
      return plan ? [{ server, ...plan }] : [];
    });
}
