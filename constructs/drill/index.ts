export { type DrillResult, newestResult } from "./contract";
export { type DrillJobProps, drillJob, drillMetrics } from "./drill-job";
