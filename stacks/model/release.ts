import { all, type Environment, type OneOrMore, type ReleaseFile, type Slot, type SlotSettings, type Workload } from "./environment";

export const SLOTS = ["blue", "green"] as const satisfies readonly Slot[];

/** The slot beside a slot. */
export function otherSlot(slot: Slot): Slot {
  return slot === "blue" ? "green" : "blue";
}

/** A role whose workloads are released. */
interface Released {
  /** What its workload is called where nobody names it. */
  readonly name: string;

  /** The end of the id of the stack that it is in. */
  readonly stack: string;

  /**
   * Why it must be single, and has no slots.
   * @default - it may run in two versions at once
   */
  readonly single?: string;

  /**
   * Whether an older image takes nothing back.
   * @default false
   */
  readonly forwardOnly?: boolean;
}

type Role = "commandApi" | "commandProcessors" | "queryApi" | "projections" | "migrations";

/** What is released, by role. */
export const WORKLOADS: Readonly<Record<Role, Released>> = {
  commandApi: { name: "command-api", stack: "write-side" },
  commandProcessors: { name: "command-processors", stack: "write-side", single: "both slots would take from the same queue" },
  queryApi: { name: "query-api", stack: "read-side" },
  projections: { name: "projections", stack: "projections", single: "both slots would write the same read models" },
  migrations: { name: "migrations", stack: "migrations", single: "both slots would change the same tables", forwardOnly: true },
};

export const ROLES = Object.keys(WORKLOADS) as readonly Role[];

/** Why a role has no slots. */
export function wouldRunTwice(role: Role): string {
  return `would run twice: ${WORKLOADS[role].single}`;
}

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
