import type { KurrentDbLine } from "../core/versions";

/** What differs between lines of the server beside its options (its Dockerfile and documentation, tag by tag). */
export interface LineFacts {
  /** What its variables begin with. */
  readonly prefix: "EVENTSTORE_" | "KURRENTDB_";
  readonly executable: string;
  readonly data: string;
  readonly logs: string;

  /** User and group of its process, and so of its files. */
  readonly uid: number;

  /** What clients of its time write before the address. */
  readonly scheme: "esdb" | "kurrentdb";

  /** Variables of the runtime, where the server does not limit its heap to a part of the container's memory by itself. */
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
    runtime: { DOTNET_GCHeapHardLimitPercent: "3C", DOTNET_gcServer: "1" }, // 60 %, as later lines have it built in
  },
  "25.1": { ...KURRENT, uid: 1000 },
  "26.0": { ...KURRENT, uid: 1001 },
  "26.1": { ...KURRENT, uid: 1001 },
};
