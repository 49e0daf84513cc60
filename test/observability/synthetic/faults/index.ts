import type { Part } from "../healthy";
import { BROKER } from "./broker";
import { CLOUD } from "./cloud";
import { EVENT_STORE } from "./event-store";
import type { Fault } from "./happenings";
import { NODES } from "./nodes";
import { PIPELINE } from "./pipeline";
import { PLATFORM } from "./platform";
import { POSTGRES } from "./postgres";
import { READ_MODELS } from "./read-models";
import { REQUESTS } from "./requests";
import { VALKEY } from "./valkey";
import { WORKLOADS } from "./workloads";

export type { Fault } from "./happenings";

/**
 * Faults by what they happen to, and the parts of a system that see them or suffer from them. A system to which something almost
 * happens has the parts of all that happens to it.
 */
export const FAULTS: Readonly<Record<string, { readonly parts: readonly Part[]; readonly faults: readonly Fault[] }>> = {
  "event-store": { parts: ["event-store", "read-models", "applications"], faults: EVENT_STORE },
  postgres: { parts: ["postgres", "read-models", "applications"], faults: POSTGRES },
  "read-models": { parts: ["read-models", "postgres"], faults: READ_MODELS },
  broker: { parts: ["broker"], faults: BROKER },
  valkey: { parts: ["valkey"], faults: VALKEY },
  cloud: { parts: ["aws", "nodes"], faults: CLOUD },
  requests: { parts: ["applications", "workloads", "platform"], faults: REQUESTS },
  workloads: { parts: ["workloads", "applications"], faults: WORKLOADS },
  platform: { parts: ["platform", "nodes"], faults: PLATFORM },
  nodes: { parts: ["nodes", "workloads", "event-store", "postgres", "broker", "pipeline"], faults: NODES },
  pipeline: { parts: ["pipeline", "platform", "broker"], faults: PIPELINE },
};
