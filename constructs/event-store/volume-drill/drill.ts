import { type DrillResult, measure, type Objectives } from "../../drill/contract";
import type { Store } from "../stream-backup/store";
import type { DrillClaim, Offered } from "../volume-snapshots/claim";
import { type Compared, compareUpTo, type Found, lossAfter } from "./compare";
import type { Pod } from "./pod";

export interface VolumeDrill extends Objectives, Compared {
  readonly claim: DrillClaim;
  readonly pod: Pod;

  /** Time between two looks, in milliseconds. */
  readonly pause: number;
}

/** A snapshot and its events. */
export interface Restored extends Pick<Offered, "snapshot" | "made">, Pick<Found, "events" | "content"> {
  /** End of the log that the snapshot has. */
  readonly position: string;
}

/** Restarts after which a server won't start: some are normal, to truncate its log. */
const RESTARTS = 5;

/**
 * Compares the events of the server that runs on the volume of the newest snapshot with those of the store, and duration and data loss with
 * the objectives. Never throws.
 */
export async function drill(props: VolumeDrill, time = () => new Date()): Promise<DrillResult<Restored>> {
  const { claim, pod, scratch, rpo, rto } = props;
  // If the API doesn't answer, the restore fails too.
  const started = await pod.created().catch(time);
  let found: Found | undefined;
  const restore = async () => {
    const offered = await claim.offered();
    // From here on, Kubernetes deletes the volume with the pod.
    await claim.remove();
    await serves(scratch, props);
    const { snapshot, made, position } = offered;
    found = await compareUpTo(props, position);
    const { events, content } = found;
    return { snapshot, made, position: String(position), events, content };
  };
  const loss = () => lossAfter(props, found?.last, started);
  return measure({ drill: "volume-snapshot", started, rpo, rto, restore, loss, time });
}

/** Waits until the server on the volume serves. @throws Error if it doesn't start */
async function serves(scratch: Store, { pod, pause }: Pick<VolumeDrill, "pod" | "pause">): Promise<void> {
  for (;;) {
    try {
      await scratch.end();
      return;
    } catch (error) {
      const { restarts, reason } = await pod.server();
      if (restarts >= RESTARTS)
        throw new Error(`the server on the volume has ended ${restarts} times, last with ${reason}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
