export type * from "./contract";
export { shrinkProblems } from "./moves";
