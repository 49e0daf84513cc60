import type { ClusterKey } from "../cluster";
import type { Environment } from "../environment";

/**
 * What of a system stays when nodes are full, and takes the place of what comes after it. What has no class has 0: jobs and
 * tests come last, and take nobody's place. There is room between them for a user's own.
 */
const PRIORITIES = { stores: 4_000_000, "write-side": 3_000_000, "read-side": 2_000_000, projections: 1_000_000 } as const;

export type Priority = keyof typeof PRIORITIES;

/** Which of them a cluster carries. */
const CARRIED: Readonly<Record<ClusterKey, readonly Priority[]>> = {
  cluster: ["stores", "write-side", "read-side", "projections"],
  writeCluster: ["stores", "write-side"],
  readCluster: ["stores", "read-side", "projections"],
};

/** The name of a PriorityClass, of which a cluster has one of a name, whoever shares it. Names that begin with `system-` are its own. */
export function priorityClass({ system, name }: Environment, of: Priority): string {
  return `${of}-${system}-${name}`;
}

/** The PriorityClasses of a cluster. */
export function prioritiesOn(environment: Environment, key: ClusterKey) {
  return CARRIED[key].map((of) => ({ of, name: priorityClass(environment, of), value: PRIORITIES[of] }));
}
