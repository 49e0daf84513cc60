import type { DraftSystem } from "../check/drafts";
import type { ClusterKey } from "../cluster";
import { engineOf } from "../stores";
import { streamBackupsOf } from "./stream-backups";

/** Reason why the nodes of a cluster must be amd64, if any. */
export function x86Only(system: DraftSystem, key: ClusterKey): string | undefined {
  const stores = system.stores.flatMap((store) => (store.cluster === key ? (engineOf(store)?.withoutArm ?? []) : []));
  // Drills of Kurrent Cloud restore into a KurrentDB on the cluster.
  const drills = streamBackupsOf(system).some(({ drill, store }) => drill !== undefined && store.cluster === key);
  return stores[0] ?? (drills ? "KurrentDB, into which drills restore, has no ARM image" : undefined);
}
