export type * from "./contract";
export { KurrentDb, type KurrentDbProps, type Outside } from "./kurrentdb";
export type { Placement } from "./kurrentdb-node";
export type { KurrentDbOptions } from "./kurrentdb-options";
export { type KurrentDbSecrets, kurrentDbSecrets } from "./kurrentdb-secrets";
export { kurrentDbQuota } from "./kurrentdb-size";
