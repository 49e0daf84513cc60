import * as fc from "fast-check";
import { anEnvironment } from "../environments";

/*
 * Systems in the general form, of whatever they can be made of: stores of every engine that runs on a cluster, and domains that use,
 * call and reach what they like. What is drawn are numbers and flags; names and references follow from them, so that what is
 * shrunk remains a system.
 */

type Settings = Readonly<Record<string, unknown>>;

const STORES: Readonly<Record<string, Settings>> = {
  postgres: { engine: "cloudnative-pg", instances: 1 },
  pooled: { engine: "cloudnative-pg", instances: 3, pooler: true },
  valkey: { engine: "valkey", replicas: 0 },
  kept: { engine: "valkey", replicas: 0, purpose: "store" },
  copied: { engine: "valkey", replicas: 1 },
  nats: { engine: "nats", servers: 1 },
  kurrentdb: { engine: "kurrentdb", nodes: 1, storage: "5Gi" },
  clustered: {
    engine: "kurrentdb",
    nodes: 3,
    storage: "5Gi",
    systemStreams: ["$ce-order"],
    projections: "system",
    standardProjections: true,
  },
  insecure: { engine: "kurrentdb", nodes: 1, insecure: true },
  eventsourcingdb: { engine: "eventsourcingdb" },
  events: { engine: "postgres", server: { engine: "cloudnative-pg", instances: 1 } },
};

/** What a store on AWS can be instead, by its kind. */
const MANAGED: Readonly<Record<string, readonly Settings[]>> = {
  postgres: [
    { engine: "aurora", replicas: 1 },
    { engine: "rds", replicas: 1 },
  ],
  redis: [{ engine: "elasticache", shards: 1, replicasPerShard: 1 }],
  "event-store": [{ engine: "postgres", server: { engine: "aurora", replicas: 1 } }],
};

const KINDS: Readonly<Record<string, string>> = { "cloudnative-pg": "postgres", valkey: "redis", nats: "broker" };
const kindOf = ({ engine }: Settings) => KINDS[engine as string] ?? "event-store";

/** What a name can end in that belongs to something of the one before it. */
const ENDS = [
  ...["a", "b", "1", "test", "rw", "ro", "r", "pool-rw", "roles", "users", "projections", "read-model", "reader", "authority"],
  ...["headless", "health", "traffic", "scaling", "data", "jobs", "a-0", "x-down", "pods", "metrics", "app", "ca"],
];

/** A name by the kind of thing and its number, in one of the forms that names have. */
function nameOf(kind: string, number: number, style: number, before: string | undefined): string {
  const plain = `${kind}${number}`;
  if (style === 1) return `${kind}-${number}`;
  if (style === 2) return plain.padEnd(38, "x");
  if (style === 3) return `${plain}-${"y".repeat(39 - plain.length)}`;
  if (style === 4) return `${plain}-2-34`;
  const longer = before && style >= 5 ? `${before}-${ENDS[(style - 5) % ENDS.length]}` : plain;
  return longer.length > 40 ? plain : longer;
}

const style = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 4 + ENDS.length }));
const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) => fc.array(arbitrary, { maxLength });
const rarely = fc.integer({ min: 0, max: 3 }).map((number) => number === 1);

const HOSTS = ["203.0.113.0/24", "198.51.100.7/32", "api.example.com", "internet", "10.20.0.0/16"];
const PORTS = [undefined, [443], [8443, 9000], [22, 65_535]];
const SECRETS = ["jwt", "token-2", "k".repeat(38), "stripe"];

const workloadPlan = fc.record({
  style,
  kind: fc.constantFrom("service", "worker", "projection", "job"),
  uses: few(fc.record({ store: fc.nat(2), as: fc.nat(4), renamed: rarely }), 3),
  calls: few(fc.record({ service: fc.nat(15), renamed: rarely }), 2),
  egress: few(fc.record({ host: fc.nat(HOSTS.length - 1), ports: fc.nat(PORTS.length - 1) }), 2),
  secrets: few(fc.record({ name: fc.nat(SECRETS.length - 1), provided: rarely, file: rarely }), 2),
  exposed: fc.constantFrom("", "", "paths", "hosts", "both"),
  port: fc.constantFrom(undefined, 8080, 3000, 65_535),
  servicePort: fc.constantFrom(undefined, undefined, 80, 8081),
  ports: fc.subarray(["broker", "x", "grpc-web-long-n"]),
  publicPorts: rarely,
  tcp: rarely,
  slots: rarely,
  health: rarely,
  volumes: rarely,
  scaled: rarely,
  signal: rarely,
  partitions: rarely,
  when: fc.constantFrom("before", "after", "by-hand", "schedule"),
  per: rarely,
  down: rarely,
  twoSlots: rarely,
  progress: rarely,
  extras: rarely,
});

const plan = fc.record({
  place: fc.oneof({ weight: 6, arbitrary: fc.constantFrom("unknown", "unknown", "room", "crowded", "shared") }, fc.constant("aws")),
  stores: few(fc.record({ style, of: fc.constantFrom(...Object.keys(STORES)), managed: fc.nat(2) }), 3),
  domains: fc.array(
    fc.record({
      style,
      after: fc.constantFrom("default", "none", "first"),
      trafficAfter: rarely,
      defaults: rarely,
      namesake: rarely,
      workloads: fc.array(workloadPlan, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  monitored: rarely,
  projects: fc.boolean(),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;
type WorkloadPlan = Plan["domains"][number]["workloads"][number];

const PLACES: Readonly<Record<string, Settings>> = {
  unknown: { aws: undefined, cluster: { context: "kind-orders" } },
  room: { aws: undefined, cluster: { context: "kind-orders", allocatable: { zones: { a: 4, b: 4, c: 4 }, cpu: 32, memory: "128Gi" } } },
  crowded: { aws: undefined, cluster: { context: "kind-orders", allocatable: { zones: { a: 1 }, cpu: 2, memory: "4Gi" } } },
  shared: { aws: undefined, cluster: { context: "kind-orders", shared: true } },
  aws: { cluster: { nodes: 6, node: { cpu: 16, memory: "64Gi", storage: "100Gi" } } },
};

const image = "registry.example.com/orders/app:1.0.0";

/** Something with its name. */
type Named<T> = T & { readonly name: string };

interface Context {
  readonly stores: readonly Named<{ readonly kind: string }>[];
  readonly services: readonly Named<{ readonly slots: boolean; readonly domain: string }>[];
  readonly domain: string;
  readonly hasProjections: boolean;
}

/** The environment of a plan. */
function environmentOf({ place, stores: drawn, domains: domainPlans, monitored, projects }: Plan) {
  const lacking = ["kurrentdb", "postgres"].filter((of) => !drawn.some((one) => kindOf(STORES[one.of] ?? {}) === kindOf(STORES[of] ?? {})));
  const projected = projects && domainPlans.some(({ workloads }) => workloads.some(({ kind }) => kind === "projection"));
  const more = projected && drawn.length + lacking.length <= 3 ? lacking.map((of) => ({ style: 0, of, managed: 0 })) : [];
  const storePlans = [...drawn, ...more];
  let number = 0;
  const taken = new Set<string>();
  const named = <T extends { readonly style: number }>(kind: string, item: T): Named<T> => {
    number += 1;
    const wanted = nameOf(kind, number, item.style, [...taken].at(-1 - (item.style % 5)));
    const name = taken.has(wanted) ? `${kind}${number}` : wanted;
    taken.add(name);
    return { ...item, name };
  };
  const stores = storePlans.map((one) => {
    const own = STORES[one.of] as Settings;
    const kind = kindOf(own);
    const settings = (place === "aws" && one.managed > 0 && MANAGED[kind]?.[one.managed - 1]) || own;
    return { ...named("s", one), settings, kind };
  });
  const domains = domainPlans
    .map((one) => ({ ...named("d", one) }))
    .map((domain) => ({
      ...domain,
      workloads: domain.workloads.map((one, index) => (domain.namesake && index === 0 ? { ...one, name: domain.name } : named("w", one))),
    }));
  const has = (kind: string) => stores.some((store) => store.kind === kind);
  const settled = domains.map((domain) => ({
    ...domain,
    workloads: domain.workloads.map((one) => ({
      ...one,
      kind: one.kind === "projection" && !(has("event-store") && has("postgres") && one.name.length <= 38) ? "worker" : one.kind,
    })),
  }));
  const services = settled.flatMap(({ name: domain, workloads }) =>
    workloads.flatMap(({ kind, name, slots, exposed }) => (kind === "service" ? [{ name, domain, slots: slots && exposed !== "" }] : [])),
  );
  const used = new Set<string>();
  const written = settled.map((domain, index): readonly [string, Settings] => {
    const hasProjections = domain.workloads.some(({ kind }) => kind === "projection");
    const context: Context = { stores, services, domain: domain.name, hasProjections };
    const last = index === settled.length - 1;
    const members: Record<string, Record<string, Settings>> = {};
    domain.workloads.forEach((one, at) => {
      const uses = usesOf(one, context);
      for (const { store } of uses) used.add(store);
      // Nobody else has come to use them.
      const left =
        last && at === domain.workloads.length - 1
          ? stores.filter(({ name }) => !used.has(name)).map((store) => ({ store: store.name, ...ownVariables(store) }))
          : [];
      const place = `${one.kind}s`;
      members[place] = { ...members[place], [one.name]: memberOf(one, context, [...uses, ...left]) };
    });
    const { after, trafficAfter, defaults } = domain;
    const earlier = settled.slice(0, index).map(({ name }) => name);
    const exposed = domain.workloads.some(({ kind, exposed: said }) => kind === "service" && said !== "");
    return [
      domain.name,
      {
        ...(after === "none" ? { after: [] } : after === "first" && earlier[0] ? { after: [earlier[0]] } : {}),
        ...(trafficAfter && exposed && settled.length > 1 ? { trafficAfter: [settled[(index + 1) % settled.length]?.name] } : {}),
        ...(defaults ? { env: { REGION: "eu" }, secrets: { OF_DOMAIN: "jwt" }, labels: { team: "a" } } : {}),
        ...members,
      },
    ];
  });
  return anEnvironment({
    size: "small",
    ...PLACES[place],
    ...(stores.length > 0 ? { stores: Object.fromEntries(stores.map(({ name, settings }) => [name, settings])) } : {}),
    domains: Object.fromEntries(written),
    // Environments that share a cluster have its Prometheus.
    ...(monitored
      ? { monitoring: place === "shared" ? { prometheus: { namespace: "monitoring" } } : { prometheus: true, tracing: true } }
      : {}),
    exceptions: { disposable: "a test" },
  });
}

const ROLES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "event-store": [undefined, "commands", "subscriptions"],
  postgres: [undefined, "migrator", "writer", "reader"],
};

const URLS: Readonly<Record<string, string>> = {
  "event-store": "EVENT_STORE_URL",
  postgres: "DATABASE_URL",
  redis: "REDIS_URL",
  broker: "NATS_URL",
};

/** Variables that no other connection has. */
function ownVariables({ name, kind }: { readonly name: string; readonly kind: string }) {
  return { variables: { [`OWN_${name}`.toUpperCase().replaceAll("-", "_")]: `{${URLS[kind]}}` } };
}

interface Use {
  readonly store: string;
  readonly as?: string;
}

function usesOf({ kind, uses }: WorkloadPlan, { stores }: Context): readonly Use[] {
  const found = new Map<string, Use>();
  if (kind === "projection") {
    for (const [of, as] of [
      ["event-store", "subscriptions"],
      ["postgres", "writer"],
    ] as const) {
      const all = stores.filter((store) => store.kind === of);
      const { name: store = "" } = all[(uses[0]?.store ?? 0) % all.length] ?? {};
      found.set(store, { store, as });
    }
  }
  for (const { store: index, as: role, renamed } of uses) {
    const store = stores[index % Math.max(1, stores.length)];
    if (!store || found.has(store.name)) continue;
    const roles = ROLES[store.kind] ?? [undefined];
    const as = kind === "projection" && store.kind === "postgres" ? "reader" : roles[role % roles.length];
    if (kind === "projection" && store.kind === "event-store") continue;
    const twin = [...found.keys()].some((name) => stores.some((one) => one.name === name && one.kind === store.kind));
    const variables = renamed || (twin && store.kind !== "postgres") ? ownVariables(store) : {};
    found.set(store.name, { store: store.name, ...(as ? { as } : {}), ...variables });
  }
  return [...found.values()];
}

const FURTHER: Readonly<Record<string, number>> = { broker: 5050, x: 9090, "grpc-web-long-n": 8080 };

function memberOf(one: Named<WorkloadPlan>, context: Context, uses: readonly Use[]): Settings {
  const { kind, name } = one;
  const secrets = one.secrets.map(({ name: secret, provided, file }, index) => {
    const written = provided ? { secret: `own-${SECRETS[secret]?.slice(0, 36)}`, key: "key" } : SECRETS[secret];
    return { file, at: file ? `/run/secrets/${index}` : `SECRET_${index}`, written };
  });
  const given = (file: boolean) =>
    Object.fromEntries(secrets.filter((secret) => secret.file === file).map(({ at, written }) => [at, written]));
  const called = new Set<string>();
  const calls = one.calls.flatMap(({ service: index, renamed }) => {
    const service = context.services[index % Math.max(1, context.services.length)];
    if (!service || service.slots || service.name === name || called.has(service.name)) return [];
    if (kind === "job" && one.when === "before" && service.domain === context.domain) return [];
    called.add(service.name);
    return [renamed ? { service: service.name, variables: { [`TO_${called.size}`]: "{host}:{port}" } } : service.name];
  });
  const slots = kind === "service" && one.slots && one.exposed !== "";
  const common = {
    ...(slots ? {} : { image }),
    ...(uses.length > 0 ? { uses } : {}),
    ...(calls.length > 0 ? { calls } : {}),
    ...(one.egress.length > 0
      ? { egress: one.egress.map(({ host, ports }) => ({ host: HOSTS[host], ...(PORTS[ports] ? { ports: PORTS[ports] } : {}) })) }
      : {}),
    ...(secrets.some(({ file }) => !file) ? { secrets: given(false) } : {}),
    ...(secrets.some(({ file }) => file) ? { secretFiles: given(true) } : {}),
    ...(one.extras
      ? {
          env: { PRICE: "$(5)" },
          files: { "/app/settings.json": "{}" },
          scratch: { "/cache": "64Mi" },
          sidecars: [{ name: "side", image, connected: true }],
          pullSecrets: ["registry"],
        }
      : {}),
  };
  if (kind === "job") {
    const before = one.when === "before";
    return {
      ...common,
      when: one.when === "schedule" ? { schedule: "30 2 * * *" } : one.when,
      ...(before && one.per && context.hasProjections && uses.some(({ as }) => as === "migrator") ? { per: "slot" } : {}),
      ...(before && one.down ? { down: { command: ["undo"] } } : {}),
    };
  }
  if (kind === "projection") {
    return {
      ...common,
      workers: 2,
      parallelism: 2,
      ...(one.twoSlots ? { readModel: { slots: { a: { partitions: 4 }, b: { partitions: 8 } }, live: "b" } } : {}),
      ...(one.health ? { health: { port: 9000, path: "/healthz", lag: "behind" } } : {}),
      ...(one.progress ? { reportsProgress: true } : {}),
    };
  }
  const replicas = one.volumes ? 1 : one.scaled && !(kind === "worker" && one.partitions) ? { min: 1, max: 2 } : 2;
  const followed = context.stores.filter((store) => store.kind === "postgres" || store.kind === "broker")[0];
  const scaleOn =
    one.signal && followed && typeof replicas === "object"
      ? {
          scaleOn:
            followed.kind === "broker"
              ? { broker: { stream: "orders", consumer: "app", targetPerReplica: 10 } }
              : { readDatabase: { database: followed.name, query: "SELECT 1", targetPerReplica: 10 } },
        }
      : {};
  const volumes = one.volumes ? { volumes: { "/data": { size: "1Gi" } } } : {};
  if (kind === "worker") {
    return {
      ...common,
      ...scaleOn,
      replicas,
      ...(one.health ? { health: { port: 9000, ...(one.tcp ? {} : { path: "/healthz" }) } } : {}),
      ...(one.partitions && !one.volumes ? { partitions: 4 } : volumes),
    };
  }
  const port = one.port ?? 8080;
  const servicePort = one.servicePort ?? port;
  const ports = one.ports.filter((key) => FURTHER[key] !== port && FURTHER[key] !== servicePort);
  const tcp = one.tcp && one.exposed === "";
  const made = { ...common, ...(slots ? {} : volumes) };
  return {
    ...made,
    ...(typeof replicas === "object" && !(slots && one.volumes) ? scaleOn : {}),
    replicas: slots && one.volumes ? 2 : replicas,
    ...(one.port ? { port } : {}),
    ...(one.servicePort ? { servicePort } : {}),
    ...(ports.length > 0 ? { ports: Object.fromEntries(ports.map((key) => [key, FURTHER[key]])) } : {}),
    ...(one.publicPorts && ports[0] && !slots ? { publicPorts: [ports[0]] } : {}),
    ...(tcp ? { health: "tcp", ...(one.publicPorts && !one.servicePort ? { publicPorts: ["tcp"] } : {}) } : {}),
    ...(one.exposed === "paths" || one.exposed === "both" ? { paths: [`/${name}`] } : {}),
    ...(one.exposed === "hosts" || one.exposed === "both" ? { hosts: [`${name}.orders.example.com`] } : {}),
    ...(slots ? { release: "blue-green", slots: { blue: image, green: image }, live: "blue" } : {}),
  };
}

/** Systems in the general form, as environments. */
export const systems = plan.map(environmentOf);
