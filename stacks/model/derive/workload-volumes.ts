import type { DraftSystem } from "../check/drafts";
import type { Draft } from "../check/finding";
import type { Service } from "../workloads/service";
import { nameIn, workloadsIn } from "./workloads";

/** A directory of a workload that keeps its data when its pod is replaced. */
export interface WorkloadVolume {
  /** Location of its setting: `["domains", "sales", "services", "reports", "volumes", "/data"]`. */
  readonly keys: readonly string[];

  /** Name of the workload, and the path: `sales / reports /data`. */
  readonly name: string;
}

/** Volumes of all workloads. */
export function volumesOf(system: Pick<DraftSystem, "domains">): readonly WorkloadVolume[] {
  return workloadsIn(system).flatMap((member) => {
    const { keys, settings } = member.workload;
    const { volumes = {} } = settings as Draft<Pick<Service, "volumes">>;
    return Object.keys(volumes).map((path) => ({ keys: [...keys, "volumes", path], name: `${nameIn(member)} ${path}` }));
  });
}
