export * from "./contract";
export { Nats, type NatsProps, natsBroker } from "./nats";
export { type BrokerPurpose, NATS_SIZES, type NatsSettings, natsMoveProblems } from "./nats-settings";
export { natsUsers } from "./nats-users";
