import { Interrupted } from "../children";
import { type Machine, ProgramFailure } from "./machine";

/** Milliseconds between two looks at a backup or a job. */
const PAUSE = 5000;

/** Failed looks in succession, such as of an API server that restarts, after which waiting ends. */
const FAILURES = 6;

/** Looks repeatedly until there is a result. Undefined after the time in seconds. @throws ProgramFailure */
export async function until<T>(
  machine: Pick<Machine, "wait" | "now">,
  seconds: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = machine.now().getTime() + seconds * 1000;
  for (let failures = 0; ; ) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      failures = 0;
    } catch (error) {
      if (error instanceof Interrupted || !(error instanceof ProgramFailure) || ++failures === FAILURES) throw error;
    }
    if (machine.now().getTime() >= end) return undefined;
    await machine.wait(PAUSE);
  }
}
