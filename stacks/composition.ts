import type { Site } from "./base/site";
import type { PlatformStack } from "./base/stack";

/** Stacks of one account or environment, in order of deployment. */
export interface Composition {
  /** Name of the environment, or `bootstrap-<account>`. */
  readonly name: string;
  readonly stacks: readonly PlatformStack[];

  /** Clusters that some of these stacks deploy to. */
  readonly sites: readonly PopulatedSite[];
}

/** Cluster of an environment, and the stacks that deploy to it. */
export interface PopulatedSite {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}
