import type { Draft, DraftEnvironment, Finding, Rule } from "../check/finding";
import { each } from "../check/finding";
import { step } from "../check/paths";
import { readDatabaseName } from "../derive/servers";
import { isOpenAmongNodes } from "../derive/traffic";
import type { ReadModelSettings } from "../workloads/projection";
import type { ScaleOn, SignalName } from "../workloads/workload";

/** What must hold of the workloads of one environment. */
export const workloadRules: readonly Rule[] = [
  apisAskWhoIsThere,
  variablesNameWhatIsThere,
  migrationsHaveADatabase,
  projectionsHaveADatabase,
  partitionsAreShared,
  slotsAreSaidOnce,
  pathsAreApart,
  slotsAreMigratedByOne,
  signalsAreThere,
  portsAreOpenAmongNodes,
];

type Role = "commandApi" | "commandProcessors" | "queryApi" | "projections";

/** The backing services that the workloads of a role are connected to, by name. */
export function backingOf(environment: Pick<DraftEnvironment, "eventStore" | "readDatabase" | "cache" | "broker">, role: Role): string[] {
  const events = environment.eventStore ? ["event-store"] : [];
  const models = [...databasesOf(environment), ...(environment.cache ? ["cache"] : [])];
  const own = { commandApi: events, commandProcessors: events, queryApi: models, projections: [...events, ...models] }[role];
  return [...own, ...(environment.broker ? ["broker"] : [])];
}

function databasesOf(environment: Pick<DraftEnvironment, "readDatabase">): string[] {
  return each(environment, "readDatabase").map(([, settings]) => readDatabaseName(settings));
}

function apisAskWhoIsThere(environment: DraftEnvironment): Finding[] {
  const { commandApi, queryApi, exceptions = {} } = environment;
  if (!(commandApi || queryApi) || "disposable" in exceptions || "openToAll" in exceptions) return [];
  return (["authentication", "authorization"] as const)
    .filter((part) => !(part in environment))
    .map((part) => ({
      keys: [part],
      rule: "is missing, so that everybody may do everything",
      remedy: "add it, or say in exceptions.openToAll who asks instead",
    }));
}

/** Where an environment names ports of pods that others connect to: as numbers, or in addresses. */
const PORTS_OF_PODS = [["port"], ["health", "port"], ["metrics", "port"], ["scaleOn", "prometheus", "server"]] as const;

/** Security groups of nodes judge the port of a pod, whatever Service is before it. */
function portsAreOpenAmongNodes(environment: DraftEnvironment): Finding[] {
  const { cluster, writeCluster, readCluster, monitoring } = environment;
  const isMade = (one: DraftEnvironment["cluster"]) => one !== undefined && !("context" in one);
  const named = (["commandApi", "commandProcessors", "queryApi", "projections"] as const)
    .filter((role) => isMade(cluster ?? (role.startsWith("command") ? writeCluster : readCluster)))
    .flatMap((role) =>
      each(environment, role).flatMap(([keys, workload]) =>
        PORTS_OF_PODS.map((below) => ({ keys: [...keys, ...below], value: at(workload, below) })),
      ),
    );
  const telemetry = { keys: ["monitoring", "telemetry", "endpoint"], value: monitoring?.telemetry?.endpoint };
  return [...named, ...([cluster, writeCluster, readCluster].some(isMade) ? [telemetry] : [])].flatMap(({ keys, value }): Finding[] => {
    const port = typeof value === "number" ? value : Number(/:(\d+)(\/|$)/.exec(String(value))?.[1] ?? Number.NaN);
    if (Number.isNaN(port) || isOpenAmongNodes(port)) return [];
    return [
      {
        keys,
        value,
        rule: "can't be reached from other nodes, whose security groups allow the ports 1025 to 65535 of pods",
        remedy: "use a port of that range",
      },
    ];
  });
}

function at(workload: object, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    workload,
  );
}

function variablesNameWhatIsThere(environment: DraftEnvironment): Finding[] {
  return (["commandApi", "commandProcessors", "queryApi", "projections"] as const).flatMap((role) =>
    each(environment, role).flatMap(([keys, { variables = {} }]) => {
      const known = backingOf(environment, role);
      return Object.keys(variables as object)
        .filter((name) => !known.includes(name))
        .map((name) => ({
          keys: [...keys, "variables", name],
          rule: "is nothing that it is connected to",
          remedy: known.length > 0 ? `use one of ${known.join(", ")}` : "leave it out",
        }));
    }),
  );
}

function migrationsHaveADatabase(environment: DraftEnvironment): Finding[] {
  const known = databasesOf(environment);
  return each(environment, "migrations").flatMap(([keys, { database }]): Finding[] => {
    if (known.length === 0) return [{ keys, rule: "changes a read database, and there is none", remedy: "add readDatabase" }];
    if (database === undefined && known.length > 1)
      return [{ keys, rule: "does not say which read database it changes", remedy: `set database to one of ${known.join(", ")}` }];
    if (database === undefined || known.includes(String(database))) return [];
    return [{ keys: [...keys, "database"], value: database, rule: "is no read database", remedy: `use one of ${known.join(", ")}` }];
  });
}

function projectionsHaveADatabase(environment: DraftEnvironment): Finding[] {
  const known = databasesOf(environment);
  return each(environment, "projections").flatMap(([keys, { database }]): Finding[] =>
    database === undefined || known.includes(String(database))
      ? []
      : [{ keys: [...keys, "database"], value: database, rule: "is no read database", remedy: `use one of ${known.join(", ") || "none"}` }],
  );
}

/** The partitions of a slot stand at the slot, and what is read is one that has workers. */
function slotsAreSaidOnce(environment: DraftEnvironment): Finding[] {
  return each(environment, "projections").flatMap(([keys, { partitions, readModel }]): Finding[] => {
    if (readModel === undefined) return [];
    const { slots, live = "a" } = readModel as { readonly slots?: object; readonly live?: string };
    const filled = Object.keys(slots ?? {});
    if (slots === undefined) return [];
    if (filled.length === 0)
      return [{ keys: [...keys, "readModel", "slots"], rule: "has no slot, so that nobody projects", remedy: "fill a or b" }];
    return [
      ...(partitions === undefined
        ? []
        : [
            {
              keys: [...keys, "partitions"],
              value: partitions,
              rule: "stands beside readModel.slots, which have their own",
              remedy: "leave it out",
            },
          ]),
      ...(filled.includes(live)
        ? []
        : [{ keys: [...keys, "readModel", "live"], value: live, rule: "is a slot without workers", remedy: `use ${filled.join(" or ")}` }]),
    ];
  });
}

/** Services of a side have one name; each has paths of its own below it. `/orders` and `/orders/` are one (Gateway API, PathPrefix). */
function pathsAreApart(environment: DraftEnvironment): Finding[] {
  return (["commandApi", "queryApi"] as const).flatMap((role) => {
    const taken = new Map<string, string>();
    return each(environment, role).flatMap(([keys, { paths = ["/"] }]) =>
      (paths as readonly string[]).flatMap((path): Finding[] => {
        const owner = taken.get(path.replace(/\/$/, ""));
        taken.set(path.replace(/\/$/, ""), keys.reduce(step));
        if (owner === undefined) return [];
        return [
          { keys: [...keys, "paths"], value: path, rule: `is a path of ${owner} as well`, remedy: "use other paths for one of the two" },
        ];
      }),
    );
  });
}

/** An image for the tables of a slot takes the place of the one that makes tables slot by slot. */
function slotsAreMigratedByOne(environment: DraftEnvironment): Finding[] {
  const bySlot = each(environment, "migrations").filter(([, { per }]) => per === "slot");
  return each(environment, "projections").flatMap(([keys, { database, readModel }]) =>
    Object.entries((readModel as Draft<ReadModelSettings> | undefined)?.slots ?? {})
      .filter(([, filled]) => filled?.migrations !== undefined)
      .filter(() => bySlot.filter(([, of]) => database === undefined || of.database === undefined || of.database === database).length !== 1)
      .map(([slot, filled]) => ({
        keys: [...keys, "readModel", "slots", slot, "migrations"],
        value: filled?.migrations,
        rule: 'must be the image of exactly one of the migrations with per: "slot" in its database',
        remedy: 'set per: "slot" of the one that makes its tables, or leave this out',
      })),
  );
}

/** A worker without a partition would do nothing. */
function partitionsAreShared(environment: DraftEnvironment): Finding[] {
  return each(environment, "projections").flatMap(([keys, { workers, partitions }]): Finding[] => {
    if (typeof workers !== "number" || typeof partitions !== "number" || partitions >= workers) return [];
    return [
      {
        keys: [...keys, "partitions"],
        value: partitions,
        rule: `leaves ${workers - partitions} of ${workers} workers without any`,
        remedy: `use ${workers} or more`,
      },
    ];
  });
}

/** What is wrong with what is followed, and at which of its settings. */
type Unfollowed = Omit<Finding, "keys"> & { readonly below?: string };

/** Why a workload of a side can't follow a signal of each name. */
const UNFOLLOWED: {
  readonly [Name in SignalName]?: (
    environment: DraftEnvironment,
    side: "write" | "read",
    asked: Draft<NonNullable<ScaleOn[Name]>>,
  ) => Unfollowed | undefined;
} = {
  broker: ({ broker }) => (broker ? undefined : { rule: "follows a broker, and there is none", remedy: "add broker" }),
  eventStore: ({ eventStore, readCluster }, side) => {
    if (!eventStore?.engine) return undefined;
    if (eventStore.engine !== "postgres") {
      const rule = `asks for an answer in SQL, which ${eventStore.engine} has none of`;
      return { rule, remedy: "follow it by prometheus: docs/workloads.md has the query" };
    }
    return readCluster && side === "read" && eventStore.server?.engine === "cloudnative-pg" ? onTheOther("writeCluster") : undefined;
  },
  readDatabase: (environment, side, { database }) => {
    const known = databasesOf(environment);
    const remedy = `set database to one of ${known.join(", ")}`;
    if (known.length === 0) return { rule: "asks a read database, and there is none", remedy: "add readDatabase" };
    if (environment.writeCluster && side === "write") return onTheOther("readCluster");
    if (database === undefined) return known.length > 1 ? { rule: "does not say which read database it asks", remedy } : undefined;
    return known.includes(database) ? undefined : { below: "database", value: database, rule: "is no read database", remedy };
  },
};

function onTheOther(cluster: string): Unfollowed {
  return {
    rule: `asks a database on ${cluster}, which it has no way into`,
    remedy: "follow something else, or use one cluster for both sides",
  };
}

const SIDES = { commandApi: "write", commandProcessors: "write", queryApi: "read" } as const;

/** What a workload follows has to be there, where it is, and of a kind that can be asked. */
function signalsAreThere(environment: DraftEnvironment): Finding[] {
  return (Object.keys(SIDES) as (keyof typeof SIDES)[]).flatMap((role) =>
    each(environment, role).flatMap(([keys, { scaleOn = {} }]) =>
      Object.entries(scaleOn as Draft<ScaleOn>).flatMap(([name, asked]): Finding[] => {
        const found = asked && UNFOLLOWED[name as SignalName]?.(environment, SIDES[role], asked as never);
        if (!found) return [];
        const { below, ...problem } = found;
        return [{ keys: [...keys, "scaleOn", name, ...(below ? [below] : [])], ...problem }];
      }),
    ),
  );
}
