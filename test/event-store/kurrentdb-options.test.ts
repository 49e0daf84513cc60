import { KURRENTDB, type KurrentDbLine } from "../../constructs/core/versions";
import { kurrentDbSecrets } from "../../constructs/event-store";
import { type NodeProps, serverOptions } from "../../constructs/event-store/kurrentdb-node";
import { DECIDED, DEFAULTS, type KurrentDbOptions, knowsOption, optionProblems } from "../../constructs/event-store/kurrentdb-options";

const LINES = Object.keys(KURRENTDB) as KurrentDbLine[];

const aNode = (changes: Partial<NodeProps> = {}): NodeProps => ({
  name: "event-store",
  namespace: "event-store",
  line: "26.0",
  image: "",
  nodes: 3,
  cpu: 1,
  memory: "8Gi",
  recovery: "1h",
  insecure: false,
  projections: "all",
  standardProjections: true,
  atomPub: true,
  options: {},
  secrets: kurrentDbSecrets(),
  placement: {},
  apart: true,
  domain: "orders.internal",
  ...changes,
});

const problems = (options: KurrentDbOptions, line: KurrentDbLine = "26.0", licensed = false) =>
  optionProblems(options, { line, licensed }).map(({ value, rule, remedy }) => `${value} ${rule}; ${remedy}`);

describe("what the platform tells the server", () => {
  const told = new Set([
    ...[aNode(), aNode({ nodes: 1, insecure: true })].flatMap((node) => Object.keys(serverOptions(node))),
    "DEFAULT_ADMIN_PASSWORD",
    "DEFAULT_OPS_PASSWORD",
    "LICENSING__LICENSE_KEY",
  ]);

  it.each(LINES)("is known to %s, all of it", (line) => {
    expect([...told].filter((option) => !knowsOption(line, option))).toEqual([]);
  });

  it("is what nobody else may say, but for defaults", () => {
    expect([...told].filter((option) => !(option in DECIDED) && !(option in DEFAULTS))).toEqual([]);
  });

  it("can be told otherwise where it is a default", () => {
    expect(serverOptions(aNode({ options: { LOG_CONSOLE_FORMAT: "Plain" } })).LOG_CONSOLE_FORMAT).toBe("Plain");
    expect(serverOptions(aNode()).LOG_CONSOLE_FORMAT).toBe("Json");
  });
});

describe("an option", () => {
  it("that the version knows is told to it", () => {
    expect(problems({ READER_THREADS_COUNT: 8, MAX_APPEND_SIZE: 1_048_576, METRICS__EXPECTED_SCRAPE_INTERVAL_SECONDS: 15 })).toEqual([]);
  });

  it.each<[string, KurrentDbOptions, KurrentDbLine, string]>([
    [
      "that was renamed",
      { EXT_TCP_HEARTBEAT_TIMEOUT: 1 },
      "26.0",
      "EXT_TCP_HEARTBEAT_TIMEOUT was renamed, and servers from 25.0 on stop at the old name; write TCP_PLUGIN__NODE_HEARTBEAT_TIMEOUT",
    ],
    [
      "that every object has",
      { toString: 1 } as unknown as KurrentDbOptions,
      "26.0",
      "toString can't be an option; write it in upper case, like READER_THREADS_COUNT",
    ],
    [
      "whose successor is the platform's",
      { INT_IP: "0.0.0.0" },
      "24.10",
      "INT_IP was renamed, and servers from 25.0 on stop at the old name; leave it out: its successor REPLICATION_IP is set by the platform",
    ],
    ["that is gone", { COMMIT_COUNT: 2 }, "26.0", "COMMIT_COUNT is no longer an option: it follows from the number of nodes; leave it out"],
    [
      "that only another line has",
      { GOSSIP_ON_SINGLE_NODE: true },
      "25.1",
      "GOSSIP_ON_SINGLE_NODE is not an option of 25.1; leave it out, or run 24.10",
    ],
    [
      "that comes with a later line",
      { MAX_PARTITION_STATE_CACHE_SIZE: 1 },
      "26.0",
      "MAX_PARTITION_STATE_CACHE_SIZE is not an option of 26.0; leave it out, or run 26.1",
    ],
    [
      "with a typo",
      { READER_THREAD_COUNT: 8 },
      "26.0",
      "READER_THREAD_COUNT is not an option of 26.0, and a server stops with it; write READER_THREADS_COUNT",
    ],
    [
      "with a typo in a section",
      { AUTO_SCAVENGE__ENABLE: true },
      "26.0",
      "AUTO_SCAVENGE__ENABLE is not an option of 26.0, and a server ignores it silently; write AUTO_SCAVENGE__ENABLED",
    ],
    [
      "that resembles nothing",
      { FASTER: true },
      "26.0",
      "FASTER is not an option of 26.0, and a server stops with it; see the vendor's list of options",
    ],
    [
      "with its prefix",
      { KURRENTDB_STATS_PERIOD_SEC: 5 },
      "26.0",
      "KURRENTDB_STATS_PERIOD_SEC is written with its prefix, which follows from the version; write STATS_PERIOD_SEC",
    ],
    ["that the platform sets", { CLUSTER_SIZE: 3 }, "26.0", "CLUSTER_SIZE is set by the platform; say it with nodes"],
    [
      "that follows from something else",
      { DEFAULT_ADMIN_PASSWORD: "x" },
      "26.0",
      "DEFAULT_ADMIN_PASSWORD is set by the platform; leave it out: passwords come from secrets",
    ],
    [
      "that loses events",
      { UNSAFE_DISABLE_FLUSH_TO_DISK: true },
      "26.0",
      "UNSAFE_DISABLE_FLUSH_TO_DISK loses events that were acknowledged when a node stops; leave it out",
    ],
    [
      "that takes scavenges away",
      { DISABLE_ADMIN_UI: true },
      "26.0",
      "DISABLE_ADMIN_UI takes away the addresses by which scavenges, upgrades and new certificates are ordered; leave it out",
    ],
    [
      "of another node",
      { ARCHIVE__ENABLED: true },
      "26.0",
      "ARCHIVE__ENABLED takes a further node of another kind, which is not made here; leave it out",
    ],
    [
      "that takes a licence",
      { AUTO_SCAVENGE__ENABLED: true },
      "26.0",
      "AUTO_SCAVENGE__ENABLED turns on scavenging by the server's own schedule, and a server without a licence stops there; leave it out, or make KurrentDb with the key of a licence",
    ],
  ])("%s is refused with the reason", (_, options, line, message) => {
    expect(problems(options, line)).toEqual([message]);
  });

  it("that takes a licence is told to a server that has one, and turned off to any", () => {
    expect(problems({ AUTO_SCAVENGE__ENABLED: true }, "26.0", true)).toEqual([]);
    expect(problems({ AUTO_SCAVENGE__ENABLED: false })).toEqual([]);
  });

  it("that would do harm may be turned off", () => {
    expect(problems({ MEM_DB: false, UNSAFE_IGNORE_HARD_DELETE: "false" })).toEqual([]);
  });
});
