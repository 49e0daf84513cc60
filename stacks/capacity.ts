import type { PodGroup, Verdict } from "../constructs/capacity";
import { type ApiObject, kubernetesObjects } from "../constructs/kubernetes";
import type { Site } from "./kubernetes";
import type { PlatformStack } from "./stack";

/** A cluster of an environment, with everything that is sent to it. */
export interface MeasuredSite {
  /** Where the environment describes it: `production.writeCluster`. */
  readonly path: string;
  readonly site: Site;

  /** The objects of its stacks, in the order in which they are made. */
  readonly objects: readonly ApiObject[];

  /** Pods that no object shows: those of charts and add-ons, and what room is kept for. */
  readonly declared: readonly PodGroup[];

  readonly verdict: Verdict;
}

/** Enters what the stacks on a cluster send to it, and weighs it against the nodes. */
export function measure(site: Site, stacks: readonly PlatformStack[]): MeasuredSite {
  const { environment, key, ledger } = site;
  const declared = [...ledger.groups, ...ledger.kept.flatMap(({ groups }) => groups)];
  const objects = stacks.flatMap(({ synthesized }) => kubernetesObjects(synthesized).objects);
  ledger.enter(objects);
  return { path: `${environment.name}.${key}`, site, objects, declared, verdict: ledger.verdict() };
}
