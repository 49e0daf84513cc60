import { engines } from "../check/shape";
import { type EventSourcingDbSettings, eventSourcingDb } from "./eventsourcingdb";
import { type KurrentCloudSettings, kurrentCloud } from "./kurrent-cloud";
import { type KurrentDbSettings, kurrentDb } from "./kurrentdb";
import { type PostgresEventsSettings, postgresEvents } from "./postgres-events";

/** Event store of the write side, by engine. */
export type EventStore = KurrentCloudSettings | KurrentDbSettings | PostgresEventsSettings | EventSourcingDbSettings;

export const eventStoreShape = engines({
  "kurrent-cloud": kurrentCloud.shape,
  kurrentdb: kurrentDb.shape,
  postgres: postgresEvents.shape,
  eventsourcingdb: eventSourcingDb.shape,
});
