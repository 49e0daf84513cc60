import type { Prices } from "./prices";

/** Input of sections in addition to the environment. */
export interface Context {
  /** @default - none: no sum is printed */
  readonly prices?: Prices;

  /** Directory of the page, from which relative links are resolved. */
  readonly directory: string;
}
