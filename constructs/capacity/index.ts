export type * from "./contract";
export { CapacityLedger } from "./ledger";
