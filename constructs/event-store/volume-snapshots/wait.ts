import { Refused } from "./kubernetes";

export interface Waiting {
  /** Time between two looks, in milliseconds. */
  readonly pause: number;
  readonly now: () => number;
}

/** Seconds after the end of a retention: a lock begins a moment after the snapshot, and a deletion before its end would fail and be repeated. */
export const LOCKED_LONGER = 3600;

/** Repeats a look until it finds an object, also while the API is away. A text is the reason why there is none yet. */
export async function until<T extends object>(
  { pause, now }: Waiting,
  seconds: number,
  otherwise: string,
  look: () => Promise<T | string | undefined>,
): Promise<T> {
  for (const end = now() + seconds * 1000; ; ) {
    const found = await look().catch((error: Error) => {
      if (error instanceof Refused) throw error;
      return error.message;
    });
    if (typeof found === "object") return found;
    if (now() >= end) throw new Error(`${otherwise} after ${Math.round(seconds)} s${found ? `: ${found}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
