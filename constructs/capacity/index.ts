export type * from "./contract";
export { type Advice, describeVerdict, headroom, inWords, type NodeSize } from "./description";
export { CapacityLedger, type CapacityReservation } from "./ledger";
export { quantity } from "./quantity";
export { beyondQuotas, type Excess } from "./quotas";
export { type ContainerRequest, evenly, requested } from "./requests";
export type { Amount, Unschedulable } from "./scheduling";
export type { Case, Demand, Known, Unknown, Unplaced, Verdict } from "./verdict";
