export type * from "./contract";
export { CapacityLedger } from "./ledger";
export type { Verdict } from "./verdict";
