import { all, type OneOrMore } from "./common";
import type { Environment } from "./environment";
import type { ReleaseFile, SlotSettings } from "./workloads/release-file";
import type { Slot } from "./workloads/roles";
import { ROLES, type Role, SLOTS, WORKLOADS } from "./workloads/roles";
import type { Workload } from "./workloads/workload";

/** Where the release of an environment stands. */
export function releaseFile(environment: string): string {
  return `environments/${environment}.release.json`;
}

/** An environment with another release file. */
export function released(environment: Environment, workloads: ReleaseFile): Environment {
  return { ...environment, release: { of: environment.name, workloads } };
}

type Named = Pick<Workload, "name" | "image">;

/** The environment that runs: each workload with the image, or the slots, that the release file names. */
export function withRelease({ release, ...environment }: Environment): Environment {
  const file = release?.workloads ?? {};
  const merge = <T extends Named>(role: Role, workload: T): T => {
    const name = workload.name ?? WORKLOADS[role].name;
    const { previous: _, ...entry } = (Object.hasOwn(file, name) ? file[name] : undefined) ?? {};
    return { ...workload, ...entry };
  };
  const roles = ROLES.flatMap((role) => {
    const workloads: OneOrMore<Named> | undefined = environment[role];
    if (workloads === undefined) return [];
    const merged = all(workloads).map((workload) => merge(role, workload));
    return [[role, Array.isArray(workloads) ? merged : merged[0]]];
  });
  return { ...environment, ...Object.fromEntries(roles) };
}

/** A version of a workload that runs. */
interface Version {
  /**
   * The slot that it is in.
   * @default - none: it is the only one
   */
  readonly slot?: Slot;

  readonly image: string;

  /** Whether it is the one that requests are meant for. */
  readonly live: boolean;

  /** The share of requests that it takes, of 100. */
  readonly weight: number;

  /** Whether it answers requests that ask for it by a header. */
  readonly preview: boolean;
}

/** The versions of a workload that run: one, or one for each slot that is filled. */
export function versionsOf({ image, slots, live, weights, preview = false }: Workload & SlotSettings): readonly Version[] {
  if (!slots) return image === undefined ? [] : [{ image, live: true, weight: 100, preview: false }];
  return SLOTS.flatMap((slot) => {
    const held = slots[slot];
    if (held === undefined) return [];
    const isLive = slot === live;
    return [{ slot, image: held, live: isLive, weight: weights?.[slot] ?? (isLive ? 100 : 0), preview: preview && !isLive }];
  });
}
