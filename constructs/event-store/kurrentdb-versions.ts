import type { KurrentDbLine } from "../core/versions";

/** Differences between lines of the server, except their options (its Dockerfile and documentation, tag by tag). */
export interface LineFacts {
  /** Prefix of its environment variables. */
  readonly prefix: "EVENTSTORE_" | "KURRENTDB_";
  readonly executable: string;
  readonly data: string;
  readonly logs: string;

  /** User and group of its process, and of its files. */
  readonly uid: number;

  /** URL scheme of its clients. */
  readonly scheme: "esdb" | "kurrentdb";

  /** Runtime variables, for lines that don't limit their heap to a fraction of the container's memory. */
  readonly runtime: Readonly<Record<string, string>>;
}

const KURRENT = {
  prefix: "KURRENTDB_",
  executable: "/opt/kurrentdb/KurrentDB",
  data: "/var/lib/kurrentdb",
  logs: "/var/log/kurrentdb",
  scheme: "kurrentdb",
  runtime: {},
} as const;

export const LINES: Readonly<Record<KurrentDbLine, LineFacts>> = {
  "24.10": {
    prefix: "EVENTSTORE_",
    executable: "/opt/eventstore/EventStore.ClusterNode",
    data: "/var/lib/eventstore",
    logs: "/var/log/eventstore",
    uid: 1000,
    scheme: "esdb",
    runtime: { DOTNET_GCHeapHardLimitPercent: "3C", DOTNET_gcServer: "1" }, // 60%, the built-in value of later lines
  },
  "25.1": { ...KURRENT, uid: 1000 },
  "26.0": { ...KURRENT, uid: 1001 },
  "26.1": { ...KURRENT, uid: 1001 },
};
