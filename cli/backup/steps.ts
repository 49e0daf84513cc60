import type { Clusters, Request } from "./clusters";
import { type Machine, ProgramFailure } from "./machine";

/** Step of a restore. Its state is what exists in the environment, so that it can be run again. */
export interface Step {
  readonly title: string;

  /** Commands that it runs, for a dry run. */
  readonly commands: readonly string[];

  /** Does what is left to do. */
  readonly run: () => Promise<StepEnd>;
}

/** End of a step: what was found, or the commands that must be run before it can continue. */
export type StepEnd = { readonly done: string } | { readonly waits: readonly string[] };

export interface Restoring {
  readonly clusters: Clusters;
  readonly machine: Machine;
}

/** Messages of kubectl and AWS about something that does not exist. */
const ABSENT = /\(NotFound\)|\(ResourceNotFoundException\)|\(DB\w+NotFound(Fault)?\)|doesn't have a resource type/;

/** Result of a request, or undefined if the object, or its cluster, doesn't exist. @throws ProgramFailure for any other failure */
export async function ifPresent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProgramFailure && ABSENT.test(error.message)) return undefined;
    throw error;
  }
}

/** An object in a cluster. Undefined if it, or its cluster, doesn't exist. */
export function present<T>({ clusters }: Restoring, request: Request): Promise<T | undefined> {
  return ifPresent(() => clusters.json<T>(request));
}
