import { scheduleProblems, WORKLOAD_DEFAULTS } from "../../../constructs/workload";
import type { DraftSystem, Rule, RuleFinding } from "../check/drafts";
import type { Finding } from "../check/finding";
import { suggestion } from "../check/shape";
import type { ClusterKey } from "../cluster";
import { maxReplicas } from "../common";
import { membersOf } from "../derive/members";
import { secretsOf, workloadSecrets } from "../derive/secrets";
import { workloadsIn } from "../derive/workloads";
import { engineOf } from "../stores";
import type { StoreKind } from "../stores/engine";
import type { ServiceOf, System, UseOf } from "../system";
import type { Job } from "../workloads/job";
import type { SecretUse, StoreRole, Use, Workload } from "../workloads/workload";
import { isGeneral } from "./parts";

/** Rules between domains, their members, and the stores that they use. */
export const domainRules: readonly Rule[] = [
  domainsHaveMembers,
  domainsFollowEarlierOnes,
  usesAreThere,
  usesAreToldApart,
  callsAreThere,
  projectionsReadAndWriteOnce,
  jobsAreOfTheirTime,
  volumesHaveOneWriter,
  portsAreApart,
  secretsAreApart,
  partitionsHaveFixedWorkers,
  memoryHasOneProcess,
];

/** Domains of the general form. Required stores of roles have a separate rule. */
function domainsHaveMembers({ domains }: DraftSystem): RuleFinding[] {
  return domains
    .filter((domain) => isGeneral(domain) && membersOf(domain).length === 0)
    .map(({ keys }) => ({
      keys,
      rule: "has no services, workers, projections or jobs",
      remedy: "add one, or remove the domain",
      lacking: true,
    }));
}

/** Domains are deployed in the order in which they are written, which rules out cycles. */
function domainsFollowEarlierOnes({ name, domains }: DraftSystem): RuleFinding[] {
  const names = domains.map((domain) => domain.name);
  return domains.filter(isGeneral).flatMap((domain): RuleFinding[] =>
    (domain.after as readonly (string | undefined)[]).flatMap((before, index): RuleFinding[] => {
      if (before === undefined) return [];
      const found = (rule: string, remedy: string): RuleFinding => ({
        keys: [...domain.keys, "after", String(index)],
        value: before,
        rule,
        remedy,
      });
      if (before === domain.name) return [found("is the domain itself", "leave it out")];
      if (!names.includes(before)) return [{ ...found(`is not a domain of ${name}`, otherOf(before, names, domain.name)), lacking: true }];
      if (names.indexOf(before) < names.indexOf(domain.name)) return [];
      return [found("is written after this domain, and domains are deployed in their order", "write it before this one")];
    }),
  );
}

export function otherOf(name: string, names: readonly string[], except: string): string {
  const others = names.filter((other) => other !== except);
  return others.length > 0 ? suggestion(name, others) : "leave it out";
}

/** Roles that a workload can have in each kind of store. */
const ROLES: Readonly<Record<StoreKind, readonly StoreRole[]>> = {
  "event-store": ["commands", "subscriptions"],
  postgres: ["migrator", "writer", "reader"],
  redis: [],
  broker: [],
};

function usesAreThere(system: DraftSystem): RuleFinding[] {
  const names = system.stores.map(({ name }) => name);
  return workloadsIn(system).flatMap(({ workload }) => {
    const written = ((workload.settings as Workload).uses ?? []) as readonly (Use | undefined)[];
    const own = workload.uses.filter(({ keys, store }) => keys.at(-2) === "uses" && store);
    return own.flatMap((use, index): RuleFinding[] => {
      const { store, keys } = use;
      const at = typeof written[Number(keys.at(-1))] === "object" ? [...keys, "store"] : keys;
      const found = (rule: string, remedy: string): RuleFinding => ({ keys: at, value: store, rule, remedy });
      const kind = system.stores.find(({ name }) => name === store)?.kind;
      if (!names.includes(store)) return [{ ...found(`is not a store of ${system.name}`, otherOf(store, names, "")), lacking: true }];
      if (own.slice(0, index).some((before) => before.store === store)) return [found("is used twice", "use it once")];
      return kind === undefined ? [] : unfit(use, kind);
    });
  });
}

/** Returns why a workload can't have a role in a store. */
function unfit({ as, store, keys }: UseOf, kind: StoreKind): Finding[] {
  if (as === undefined || ROLES[kind].includes(as)) return [];
  const rule = `is not a role of ${store}`;
  return [
    {
      keys: [...keys, "as"],
      value: as,
      rule,
      remedy: ROLES[kind].length > 0 ? `use ${ROLES[kind].join(" or ")}` : "leave it out",
    },
  ];
}

/** Each database has its own variables. For all other kinds of store, a workload can use one store with the platform's variables. */
function usesAreToldApart(system: DraftSystem): RuleFinding[] {
  const kindOf = (store: string) => system.stores.find(({ name }) => name === store)?.kind;
  return workloadsIn(system).flatMap(({ workload }) => {
    const told = workload.uses.filter(({ store, variables }) => variables === undefined && kindOf(store) !== "postgres" && kindOf(store));
    return told.flatMap((use, index): RuleFinding[] => {
      const { store, keys } = use;
      const before = told.slice(0, index).find((other) => kindOf(other.store) === kindOf(store));
      if (before === undefined || before.store === store || keys.at(-2) !== "uses") return [];
      // A projection with several event stores is rejected by another rule.
      if (workload.kind === "projection" && kindOf(store) === "event-store") return [];
      const rule = `has the same variables as ${before.store}`;
      return [{ keys, value: store, rule, remedy: `write { store: "${store}", variables: { … } } with others for one of the two` }];
    });
  });
}

/** A service is called by its single address, from workloads on its cluster. */
function callsAreThere(system: DraftSystem): RuleFinding[] {
  const services = system.domains.flatMap((domain) => domain.services.map((service) => ({ domain, service })));
  const names = services.map(({ service }) => service.name);
  return workloadsIn(system).flatMap(({ domain, workload }) => {
    const written = (workload.settings as Workload).calls ?? [];
    return workload.calls.flatMap(({ service: name }, index): RuleFinding[] => {
      if (!name) return [];
      const keys = [...workload.keys, "calls", String(index), ...(typeof written[index] === "object" ? ["service"] : [])];
      const found = (rule: string, remedy: string): RuleFinding => ({ keys, value: name, rule, remedy });
      const called = services.find(({ service }) => service.name === name);
      if (!called) return [{ ...found(`is not a service of ${system.name}`, otherOf(name, names, workload.name)), lacking: true }];
      if (called.service === (workload as unknown)) return [found("is the service itself", "leave it out")];
      if (workload.calls.slice(0, index).some(({ service }) => service === name)) return [found("is called twice", "call it once")];
      if ((workload.settings as Partial<Job>).when === "before" && called.domain.name === domain.name) {
        return [found("is deployed after this job", 'set when to "after", or move the job to an earlier domain')];
      }
      if (called.service.settings.release === "blue-green") {
        return [found("is released blue-green, and has an address for each slot only", "release it by rolling")];
      }
      return called.domain.cluster === domain.cluster
        ? []
        : [found(`runs on ${called.domain.cluster}, which workloads of ${domain.cluster} can't reach`, "put both on one cluster")];
    });
  });
}

/** A projection reads events from one store and writes to one database. Required stores of roles have a separate rule. */
function projectionsReadAndWriteOnce(system: DraftSystem): RuleFinding[] {
  return system.domains.flatMap((domain) =>
    domain.projections.flatMap((projection) =>
      (["subscriptions", "writer"] as const).flatMap((as): RuleFinding[] => {
        const stores = projection.uses.filter((use) => use.as === as).map(({ store }) => store);
        if (stores.length === 1 || (stores.length === 0 && !isGeneral(domain))) return [];
        const what = as === "writer" ? "PostgreSQL server as writer" : "event store as subscriptions";
        const found = {
          keys: [...projection.keys, "uses"],
          rule: `must name exactly one ${what}, and names ${stores.join(", ") || "none"}`,
        };
        return stores.length > 0 ? [{ ...found, remedy: "keep one" }] : [{ ...found, remedy: "add one", lacking: true }];
      }),
    ),
  );
}

/** Settings of a job must match the time at which it runs. */
function jobsAreOfTheirTime(system: DraftSystem): Finding[] {
  return system.domains.flatMap((domain) =>
    domain.jobs.flatMap(({ keys, settings: { when, per, down } }): Finding[] => {
      const schedule = typeof when === "object" ? when?.schedule : undefined;
      const found = (setting: string, value: unknown): Finding => ({
        keys: [...keys, setting],
        ...(typeof value === "string" ? { value } : {}),
        rule: "belongs to a job that runs before its domain",
        remedy: 'say when: "before", or leave it out',
      });
      const late = when !== undefined && when !== "before";
      return [
        ...(schedule === undefined
          ? []
          : scheduleProblems(schedule).map((problem) => ({ keys: [...keys, "when", "schedule"], ...problem }))),
        ...(late && per === "slot" ? [found("per", per)] : []),
        ...(late && down !== undefined ? [found("down", down)] : []),
        ...(isGeneral(domain) && !late && per === "slot" && domain.projections.length === 0
          ? [{ keys: [...keys, "per"], value: per, rule: "is for slots of projections, and the domain has none", remedy: "leave it out" }]
          : []),
      ];
    }),
  );
}

/** A volume has one writer, which must stop before another instance replaces it. */
function volumesHaveOneWriter({ domains }: DraftSystem): Finding[] {
  return domains.flatMap(({ services, workers }) =>
    [...services, ...workers].flatMap(({ keys, settings }): Finding[] => {
      if (Object.keys(settings.volumes ?? {}).length === 0) return [];
      const { replicas } = settings;
      const release = "release" in settings ? settings.release : undefined;
      return [
        ...(replicas !== undefined && maxReplicas(replicas) !== 1
          ? [
              {
                keys: [...keys, "replicas"],
                value: replicas,
                rule: "instances would write the same volumes",
                remedy: "use 1, or leave volumes out",
              },
            ]
          : []),
        ...(release === "blue-green"
          ? [
              {
                keys: [...keys, "release"],
                value: release,
                rule: "versions would write the same volumes",
                remedy: 'use "rolling", or leave volumes out',
              },
            ]
          : []),
      ];
    }),
  );
}

/** Instances that share partitions need an index, which requires a fixed number of instances. */
function partitionsHaveFixedWorkers({ domains }: DraftSystem): Finding[] {
  return domains.flatMap(({ workers }) =>
    workers.flatMap(({ keys, settings: { partitions, replicas, scaleOn, volumes } }): Finding[] => {
      if (partitions === undefined || replicas === undefined) return [];
      const found = (setting: string, value: unknown, rule: string, remedy: string): Finding => ({
        keys: [...keys, setting],
        ...(value === undefined ? {} : { value }),
        rule,
        remedy,
      });
      if (typeof replicas !== "number")
        return [found("replicas", undefined, "must be a fixed number to share out partitions", "write a number, or leave partitions out")];
      return [
        ...(partitions < replicas
          ? [found("partitions", partitions, `is fewer than replicas (${replicas}), so some would be idle`, `use ${replicas} or more`)]
          : []),
        ...(scaleOn ? [found("scaleOn", undefined, "scales nothing, because the number of instances is fixed", "leave it out")] : []),
        ...(Object.keys(volumes ?? {}).length > 0
          ? [found("volumes", undefined, "can't be used with partitions", "leave one of the two out")]
          : []),
      ];
    }),
  );
}

/** Each port of a service has one name. */
function portsAreApart({ domains }: DraftSystem): Finding[] {
  return domains.flatMap(({ services }) => services.flatMap(portsTwice));
}

function portsTwice({ keys, settings }: ServiceOf): readonly Finding[] {
  const { port = WORKLOAD_DEFAULTS.port, servicePort = port, ports = {} } = settings;
  const named = Object.entries(ports);
  return named.flatMap(([name, number], index) => {
    const taken =
      number === port
        ? "port"
        : number === servicePort
          ? "servicePort"
          : named.slice(0, index).find(([, before]) => before === number)?.[0];
    if (number === undefined || taken === undefined) return [];
    return [{ keys: [...keys, "ports", name], value: number, rule: `is ${taken} as well`, remedy: "use another port, or leave it out" }];
  });
}

/** Secrets of workloads must not have names of the platform's own secrets. */
function secretsAreApart(system: DraftSystem): Finding[] {
  const all = secretsOf(system as System).map(({ spec }) => spec.name);
  const generated = workloadSecrets(system);
  // Store certificates are also stored there.
  const certificates = system.stores.flatMap(({ name }) => [`${name}-tls`, `${name}-authority`]);
  const taken = [...all.slice(0, all.length - generated.length), ...certificates];
  const homes = new Map(generated.map(({ spec, cluster }) => [spec.name, cluster]));
  return workloadsIn(system).flatMap(({ domain, workload }) => {
    const { secrets = {}, secretFiles = {} } = workload.settings as Workload;
    const written = workload.written as Pick<Workload, "secrets">;
    return Object.entries({ secrets, secretFiles }).flatMap(([setting, uses]) =>
      Object.entries(uses).flatMap(([key, use]: readonly [string, SecretUse | undefined]): Finding[] => {
        const name = typeof use === "string" ? use : use?.secret;
        if (name === undefined) return [];
        const home = typeof use === "string" ? homes.get(name) : undefined;
        const isApart = home !== undefined && home !== domain.cluster && [home, domain.cluster].some((one) => isExisting(system, one));
        const isGenerated = typeof use !== "string" && homes.has(name) && !taken.includes(name);
        if (!taken.includes(name) && !isApart && !isGenerated) return [];
        const ofDomain = setting === "secrets" && !(key in (written.secrets ?? {}));
        const keys = [...(ofDomain ? domain.keys : workload.keys), setting, key, ...(typeof use === "string" ? [] : ["secret"])];
        if (isGenerated) return [{ keys, value: name, rule: "is a secret that the platform generates", remedy: "choose another name" }];
        if (!isApart) return [{ keys, value: name, rule: "is a secret that the platform makes", remedy: "choose another name" }];
        const rule = `is generated on ${home}, and existing clusters share no secrets`;
        return [{ keys, value: name, rule, remedy: "use another name on each cluster, or provide it: { secret, key }" }];
      }),
    );
  });
}

export function isExisting(system: DraftSystem, key: ClusterKey): boolean {
  const cluster = system[key];
  return cluster !== undefined && "context" in cluster;
}

/** Only one process can use events in its memory. */
function memoryHasOneProcess(system: DraftSystem): Finding[] {
  return system.stores
    .filter((store) => engineOf(store)?.inProcess)
    .flatMap((store): Finding[] => {
      const users = workloadsIn(system).filter(({ workload }) => workload.uses.some((use) => use.store === store.name));
      const [first, second] = users.map(({ workload }) => workload);
      if (second) {
        const rule = `is the memory of ${first?.name}, which ${second.name} can't read`;
        return [{ keys: store.keys, rule, remedy: "let one workload use it, or choose another engine" }];
      }
      const replicas = first && "replicas" in first.settings ? first.settings.replicas : undefined;
      if (!first || replicas === undefined || maxReplicas(replicas) === 1) return [];
      return [
        {
          keys: [...first.keys, "replicas"],
          value: replicas,
          rule: `instances would each have events of their own in ${store.name}`,
          remedy: "use 1, or choose another engine",
        },
      ];
    });
}
