import type { Problem } from "../core/errors";
import { bytes, millicores, type Reading, seconds } from "../core/quantities";
import { DEFAULT_KURRENTDB, KURRENTDB } from "../core/versions";
import type { KurrentDbProps } from "./kurrentdb";
import type { NodeSize } from "./kurrentdb-size";
import { isOfStandardProjection, subscriptionProblems, systemStreamProblems } from "./kurrentdb-subscriptions";
import { DEFAULT_STORE_NAME, storeNameProblems } from "./store-name";

type Found = readonly Omit<Problem, "path">[];

const GI = 2 ** 30;

/** Minimum memory: less leaves nothing after the server's caches (512 MiB of chunks) and heap. */
const LEAST_MEMORY = 2 * GI;

/** Minimum disk: a few chunks of 256 MiB, indexes, and space for a scavenge to rewrite a chunk. */
const LEAST_STORAGE = 5 * GI;

/** Returns the problems of single properties, by property. */
export function nodeProblems(props: KurrentDbProps, size: NodeSize): readonly (readonly [property: string, problems: Found])[] {
  const {
    name = DEFAULT_STORE_NAME,
    version = DEFAULT_KURRENTDB,
    namespace,
    insecureOnOwnMachine = false,
    licence,
    outside,
    standardProjections,
    projections = "none",
  } = props;
  return [
    [
      "version",
      version in KURRENTDB
        ? []
        : [{ value: version, rule: "is not a known release line", remedy: `use one of ${Object.keys(KURRENTDB).join(", ")}` }],
    ],
    ["name", nameProblems(name)],
    ["nodes", quorumProblems(size.nodes)],
    ["cpu", unreadable(size.cpu, millicores(size.cpu))],
    ["memory", atLeast(size.memory, LEAST_MEMORY, "is less than the server's caches and heap take", "use 2Gi or more")],
    ["storage", atLeast(size.storage, LEAST_STORAGE, "has no room for a scavenge, which rewrites chunks", "use 5Gi or more")],
    ["recovery", props.recovery === undefined ? [] : unreadable(props.recovery, seconds(props.recovery))],
    [
      "insecureOnOwnMachine",
      insecureOnOwnMachine && (size.nodes > 1 || outside)
        ? [
            {
              value: true,
              rule: "allows access without authentication, also from other namespaces",
              remedy: "leave it out, or have one node without names outside",
            },
          ]
        : [],
    ],
    [
      "licence",
      licence && licence.home !== namespace
        ? [
            {
              value: licence.home,
              rule: "is a namespace from which no pod here reads a secret",
              remedy: `keep the licence in ${namespace}`,
            },
          ]
        : [],
    ],
    ...declarationProblems(props),
    [
      "standardProjections",
      standardProjections && projections === "none"
        ? [{ value: true, rule: "starts projections that nothing runs", remedy: 'set projections to "system" or "all"' }]
        : [],
    ],
  ];
}

/** Returns the problems of subscriptions and grants, with their paths. */
function declarationProblems(props: KurrentDbProps): readonly (readonly [string, Found])[] {
  const { persistentSubscriptions: subscriptions = [], systemStreams = [], standardProjections, insecureOnOwnMachine } = props;
  const empty = (stream: string): Found =>
    isOfStandardProjection(stream) && !standardProjections
      ? [{ value: stream, rule: "stays empty: no projection fills it", remedy: 'set projections to "system", and standardProjections' }]
      : [];
  const unmade: Found = insecureOnOwnMachine
    ? [{ value: true, rule: "leaves out the job that would do this", remedy: "leave insecure out, or do it by hand" }]
    : [];
  return [
    ...subscriptionProblems(subscriptions).map(({ index, ...problem }) => [`persistentSubscriptions[${index}]`, [problem]] as const),
    ...subscriptions.map(({ stream }, index) => [`persistentSubscriptions[${index}].stream`, empty(stream)] as const),
    ["systemStreams", [...systemStreamProblems(systemStreams), ...systemStreams.flatMap(empty)]],
    ["insecureOnOwnMachine", subscriptions.length + systemStreams.length > 0 ? unmade : []],
  ];
}

function nameProblems(name: string): Found {
  if (/^(eventstore|kurrentdb)(-|$)/.test(name)) {
    return [
      {
        value: name,
        rule: "makes Kubernetes add variables to every pod of the namespace that the server reads as its options",
        remedy: 'use "event-store"',
      },
    ];
  }
  const taken = RESERVED.find((end) => name.endsWith(end));
  if (taken) {
    return [
      {
        value: name,
        rule: `can be the name of another event store's service or account, which end in ${taken}`,
        remedy: "choose a name with another end",
      },
    ];
  }
  return storeNameProblems(name);
}

/** Suffixes of a KurrentDB's services and accounts, which the name of another one must not end in. */
const RESERVED = ["-nodes", "-rollout"];

function quorumProblems(nodes: number): Found {
  if ([1, 3, 5].includes(nodes)) return [];
  if (!(nodes > 0)) return [{ value: nodes, rule: "must be a valid number of nodes", remedy: "use 1, 3 or 5" }];
  const rule =
    nodes > 5 || nodes % 1 !== 0
      ? "makes every write wait for a majority of more nodes than a cluster needs"
      : `tolerates the loss of no more nodes than ${nodes - 1}, and costs one more`;
  return [{ value: nodes, rule, remedy: nodes === 2 ? "use 1 or 3" : "use 3 or 5" }];
}

function unreadable(value: unknown, reading: Reading): Found {
  return typeof reading === "number" ? [] : [{ value, ...reading }];
}

function atLeast(value: unknown, least: number, rule: string, remedy: string): Found {
  const reading = bytes(value);
  if (typeof reading !== "number") return [{ value, ...reading }];
  return reading < least ? [{ value, rule, remedy }] : [];
}
