import { isInterrupted } from "./children";

/**
 * Works on several items concurrently, in order, each as soon as it may start. After a failure it starts no more, and waits for the running
 * ones.
 */
export async function inParallel(
  all: readonly string[],
  most: number,
  work: (one: string) => Promise<unknown>,
  may: (one: string) => boolean = () => true,
): Promise<void> {
  const waiting = [...all];
  const running = new Set<Promise<void>>();
  let good = true;
  while (true) {
    for (const one of waiting.filter(may)) {
      if (!good || isInterrupted() || running.size >= most) break;
      waiting.splice(waiting.indexOf(one), 1);
      const done: Promise<void> = work(one).then((result) => {
        running.delete(done);
        if (result === false) good = false;
      });
      running.add(done);
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}
