import type { DraftSystem } from "../check/drafts";
import type { ClusterKey } from "../cluster";
import { engineOf } from "../stores";
import { streamBackupsOf } from "./stream-backups";

/** Reason why the nodes of a cluster must be amd64, if any. */
export function x86Only(system: DraftSystem, key: ClusterKey): string | undefined {
  const stores = system.stores.flatMap((store) => (store.cluster === key ? (engineOf(store)?.withoutArm ?? []) : []));
  const drills = streamBackupsOf(system).flatMap(({ drill, drillsWithoutArm, store }) =>
    drill && drillsWithoutArm && store.cluster === key ? [drillsWithoutArm] : [],
  );
  return stores[0] ?? drills[0];
}
