import type { Scaling, Signal } from "../../constructs/workload";
import { brokerOf, serverAt } from "../lookup/stores";
import { partsFromElsewhere } from "../model/derive/platform-parts";
import { brokerAsked, eventServerAsked, serverAsked } from "../model/derive/signals";
import type { ServerOf } from "../model/system";
import type { ScaleOn, SignalName } from "../model/workloads/workload";
import type { WorkloadPlace } from "./place";

/** Scaling signals by their name in an environment. Undefined if the source doesn't exist. */
const SIGNALS: { readonly [Name in SignalName]: (place: WorkloadPlace, asked: NonNullable<ScaleOn[Name]>) => Signal | undefined } = {
  broker: ({ site }, asked) => {
    const store = brokerAsked(site.environment);
    if (!store) return undefined;
    const broker = brokerOf(store);
    const { address: monitoring, account } = broker.monitoring;
    return { kind: "nats", ...asked, monitoring, account, peer: broker.peers };
  },
  eventStore: (place, asked) => answerOf(place, eventServerAsked(place.site.environment), asked),
  readDatabase: (place, { database, ...asked }) => answerOf(place, serverAsked(place.site.environment, database), asked),
  prometheus: (_, { namespace, ...asked }) => ({ kind: "prometheus", ...asked, peer: { namespace } }),
};

/** Queries the writer directly, without a pooler: a replica may lag behind. */
function answerOf(
  { site, stack }: WorkloadPlace,
  server: ServerOf | undefined,
  asked: { readonly query: string; readonly targetPerReplica: number },
): Signal | undefined {
  if (!server) return undefined;
  const { writer: host, port = 5432, database, users, peers } = serverAt(site, stack, server);
  return { kind: "postgres", ...asked, host, port, database, ...users.reader, peer: peers };
}

/** Scaling signals of a workload, in the form of its autoscaler. */
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
