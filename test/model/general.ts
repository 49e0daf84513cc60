import type { Group } from "./settings";

/** What stores, domains and workloads are called in the general form, and keys of records that are tried key by key. */
export const NAMES: Readonly<Record<string, string>> = {
  domains: "domain",
  services: "service",
  workers: "worker",
  projections: "projection",
  jobs: "job",
  workloads: "command-api",
  secrets: "TOKEN",
  secretFiles: "/run/secrets/token",
  volumes: "/data",
  receivers: "team",
  alerts: "MessagesWaiting",
};

/** Where the settings of each role are in the general form. */
const PLACES: readonly (readonly [role: RegExp, place: string])[] = [
  [/^(eventStore|readDatabase|cache|broker)(?=\()/, "stores.*"],
  [/^(queryApi)\b/, "domains.*.services.*"],
  [/^(commandProcessors)\b/, "domains.*.workers.*"],
  [/^(projections)\b/, "domains.*.projections.*"],
  [/^(migrations)\b/, "domains.*.jobs.*"],
];

const WORKLOADS = ["commandApi", "queryApi", "commandProcessors", "projections", "migrations"] as const;

type Settings = Readonly<Record<string, unknown>>;
type Uses = readonly { readonly store: string; readonly as?: string }[];

interface Base extends Settings {
  readonly eventStore?: Settings;
  readonly readDatabase?: Settings | readonly Settings[];
  readonly cache?: Settings;
  readonly broker?: Settings;
}

/** The same settings of a group, tried in an environment of stores and domains. */
export function inGeneralForm({ base, others, at, settings, first, ...group }: Group): readonly Group[] {
  const [role, place] = PLACES.find(([pattern]) => pattern.test(at)) ?? [];
  if (!role || place === undefined) return [];
  const engine = /^stores/.test(place) ? /\(([^)]*)\)/.exec(at)?.[1] : undefined;
  const stack = engine ? first?.replace(/^(event-store|read-store)/, storeNamed(engine)) : NAMES.domains;
  // A primary has the stores of its standby, by the same names.
  const beside = "standbyOf" in base ? others?.map(general) : others;
  return [
    {
      ...group,
      ...(beside ? { others: beside } : {}),
      base: general(base),
      at: at.replace(role, place),
      settings,
      ...(stack ? { first: stack } : {}),
    },
  ];
}

/** What a store is called that has no name. */
export function storeNamed(engine: string): string {
  return `store-${engine}`;
}

/** An environment without roles: each store is called after its engine where it has no name, and all workloads are in one domain. */
function general(base: object): object {
  const { eventStore, readDatabase, cache, broker, ...others } = base as Base;
  const { stores: moreStores, domains: moreDomains, ...rest } = others;
  const nameOf = ({ name, engine }: Settings) => String(name ?? storeNamed(String(engine)));
  const databases = [readDatabase ?? []].flat() as readonly Settings[];
  const stores = [...(eventStore ? [eventStore] : []), ...databases, ...(cache ? [cache] : []), ...(broker ? [broker] : [])];
  const events: Uses = eventStore ? [{ store: nameOf(eventStore) }] : [];
  const database = (as: string, of = databases[0]): Uses => (of ? [{ store: nameOf(of), as }] : []);
  const used: Readonly<Record<(typeof WORKLOADS)[number], Uses>> = {
    commandApi: events,
    queryApi: database("reader"),
    commandProcessors: events,
    projections: [...events, ...database("writer")],
    migrations: database("migrator"),
  };
  const places = {
    commandApi: "services",
    queryApi: "services",
    commandProcessors: "workers",
    projections: "projections",
    migrations: "jobs",
  };
  const members: Record<string, Record<string, { readonly uses: Uses }>> = {};
  for (const role of WORKLOADS) {
    const written = rest[role] as Settings | undefined;
    if (!written) continue;
    const { name: _, variables: __, database: ___, ...own } = written;
    const more = role === "migrations" ? { when: "before" } : places[role] === "services" ? { paths: ["/"] } : {};
    const said = (own.uses as Uses | undefined) ?? [];
    const uses = [...said, ...used[role].filter(({ store }) => !said.some((use) => use.store === store))];
    const kind = places[role];
    const key = role === "commandApi" ? "command-api" : NAMES[kind];
    members[kind] = { ...members[kind], [String(key)]: { ...more, ...own, uses } };
  }
  const users = Object.values(members).flatMap((each) => Object.values(each));
  // Every store is there for somebody.
  const unused = stores.map(nameOf).filter((store) => !users.some(({ uses }) => uses.some((use) => use.store === store)));
  const user = { image: "registry.example.com/orders/user:1.0.0", replicas: 1, uses: unused.map((store) => ({ store })) };
  const unfilled = Object.fromEntries(Object.entries(rest).filter(([key]) => !WORKLOADS.some((role) => role === key)));
  return {
    ...unfilled,
    stores: { ...Object.fromEntries(stores.map(({ name, ...store }) => [nameOf({ name, ...store }), store])), ...(moreStores as object) },
    domains: {
      ...(moreDomains as object),
      ...(users.length > 0 ? { [String(NAMES.domains)]: members } : {}),
      ...(unused.length > 0 ? { users: { workers: { user } } } : {}),
    },
  };
}
