/**
 * Whether tests take their time: `npm run test:model` tries every case and synthesizes everything whole, where `npm test` tries
 * a few cases and makes only what a test looks at.
 */
export const THOROUGH = process.env.THOROUGH === "true";

/** All cases, or in the quick tier those that stand for them. */
export function fewOf<T>(cases: readonly T[], few: readonly T[]): readonly T[] {
  return THOROUGH ? cases : few;
}

/** How often a property is tried on input that is made up: a tenth of it in the quick tier. */
export function runs(thorough: number): number {
  return THOROUGH ? thorough : Math.ceil(thorough / 10);
}
