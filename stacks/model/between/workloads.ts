import type { DraftSystem, Rule, RuleFinding } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import { step } from "../check/paths";
import { runsAt, serversOf } from "../derive/members";
import { brokerAsked, eventServerAsked } from "../derive/signals";
import { isOpenAmongNodes } from "../derive/traffic";
import { workloadsIn } from "../derive/workloads";
import type { DomainOf, ProjectionOf, StoreOf } from "../system";
import type { Projections } from "../workloads/projection";
import type { ScaleOn, SignalName } from "../workloads/workload";
import { exposedIn, hostsOf, isExposed, pathsOf } from "./endpoints";
import { isGeneral } from "./parts";

/** Rules for the workloads of one environment. */
export const workloadRules: readonly Rule[] = [
  apisAskWhoIsThere,
  variablesNameWhatIsThere,
  partitionsAreShared,
  slotsAreSaidOnce,
  pathsAreApart,
  slotsAreMigratedByOne,
  signalsAreThere,
  portsAreOpenAmongNodes,
];

function apisAskWhoIsThere(system: DraftSystem): Finding[] {
  const { exceptions = {} } = system;
  if (!isExposed(system) || "disposable" in exceptions || "unauthenticatedApis" in exceptions) return [];
  return (["authentication", "authorization"] as const)
    .filter((part) => !(part in system))
    .map((part) => ({
      keys: [part],
      rule: "is required, because without it everyone can call the APIs",
      remedy: "add it, or name in exceptions.unauthenticatedApis what authenticates callers instead",
    }));
}

/** Settings with pod ports to which others connect: as numbers, or in URLs. */
const PORTS_OF_PODS = [["port"], ["health", "port"], ["metrics", "port"], ["scaleOn", "prometheus", "server"]] as const;

/** Security groups of nodes filter by the pod's port, not by the Service's. */
function portsAreOpenAmongNodes(system: DraftSystem): Finding[] {
  const { cluster, writeCluster, readCluster, monitoring } = system;
  const isMade = (one: DraftSystem["cluster"]) => one !== undefined && !("context" in one);
  const named = workloadsIn(system)
    .filter(({ domain }) => isMade(system[domain.cluster]))
    .flatMap(({ workload: { keys, settings } }) => {
      const further = Object.keys(("ports" in settings ? settings.ports : undefined) ?? {}).map((port) => ["ports", port]);
      return [...PORTS_OF_PODS, ...further].map((below) => ({ keys: [...keys, ...below], value: at(settings, below) }));
    });
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

function variablesNameWhatIsThere(system: DraftSystem): Finding[] {
  return workloadsIn(system).flatMap(({ workload: { kind, keys, uses, settings } }) => {
    if (kind === "job") return [];
    const known = uses.map(({ store }) => store);
    return Object.keys(settings.variables ?? {})
      .filter((name) => !known.includes(name))
      .map((name) => ({
        keys: [...keys, "variables", name],
        rule: "is nothing that it is connected to",
        remedy: known.length > 0 ? `use one of ${known.join(", ")}` : "leave it out",
      }));
  });
}

/** Projections of an environment, with the valid part of their settings. */
function projectionsOf({ domains }: Pick<DraftSystem, "domains">) {
  return domains.flatMap((domain) =>
    domain.projections.map((projection) => ({
      domain,
      projection,
      keys: projection.keys,
      settings: projection.settings as Draft<Projections>,
    })),
  );
}

/** The number of partitions is set per slot if there are slots, and the live slot must have workers. */
function slotsAreSaidOnce(system: DraftSystem): Finding[] {
  return projectionsOf(system).flatMap(({ keys, settings: { partitions, readModel } }): Finding[] => {
    if (readModel === undefined) return [];
    const { slots, live = "a" } = readModel;
    const filled = Object.keys(slots ?? {});
    if (slots === undefined) return [];
    if (filled.length === 0)
      return [{ keys: [...keys, "readModel", "slots"], rule: "has no slot, so no projection runs", remedy: "fill a or b" }];
    return [
      ...(partitions === undefined
        ? []
        : [
            {
              keys: [...keys, "partitions"],
              value: partitions,
              rule: "can't be combined with readModel.slots, which have their own",
              remedy: "leave it out",
            },
          ]),
      ...(filled.includes(live)
        ? []
        : [{ keys: [...keys, "readModel", "live"], value: live, rule: "is a slot without workers", remedy: `use ${filled.join(" or ")}` }]),
    ];
  });
}

/** Services of a domain share its host names and need distinct paths below each. */
function pathsAreApart(system: DraftSystem): Finding[] {
  return system.domains.flatMap((domain) => {
    const taken = new Map<string, string>();
    return exposedIn(domain).flatMap((service) => {
      const hosts = hostsOf(domain, service, "");
      const own = pathsOf(service).flatMap(([path, beginning]): Finding[] => {
        const places = hosts.map((host) => JSON.stringify([host, beginning]));
        const owner = places.flatMap((place) => taken.get(place) ?? [])[0];
        for (const place of places) taken.set(place, service.keys.reduce(step));
        if (owner === undefined) return [];
        const keys = [...service.keys, "paths"];
        return [{ keys, value: path, rule: `is a path of ${owner} as well`, remedy: "use other paths for one of the two" }];
      });
      return own;
    });
  });
}

/** A slot's migration image replaces the image of the migration with `per: "slot"`. */
function slotsAreMigratedByOne(system: DraftSystem): Finding[] {
  return projectionsOf(system).flatMap(({ domain, projection, keys, settings: { readModel } }) => {
    const migrations = migrationsBySlot(system, domain, projection);
    return Object.entries(readModel?.slots ?? {})
      .filter(([, filled]) => filled?.migrations !== undefined && migrations !== 1)
      .map(([slot, filled]) => ({
        keys: [...keys, "readModel", "slots", slot, "migrations"],
        value: filled?.migrations,
        rule: 'must be the image of exactly one of the migrations with per: "slot" in its database',
        remedy: 'set per: "slot" of the one that makes its tables, or leave this out',
      }));
  });
}

/** Number of jobs that create the tables of a projection's slots: in its domain or the other roles, and for its database. */
function migrationsBySlot(system: DraftSystem, domain: DomainOf, { model }: ProjectionOf): number {
  const beside = system.domains.filter((other) => (isGeneral(domain) ? other === domain : !isGeneral(other)));
  const jobs = beside.flatMap((other) => other.jobs).filter(({ settings: { per } }) => per === "slot");
  return jobs.filter(({ uses }) => uses.some(({ as, store }) => as === "migrator" && store === model.database)).length;
}

/** A worker without a partition would be idle. */
function partitionsAreShared(system: DraftSystem): Finding[] {
  return projectionsOf(system).flatMap(({ keys, settings: { workers, partitions } }): Finding[] => {
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

/** Problem of a scaling signal, and the setting below it. */
type Unfollowed = Omit<RuleFinding, "keys"> & { readonly below?: string };

/** Returns why a workload of a domain can't use a scaling signal, by its name. */
const UNFOLLOWED: {
  readonly [Name in SignalName]?: (
    system: DraftSystem,
    domain: DomainOf,
    asked: Draft<NonNullable<ScaleOn[Name]>>,
  ) => Unfollowed | undefined;
} = {
  broker: (system, domain) => {
    const broker = brokerAsked(system);
    if (!broker) return { rule: "follows a broker, and there is none", remedy: "add broker", lacking: true };
    return broker.cluster === domain.cluster || !isGeneral(domain) ? undefined : onTheOther("a broker", broker);
  },
  eventStore: (system, domain) => {
    const asked = eventServerAsked(system);
    if (asked) return asked.cluster === domain.cluster || runsAt(asked) !== "cluster" ? undefined : onTheOther("a database", asked);
    const [other] = system.stores.filter(({ kind }) => kind === "event-store");
    if (!other && isGeneral(domain))
      return { rule: "queries an event store, and there is none", remedy: "add one to stores", lacking: true };
    // A rejected server or engine is already reported.
    if (!other?.settings.engine || "server" in other.settings) return undefined;
    const rule = `asks for an answer in SQL, which ${other.settings.engine} has none of`;
    return { rule, remedy: "follow it by prometheus: docs/workloads.md has the query" };
  },
  readDatabase: (system, domain, { database }) => {
    const servers = serversOf(system).filter(({ holdsEvents }) => !holdsEvents);
    const known = servers.map(({ name }) => name);
    const remedy = `set database to one of ${known.join(", ")}`;
    if (known.length === 0) return { rule: "queries a read database, and there is none", remedy: "add readDatabase", lacking: true };
    const asked = servers.find(({ name }) => name === database) ?? servers[0];
    if (asked && asked.cluster !== domain.cluster) return onTheOther("a database", asked);
    if (database === undefined) return known.length > 1 ? { rule: "must name the read database that it queries", remedy } : undefined;
    return known.includes(database)
      ? undefined
      : { below: "database", value: database, rule: "is not a read database", remedy, lacking: true };
  },
};

function onTheOther(what: string, { cluster }: Pick<StoreOf, "cluster">): Unfollowed {
  return {
    rule: `queries ${what} on ${cluster}, which it can't reach`,
    remedy: "follow something else, or use one cluster for both sides",
  };
}

/** Scaling signals require an existing, reachable source of a supported kind. */
function signalsAreThere(system: DraftSystem): RuleFinding[] {
  return workloadsIn(system).flatMap(({ domain, workload: { keys, settings } }) =>
    Object.entries((("scaleOn" in settings ? settings.scaleOn : undefined) ?? {}) as Draft<ScaleOn>).flatMap(
      ([name, asked]): RuleFinding[] => {
        const found = asked && UNFOLLOWED[name as SignalName]?.(system, domain, asked as never);
        if (!found) return [];
        const { below, ...problem } = found;
        return [{ keys: [...keys, "scaleOn", name, ...(below ? [below] : [])], ...problem }];
      },
    ),
  );
}
