import type { Postgres } from "../../constructs/postgres";
import type { Scaling, Signal } from "../../constructs/workload";
import { brokerOf, eventServerOf, postgresOf } from "../lookup/stores";
import { partsFromElsewhere } from "../model/derive/platform-parts";
import type { ScaleOn, SignalName } from "../model/workloads/workload";
import type { WorkloadPlace } from "./pods";

/** What a workload follows, by the name that an environment has for it. None where what it speaks of is not there. */
const SIGNALS: { readonly [Name in SignalName]: (place: WorkloadPlace, asked: NonNullable<ScaleOn[Name]>) => Signal | undefined } = {
  broker: ({ site }, asked) => {
    const broker = brokerOf(site);
    if (!broker) return undefined;
    const { address: monitoring, account } = broker.monitoring;
    return { kind: "nats", ...asked, monitoring, account, peer: broker.peers };
  },
  eventStore: ({ site, stack }, asked) => answerOf(eventServerOf(site, stack), asked),
  readDatabase: ({ site, stack }, { database, ...asked }) => {
    const databases = postgresOf(site, stack);
    return answerOf(database === undefined ? databases[0] : databases.find(({ name }) => name === database), asked);
  },
  prometheus: (_, { namespace, ...asked }) => ({ kind: "prometheus", ...asked, peer: { namespace } }),
};

/** Asked where is written, past any pool: a copy may be behind, and whoever waits for it is not. */
function answerOf(postgres: Postgres | undefined, asked: { readonly query: string; readonly each: number }): Signal | undefined {
  if (!postgres) return undefined;
  const { writer: host, port = 5432, database, users, peers } = postgres;
  return { kind: "postgres", ...asked, host, port, database, ...users.reader, peer: peers };
}

/** What a workload of an environment follows, in the words of its autoscaler. */
export function scalingOf(place: WorkloadPlace, { cpu, memory, ...named }: ScaleOn): Scaling {
  const signals = (Object.keys(SIGNALS) as SignalName[]).flatMap((name) => {
    const make = SIGNALS[name] as (place: WorkloadPlace, asked: unknown) => Signal | undefined;
    return (named[name] && make(place, named[name])) ?? [];
  });
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    signals,
    isolated: !partsFromElsewhere(place.site.cluster).has("keda"),
  };
}
