export type * from "./contract";
export { PostgresEvents, type PostgresEventsProps } from "./postgres-events";
