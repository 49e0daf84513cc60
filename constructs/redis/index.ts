export * from "./contract";
export { Valkey, type ValkeyProps } from "./valkey";
export { type Eviction, type LogSync, VALKEY_SIZES, type ValkeySettings, valkeyMoveProblems } from "./valkey-settings";
