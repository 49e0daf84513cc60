export { describe, InvalidInput, type Problem, problemOf, refuse } from "./errors";
export { cloudName, type Named } from "./names";
export type { Bytes, Cores, Duration, Reading, Unreadable } from "./quantities";
export { bytes, millicores, seconds } from "./quantities";
export { literal } from "./templates";
export type { ChartName, KubernetesVersion, KurrentCloudVersion, KurrentDbLine, PostgresVersion, ValkeyVersion } from "./versions";
