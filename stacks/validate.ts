import type { Program } from "./environment";

/** Checks a program as a whole. @throws InvalidInput with everything that is wrong */
export function validate(_program: Program): void {}
