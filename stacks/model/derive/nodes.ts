import type { ClusterKey } from "../cluster";
import { engineOf } from "../stores";
import type { System } from "../system";

/** Reason why the nodes of a cluster must be amd64, if any. */
export function x86Only({ stores }: Pick<System, "stores">, key: ClusterKey): string | undefined {
  return stores.flatMap((store) => (store.cluster === key ? (engineOf(store)?.withoutArm ?? []) : []))[0];
}
