/** Attempts of a request: a new leader or primary is elected within seconds. */
export const ATTEMPTS = 10;

/** Waits before the next attempt, the longer the more have failed in succession. */
export function pauseAfter(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(5000, 50 * 2 ** failures)));
}
