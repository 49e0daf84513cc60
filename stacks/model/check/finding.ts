import type { Problem } from "../../../constructs/core/errors";

/** Value without the parts of a wrong shape. */
export type Draft<T> = T extends object ? { readonly [Key in keyof T]?: Draft<T[Key]> } : T;

/** Problem at a path of keys below its container: an environment, or one of its stores. */
export type Finding = Omit<Problem, "path"> & { readonly keys: readonly string[] };
