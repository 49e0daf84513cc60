import type { ClusterKey } from "../cluster";
import type { Environment } from "../environment";

/** Why the nodes of a cluster have to be of amd64, if they have to. */
export function x86Only({ eventStore }: Pick<Environment, "eventStore">, key: ClusterKey): string | undefined {
  return eventStore?.engine === "kurrentdb" && key !== "readCluster" ? "KurrentDB has no ARM image" : undefined;
}
