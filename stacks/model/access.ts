import type { ClusterAccess } from "../../constructs/cluster";
import { list, object, optional } from "./check/shape";
import { anything } from "./common";

/** Permissions in a cluster by ARN of roles or users, and networks that may connect. */
export interface Access extends ClusterAccess {
  /**
   * External networks that may connect to the cluster APIs: `["203.0.113.0/24"]`.
   * @default - none: the APIs are reachable from inside the network only
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
