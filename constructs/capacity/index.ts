export type * from "./contract";
export { type Advice, describeVerdict, headroom, type NodeSize } from "./description";
export { CapacityLedger, type Kept } from "./ledger";
export { beyondQuotas } from "./quotas";
export type { Case, Demand, Known, Unknown, Unplaced, Verdict } from "./verdict";
