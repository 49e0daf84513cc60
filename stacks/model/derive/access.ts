import { deployRoleArns } from "../../../constructs/bootstrap";
import type { ClusterAccess } from "../../../constructs/cluster";
import type { Account } from "../accounts";
import type { System } from "../system";

/** Access with the pipeline's roles: the apply role may change everything, the plan role may read all but Secrets. */
export function withPipeline(
  { system, name, access }: Pick<System, "system" | "name" | "access">,
  { id, github }: Account,
): Required<ClusterAccess> {
  const { administrators = [], deployers = [], planners = [], readers = [] } = access ?? {};
  if (!github) return { administrators, deployers, planners, readers };
  const { plan, apply } = deployRoleArns(system, id, name);
  return { administrators: [apply, ...administrators], deployers, planners: [plan, ...planners], readers };
}
