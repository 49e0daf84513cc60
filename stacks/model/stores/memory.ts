import { object, told } from "../check/shape";
import type { StoreEngine } from "./engine";

/**
 * Events in the memory of the one process that uses them. The platform deploys nothing. Every restart and release of the
 * process loses all events. Requires the exception `disposable` or `volatileEvents`.
 */
export interface MemorySettings {
  readonly engine: "memory";
}

export const memory: StoreEngine<MemorySettings> = {
  kind: "event-store",
  secrets: () => [],
  sized: false,
  runs: "cluster",
  shape: object<MemorySettings>({ engine: told }),
  withinCluster: true,
  inProcess: true,
  withoutRoles: "the memory of a process has no users",
  mayForget: () => true,
  resolved: () => ({ settings: {}, limit: "every restart of its process loses all events" }),
  backup: () => undefined,
  problems: (_, { exceptions }) =>
    "disposable" in exceptions || "volatileEvents" in exceptions
      ? []
      : [
          {
            keys: ["engine"],
            value: "memory",
            rule: "loses every event when its process restarts",
            remedy: "choose another engine, or say in exceptions.volatileEvents why that is right here",
          },
        ],
  dataLoss: () => [],
};
