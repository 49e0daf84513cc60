import type { ClusterKey } from "../cluster";
import { engineOf } from "../stores";
import type { System } from "../system";

/** Why the nodes of a cluster have to be of amd64, if they have to. */
export function x86Only({ stores }: Pick<System, "stores">, key: ClusterKey): string | undefined {
  return stores.flatMap((store) => (store.cluster === key ? (engineOf(store)?.withoutArm ?? []) : []))[0];
}
