import type { Problem } from "../../../constructs/core/errors";

/** What remains of a value when everything of a wrong shape is taken out. */
export type Draft<T> = T extends object ? { readonly [Key in keyof T]?: Draft<T[Key]> } : T;

/** A problem at a path of keys below what it is found in: an environment, or one of its stores. */
export type Finding = Omit<Problem, "path"> & { readonly keys: readonly string[] };
