import type { ClusterKey } from "../cluster";
import type { System } from "../system";

/** Engines whose images are for amd64 alone. */
const WITHOUT_ARM: Readonly<Record<string, string>> = { kurrentdb: "KurrentDB has no ARM image" };

/** Why the nodes of a cluster have to be of amd64, if they have to. */
export function x86Only({ stores }: Pick<System, "stores">, key: ClusterKey): string | undefined {
  return stores.flatMap(({ cluster, settings }) => (cluster === key ? (WITHOUT_ARM[settings.engine] ?? []) : []))[0];
}
