import type { ClusterAccess } from "../../constructs/cluster";
import { list, object, optional } from "./check/shape";
import { anything } from "./common";

/** Who may do what in a cluster, by the ARN of roles or users, and from where. */
export interface Access extends ClusterAccess {
  /**
   * Networks outside from which the clusters' APIs are reached: `["203.0.113.0/24"]`.
   * @default - none: they are reached from inside the network only
   */
  readonly from?: readonly string[];
}

export const principals = optional(list(anything, "name roles by their ARN, or leave it out"));

export const accessShape = object<Access>({
  administrators: principals,
  deployers: principals,
  planners: principals,
  readers: principals,
  from: optional(list(anything, "name the networks that people and pipelines come from, or leave it out")),
});
