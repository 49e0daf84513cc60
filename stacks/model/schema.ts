import { createPublicKey } from "node:crypto";
import { closest, distance } from "fastest-levenshtein";
import * as v from "valibot";
import { generationNames } from "../../constructs/cluster";
import type { Problem } from "../../constructs/core/errors";
import { namePartProblem } from "../../constructs/core/names";
import { bytes, millicores, type Reading, seconds } from "../../constructs/core/quantities";
import { KUBERNETES, KURRENT_CLOUD_VERSIONS, KURRENTDB, POSTGRES } from "../../constructs/core/versions";
import type { EdgeBypass, EdgeRateLimit } from "../../constructs/edge";
import type { PersistentSubscription, SubscriptionFilter } from "../../constructs/event-store";
import { imageProblem } from "../../constructs/kubernetes";
import { retentionProblem } from "../../constructs/logs";
import { REGIONS } from "../../constructs/network";
import type { Probes } from "../../constructs/workload";
import {
  type Access,
  type Account,
  type AuroraSettings,
  type Aws,
  type Backup,
  type BackupSchedule,
  type CloudFrontSettings,
  type CloudflareSettings,
  type CloudNativePgSettings,
  type ElastiCacheSettings,
  type Environment,
  type EventSourcingDbLicence,
  type EventSourcingDbSettings,
  EXCEPTIONS,
  EXISTING_PARTS,
  type ExistingCluster,
  type ExistingNetwork,
  type FilledSlot,
  type Health,
  type KurrentCloudSettings,
  type KurrentDbSettings,
  type Migrations,
  type Monitoring,
  type NatsSettings,
  type NewCluster,
  type NodeSize,
  type OwnNetwork,
  type PostgresEventsSettings,
  type Processors,
  type Projections,
  type QueryApi,
  type RdsSettings,
  type ReadModelSettings,
  type Release,
  type Room,
  type ScaleOn,
  type Service,
  type SlotSettings,
  type TokensOfOneKey,
  type TokensOfPublishedKeys,
  type ValkeySettings,
  type Workload,
  type WorkloadRelease,
} from "./environment";
import { SLOTS, type WORKLOADS, wouldRunTwice } from "./release";

/*
 * What an environment may look like, value by value: the types of `environment.ts` once more, for input that
 * no compiler has seen, and finer than types can be. Every message is `rule; remedy`.
 */

type Schema = v.GenericSchema<unknown, unknown>;

/** Each key of the type has its schema, and no other: the compiler keeps the two files together. */
type Entries<T> = { readonly [Key in keyof T]-?: Schema };

/** What a schema is made of: its entries by key, or its variants by a word in parentheses. */
const PARTS = new WeakMap<Schema, Readonly<Record<string, Schema>>>();

function madeOf(parts: Readonly<Record<string, Schema>>, schema: Schema): Schema {
  PARTS.set(schema, parts);
  return schema;
}

/** Every setting that a schema has, by its path: `.eventStore(kurrentdb).backup.every`. What tells variants apart is not one. */
export function settingsOf(schema: Schema): readonly string[] {
  const inner = "wrapped" in schema ? (schema.wrapped as Schema) : schema;
  const parts = PARTS.get(inner);
  if (!parts) return inner === told ? [] : [""];
  return Object.entries(parts).flatMap(([key, part]) => settingsOf(part).map((path) => (/^[([]|^$/.test(key) ? key : `.${key}`) + path));
}

/** Only what was written as `{ … }`, without the keys by which JavaScript itself would be meant. */
function plain(schema: Schema): Schema {
  const refusal = value(() => ({ rule: "is no group of settings", remedy: "write { … }" }));
  return v.lazy((input) => (isPlain(input) ? schema : refusal));
}

function isPlain(input: unknown): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  // An object of a class, like a Date or a Map, has one prototype more than `{ … }`, of whatever realm that is.
  const prototype = Object.getPrototypeOf(input);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return !["__proto__", "constructor", "prototype"].some((key) => Object.hasOwn(input, key));
}

function object<T extends object>(entries: Entries<T>): Schema {
  const known = Object.keys(entries);
  const schema = v.looseObject(entries as Record<string, Schema>, (issue) => {
    const key = issue.path?.at(-1)?.key;
    return `is missing; ${remedyOf(entries[key as keyof T])}`;
  });
  const misspelt = v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    const input = dataset.value;
    for (const key of Object.keys(input as object).filter((name) => !known.includes(name))) {
      const path = [{ type: "object", origin: "key", input, key, value: undefined }] as [v.ObjectPathItem];
      addIssue({ message: `is no setting here; ${suggestion(key, known)}`, path, input: undefined });
    }
  });
  return madeOf(entries, plain(v.pipe(schema, misspelt) as unknown as Schema));
}

function optional(schema: Schema): Schema {
  return v.optional(schema);
}

/** Checks a value with a function that says what is wrong with it, if anything is. */
function value(problem: (input: unknown) => { rule: string; remedy: string } | undefined): Schema {
  const said = (input: unknown) => {
    const found = problem(input);
    return found && `${found.rule}; ${found.remedy}`;
  };
  return v.custom(
    (input) => said(input) === undefined,
    (issue) => said(issue.input) ?? "",
  );
}

function text(pattern: RegExp, rule: string, remedy: string): Schema {
  return value((input) => (typeof input === "string" && pattern.test(input) ? undefined : { rule, remedy }));
}

function whole(min: number, max: number, why = ""): Schema {
  const remedy =
    max === Number.POSITIVE_INFINITY ? `use a whole number of ${min} or more` : `use a whole number from ${min} to ${max}${why}`;
  return value((input) =>
    Number.isInteger(input) && (input as number) >= min && (input as number) <= max ? undefined : { rule: "is not possible here", remedy },
  );
}

function choice(names: readonly string[], what: string): Schema {
  return value((input) =>
    names.includes(input as string)
      ? undefined
      : { rule: `is no ${what}`, remedy: suggestion(typeof input === "string" ? input : "", names) },
  );
}

function quantity(read: (input: unknown) => Reading): Schema {
  return value((input) => {
    const reading = read(input);
    return typeof reading === "number" ? undefined : reading;
  });
}

const DAY = 86_400;

/** A time that a pod takes, or is asked in: fields of Kubernetes have 32 bits, and nothing of them waits for a day. */
const moment = quantity((input) => {
  const reading = seconds(input);
  return typeof reading === "number" && reading > DAY ? { rule: "is longer than a day", remedy: 'use up to "24h"' } : reading;
});

const flag = value((input) => (typeof input === "boolean" ? undefined : { rule: "is neither on nor off", remedy: "use true or false" }));

function list(schema: Schema, remedy: string): Schema {
  const several = v.pipe(v.array(schema, `is no list; ${remedy}`), v.minLength(1, `is empty; ${remedy}`));
  // A list of single values is one setting.
  return PARTS.has(schema) ? madeOf({ "[]": schema }, several as unknown as Schema) : (several as unknown as Schema);
}

function oneOrMore(schema: Schema): Schema {
  const several = list(schema, "write one or several { … }");
  return madeOf(
    { "": schema },
    v.lazy((input) => (Array.isArray(input) ? several : schema)),
  );
}

/** One of several shapes, told apart by a key that only one of them has. */
function either(key: string, having: Schema, lacking: Schema): Schema {
  return madeOf(
    { [`(${key})`]: having, [`(no ${key})`]: lacking },
    v.lazy((input) => (typeof input === "object" && input !== null && key in input ? having : lacking)),
  );
}

/** One of several engines, told apart by the setting `engine`. */
function engines(table: Readonly<Record<string, Schema>>): Schema {
  return kinds("engine", "engine here", table);
}

/** One of several kinds, told apart by a setting. */
function kinds(setting: string, what: string, table: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(table);
  const none = v.looseObject({ [setting]: choice(names, what) }, `is missing; use one of ${names.join(", ")}`) as unknown as Schema;
  const named = v.lazy((input) => table[names.find((name) => name === (input as Record<string, unknown>)[setting]) ?? ""] ?? none);
  return madeOf(Object.fromEntries(names.map((name) => [`(${name})`, table[name] as Schema])), plain(named));
}

/** What tells variants apart: the table that they are in has its values. */
const told = v.string();

/** Characters. Nobody means a name by more, and comparing takes as long as both are together. */
const LONGEST_SLIP = 80;

/** The nearest name where one is near, or all of them. */
export function suggestion(input: string, names: readonly string[]): string {
  const near = input.length > LONGEST_SLIP ? undefined : closest(input, names as string[]);
  // Two slips of the keyboard, or one in three characters of a long word.
  return near !== undefined && distance(input, near) <= Math.max(2, input.length / 3)
    ? `did you mean "${near}"?`
    : `use one of ${names.join(", ")}`;
}

function remedyOf(schema: Schema | undefined): string {
  const issue = schema && v.safeParse(schema, undefined).issues?.[0];
  return issue?.message.split("; ").slice(1).join("; ") || "add it";
}

const reference = value(imageProblem);

/** It may stand in the release file instead. */
const image = optional(reference);

const nameOf = (most: number) =>
  text(
    new RegExp(`^(?=.{1,${most}}$)[a-z]([a-z0-9-]*[a-z0-9])?$`),
    "is no name",
    `use up to ${most} lower-case letters, digits and hyphens, beginning with a letter`,
  );

const name = nameOf(40);

const part = value((input) =>
  typeof input === "string" ? namePartProblem(input) : { rule: "is no name", remedy: "use lower-case letters, digits and hyphens" },
);

const region = choice(Object.keys(REGIONS), "region that the platform knows");

const account = text(/^\d{12}$/, "is no account", 'write its twelve digits in quotes, like "111122223333"');

const domain = text(
  /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  "is no domain",
  "write one like orders.example.com",
);

const zone = text(/^[A-Z0-9]{1,32}$/, "is no id of a hosted zone", "copy it from Route 53, like Z0123456789ABCDEFGHIJ");

const https = text(/^https:\/\/[^\s/]+(\/\S*)?$/, "is no address that can be trusted", "write one that begins with https://");

const anything = text(/\S/, "says nothing", "write a word or more");

const fixed = value((count) =>
  Number.isInteger(count) && (count as number) >= 1 && (count as number) <= 1000
    ? undefined
    : { rule: "is no number of instances", remedy: "use a whole number from 1 to 1000, or { min, max }" },
);
const scaled = object<{ min: number; max: number }>({ min: whole(1, 1000), max: whole(1, 1000) });

const replicas: Schema = madeOf(
  { "(fixed)": fixed, "(scaled)": scaled },
  v.lazy((input) => (isPlain(input) ? scaled : fixed)),
);

const nodeSize = object<NodeSize>({
  cpu: quantity(millicores),
  memory: quantity(bytes),
  storage: quantity(bytes),
  architecture: optional(choice(["amd64", "arm64"], "architecture that Kubernetes runs on here")),
  without: optional(
    list(
      choice([...generationNames("amd64"), ...generationNames("arm64")], "generation of instances that nodes are made of"),
      "name the generations that a zone has not",
    ),
  ),
});

const version = choice(Object.keys(KUBERNETES), "version of Kubernetes that the platform knows");

const records = (schema: Schema, key: Schema = v.string()) =>
  madeOf({ "*": schema }, plain(v.record(key as v.GenericSchema<string, string>, schema) as unknown as Schema));

const cluster = either(
  "context",
  object<ExistingCluster>({
    context: anything,
    kubeconfig: optional(
      text(/^(~?[/\\]|[A-Za-z]:[/\\])/, "is looked for where Terraform runs, which is elsewhere", "write the whole path, or one from ~/"),
    ),
    storageClass: optional(anything),
    has: optional(list(choice(EXISTING_PARTS, "part that a cluster may have from elsewhere"), "name parts, or leave it out")),
    room: optional(
      object<Room>({
        zones: records(whole(1, 1000)),
        cpu: quantity(millicores),
        memory: quantity(bytes),
        pods: optional(whole(1, 1000)),
      }),
    ),
  }),
  object<NewCluster>({
    nodes: replicas,
    node: nodeSize,
    version: optional(version),
    nodeVersion: optional(version),
    support: optional(choice(["standard", "extended"], "kind of support")),
  }),
);

const principals = optional(list(anything, "name roles by their ARN, or leave it out"));

const schedule = object<BackupSchedule>({ every: quantity(seconds), keep: quantity(seconds) });

const written = value((input) => (typeof input === "string" ? undefined : { rule: "is no text", remedy: "write it in quotes" }));

const variables = records(
  written,
  text(/^[A-Za-z_][A-Za-z0-9_.-]*$/, "is no name of a variable", "use letters, digits and _, not beginning with a digit"),
);

const files = records(written, text(/^(\/[A-Za-z0-9._-]+)+$/, "is no path", "write an absolute one, like /app/settings.json"));

const command = list(anything, "write the program and its arguments, each in quotes");

const port = whole(1, 65_535);

const path = text(/^\/\S*$/, "is no path", "write one like /health");

const probe = optional(
  object<NonNullable<Probes["liveness"]>>({
    path: optional(path),
    port: optional(port),
    delay: optional(moment),
    every: optional(moment),
    timeout: optional(moment),
    failures: optional(whole(1, 1000)),
  }),
);

const percent = optional(whole(1, 100));

const withPort = (example: string) => text(/^https?:\/\/[^\s/:]+:\d+(\/\S*)?$/, "is no address with a port", `write one like ${example}`);

const natsName = text(/^[^\s.*>/\\]+$/, "is no name in NATS", "write one without spaces and . * > / \\");

const amount = value((input) =>
  typeof input === "number" && Number.isFinite(input) && input > 0
    ? undefined
    : { rule: "is no amount for one instance", remedy: "use a number above 0" },
);

const asked = { query: anything, each: amount };

const scaleOn = optional(
  object<ScaleOn>({
    cpu: percent,
    memory: percent,
    // NATS, naming of streams and consumers.
    broker: optional(object<NonNullable<ScaleOn["broker"]>>({ stream: natsName, consumer: natsName, each: whole(1, 1_000_000_000) })),
    eventStore: optional(object<NonNullable<ScaleOn["eventStore"]>>(asked)),
    readDatabase: optional(object<NonNullable<ScaleOn["readDatabase"]>>({ ...asked, database: optional(name) })),
    prometheus: optional(
      object<NonNullable<ScaleOn["prometheus"]>>({
        ...asked,
        server: withPort("http://prometheus.monitoring.svc:9090"),
        namespace: name,
      }),
    ),
  }),
);

const container = {
  name: optional(name),
  cpuLimit: optional(quantity(millicores)),
  grace: optional(moment),
  user: optional(whole(1, 2_147_483_647)),
  image,
  command: optional(command),
  cpu: optional(quantity(millicores)),
  memory: optional(quantity(bytes)),
  env: optional(variables),
  files: optional(files),
};

const health = { port, path };

const filledSlot = object<FilledSlot>({ partitions: whole(1, 10_000), image, migrations: image });

const workload = {
  ...container,
  probes: optional(object<Probes>({ startup: probe, readiness: probe, liveness: probe })),
  variables: optional(records(variables)),
  metrics: optional(object<NonNullable<Workload["metrics"]>>({ port, path: optional(path) })),
};

const tokens = { issuer: https, audience: anything };

const publicKey = value((input) => {
  const remedy = "write it as PEM, which begins with -----BEGIN PUBLIC KEY-----";
  const none = { rule: "is no public key", remedy };
  if (typeof input !== "string") return none;
  if (/PRIVATE KEY/.test(input))
    return { rule: "is a private key, which is its issuer's alone", remedy: "have it replaced, and write the public one" };
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----[^-]+-----END (RSA )?PUBLIC KEY-----\s*$/.test(input)) return none;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(input);
    if (asymmetricKeyType !== "rsa") return { rule: "signs nothing by RS256", remedy: "write a key of RSA" };
    return (asymmetricKeyDetails?.modulusLength ?? 0) < 2048
      ? { rule: "is too short to be trusted", remedy: "use one of 2048 bits or more" }
      : undefined;
  } catch {
    return none;
  }
});

const slotSettings = {
  slots: optional(object<NonNullable<SlotSettings["slots"]>>({ blue: image, green: image })),
  live: optional(choice(SLOTS, "slot")),
  weights: optional(object<NonNullable<SlotSettings["weights"]>>({ blue: whole(0, 100), green: whole(0, 100) })),
  preview: optional(flag),
};

const service = {
  ...workload,
  replicas,
  scaleOn,
  port: optional(port),
  health: optional(path),
  paths: optional(list(path, "write beginnings of paths, or leave it out")),
  maxBodySize: optional(quantity(bytes)),
  timeout: optional(quantity(seconds)),
  rateLimit: optional(
    object<NonNullable<Service["rateLimit"]>>({
      requests: text(/^[1-9]\d*\/[sm]$/, "is no rate", "write one like 100/s or 20/m"),
      burst: optional(whole(0, 100_000)),
    }),
  ),
  release: optional(choice(["rolling", "blue-green"], "way to release a service")),
  ...slotSettings,
};

/** Whoever asks for slots of what must be single hears why there are none. */
const single = (role: keyof typeof WORKLOADS) => ({
  release: optional(
    value((input) => (input === "rolling" ? undefined : { rule: wouldRunTwice(role), remedy: "leave it out: it is released by rolling" })),
  ),
});

const ids = (prefix: string) =>
  list(
    text(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `is no id of a ${prefix}`, `write one like ${prefix}-0a1b2c3d4e5f67890`),
    "name one for each zone",
  );

const network = either(
  "vpc",
  object<ExistingNetwork>({
    vpc: text(/^vpc-[0-9a-f]{8,17}$/, "is no id of a VPC", "write one like vpc-0a1b2c3d4e5f67890"),
    subnets: object<ExistingNetwork["subnets"]>({ public: ids("subnet"), private: ids("subnet"), data: ids("subnet") }),
  }),
  object<OwnNetwork>({
    cidr: optional(anything),
    zones: optional(list(anything, "name two or three zones")),
    // S3, bucket naming rules.
    readableBuckets: optional(
      list(
        text(/^(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no name of a bucket", "write one like quayio-production-s3"),
        "name buckets, or leave it out",
      ),
    ),
  }),
);

const retention = value((input) => {
  const reading = seconds(input);
  return typeof reading === "number" ? retentionProblem(reading / 86_400) : reading;
});

const size = choice(["small", "medium", "large"], "size of a system");

const scalar = value((input) =>
  ["string", "number", "boolean"].includes(typeof input)
    ? undefined
    : { rule: "is no single value", remedy: "write a text, a number, true or false" },
);

const server = {
  // Releases are called after its users: secret-<name>-administrator.
  name: optional(nameOf(32)),
  engine: told,
  size: optional(size),
  version: optional(choice(Object.keys(POSTGRES), "version of PostgreSQL that the platform knows")),
  parameters: optional(records(scalar)),
};

const off = v.literal(false);
const copied = object<Exclude<CloudNativePgSettings["synchronous"], false | undefined>>({
  standbys: whole(1, 24),
  durability: choice(["required", "preferred"], "durability"),
});

const synchronous: Schema = madeOf(
  { "(off)": off, "(on)": copied },
  v.lazy((input) => (input === false ? off : copied)),
);

/** A server of PostgreSQL. */
const postgres = engines({
  aurora: object<AuroraSettings>({ ...server, replicas: whole(0, 15, ", as many readers as Aurora has") }),
  rds: object<RdsSettings>({
    ...server,
    replicas: whole(0, 15, ", as many replicas as RDS has"),
    storage: optional(quantity(bytes)),
  }),
  "cloudnative-pg": object<CloudNativePgSettings>({
    ...server,
    instances: optional(whole(1, 25)),
    cpu: optional(quantity(millicores)),
    memory: optional(quantity(bytes)),
    storage: optional(quantity(bytes)),
    walStorage: optional(quantity(bytes)),
    synchronous: optional(synchronous),
    pooler: optional(flag),
  }),
});

const caching = {
  cache: quantity(seconds),
  bypass: optional(
    object<EdgeBypass>({
      headers: optional(
        list(text(/^[A-Za-z0-9-]+$/, "is no name of a header", "write one like x-tenant"), "name headers, or leave it out"),
      ),
      cookies: optional(list(text(/^[\w.-]+$/, "is no name of a cookie", "write one like session"), "name cookies, or leave it out")),
      paths: optional(
        list(text(/^\/[\w.~/*-]*$/, "is no path", "write one like /reports/*"), "name paths, * standing for anything, or leave it out"),
      ),
    }),
  ),
  rateLimit: optional(object<EdgeRateLimit>({ requests: whole(10, 2_000_000), per: quantity(seconds) })),
};

const cloudflareId = text(/^[0-9a-f]{32}$/, "is no id of Cloudflare", "copy its 32 hexadecimal digits from the overview of the zone");

const edge = kinds("provider", "edge that the platform knows", {
  cloudflare: object<CloudflareSettings>({
    provider: told,
    ...caching,
    account: cloudflareId,
    zone: object<CloudflareSettings["zone"]>({ id: cloudflareId, name: domain }),
    host: optional(domain),
    clientAuthority: optional(anything),
  }),
  cloudfront: object<CloudFrontSettings>({ provider: told, ...caching }),
});

const anyText = text(/^[^\p{Cc}]{1,1000}$/u, "is no text", "write up to 1000 characters on one line");
const someTexts = list(anyText, "name one or several");

/** What a store of KurrentDB's kind is told to keep for those who read events. */
const declared = {
  persistentSubscriptions: optional(
    list(
      object<PersistentSubscription>({
        stream: anyText,
        group: anyText,
        filter: optional(
          object<SubscriptionFilter>({
            streamPrefix: optional(someTexts),
            streamRegex: optional(anyText),
            eventTypePrefix: optional(someTexts),
            eventTypeRegex: optional(anyText),
          }),
        ),
        from: optional(choice(["start", "end"], "place to start from")),
        resolveLinks: optional(flag),
        strategy: optional(choice(["RoundRobin", "DispatchToSingle", "Pinned"], "strategy")),
        messageTimeout: optional(quantity(seconds)),
        maxRetries: optional(whole(0, 1000)),
        maxConsumers: optional(whole(0, 1000)),
        readBatch: optional(whole(1, 10_000)),
        buffer: optional(whole(2, 100_000)),
        maxCheckpoint: optional(whole(10, 100_000)),
      }),
      'write [{ stream: "$ce-order", group: "billing" }], or leave it out',
    ),
  ),
  systemStreams: optional(list(anyText, 'write ["$ce-order"], or leave it out')),
};

const redis = { size: optional(size), purpose: optional(choice(["cache", "store"], "purpose")) };

export const environmentSchema = object<Environment>({
  system: part,
  name: part,
  size: optional(size),
  aws: optional(
    object<Aws>({
      account,
      region,
      recoveryRegion: optional(region),
      domain,
      zone: optional(zone),
      network: optional(network),
      logRetention: optional(retention),
      tags: optional(
        records(value((input) => (typeof input === "string" ? undefined : { rule: "is no tag value", remedy: "write it in quotes" }))),
      ),
    }),
  ),
  standbyOf: optional(anything),
  cluster: optional(cluster),
  writeCluster: optional(cluster),
  readCluster: optional(cluster),
  access: optional(
    object<Access>({
      administrators: principals,
      deployers: principals,
      planners: principals,
      readers: principals,
      from: optional(list(anything, "name the networks that people and pipelines come from, or leave it out")),
    }),
  ),
  eventStore: optional(
    engines({
      "kurrent-cloud": object<KurrentCloudSettings>({
        engine: told,
        size: choice(["development", "production"], "size of Kurrent Cloud"),
        backup: schedule,
        network: optional(object<NonNullable<KurrentCloudSettings["network"]>>({ cidr: anything })),
        version: optional(choice(KURRENT_CLOUD_VERSIONS, "line of KurrentDB that Kurrent Cloud makes")),
        patch: optional(text(/^\d+\.\d+\.\d+$/, "is no patch of KurrentDB", "write one like 26.0.3")),
        projections: optional(choice(["off", "system", "user"], "set of projections that the store runs")),
        ...declared,
      }),
      kurrentdb: object<KurrentDbSettings>({
        engine: told,
        version: optional(choice(Object.keys(KURRENTDB), "line of KurrentDB that the platform knows")),
        size: optional(size),
        nodes: optional(whole(1, 5)),
        cpu: optional(quantity(millicores)),
        memory: optional(quantity(bytes)),
        storage: optional(quantity(bytes)),
        projections: optional(choice(["none", "system", "all"], "set of projections that the store runs")),
        standardProjections: optional(flag),
        ...declared,
        atomPub: optional(flag),
        options: optional(records(scalar)),
        insecure: optional(flag),
        backup: optional(schedule),
      }),
      postgres: object<PostgresEventsSettings>({ engine: told, server: postgres }),
      eventsourcingdb: object<EventSourcingDbSettings>({
        engine: told,
        size: optional(size),
        storage: optional(quantity(bytes)),
        licence: optional(
          object<EventSourcingDbLicence>({
            // Its release is called after it: secret-<name>.
            secret: nameOf(40),
            key: optional(text(/^[A-Za-z0-9._-]{1,253}$/, "can't be a key of a Secret", "use letters, digits, . _ and -")),
            flag: text(/^[a-z][a-z0-9-]{0,62}$/, "must be the name of a flag", "write it without its hyphens, like license-key"),
          }),
        ),
      }),
    }),
  ),
  release: optional(
    object<Release>({ of: anything, workloads: records(object<WorkloadRelease>({ image, previous: image, ...slotSettings })) }),
  ),
  commandApi: optional(oneOrMore(object<Service>(service))),
  commandProcessors: optional(
    oneOrMore(
      object<Processors>({ ...workload, ...single("commandProcessors"), replicas, scaleOn, health: optional(object<Health>(health)) }),
    ),
  ),
  queryApi: optional(
    oneOrMore(
      object<QueryApi>({
        ...service,
        edge: optional(edge),
      }),
    ),
  ),
  projections: optional(
    oneOrMore(
      object<Projections>({
        ...workload,
        // Workers are called after their slot as well: <name>-a.
        name: optional(nameOf(38)),
        ...single("projections"),
        workers: whole(1, 1000),
        parallelism: whole(1, 1000),
        partitions: optional(whole(1, 10_000)),
        database: optional(name),
        readModel: optional(
          object<ReadModelSettings>({
            slots: object<ReadModelSettings["slots"]>({ a: optional(filledSlot), b: optional(filledSlot) }),
            live: optional(choice(["a", "b"], "slot of a read model")),
            forced: optional(flag),
          }),
        ),
        health: optional(
          object<NonNullable<Projections["health"]>>({
            ...health,
            lag: optional(text(/^[A-Za-z0-9_-]+$/, "is no name of a field", "use letters, digits, _ and -")),
          }),
        ),
        tellsProgress: optional(flag),
      }),
    ),
  ),
  readDatabase: optional(oneOrMore(postgres)),
  migrations: optional(
    oneOrMore(
      object<Migrations>({
        ...container,
        ...single("migrations"),
        database: optional(name),
        per: optional(choice(["database", "slot"], "thing that is migrated once")),
        variables: optional(variables),
        within: optional(quantity(seconds)),
        down: optional(object<NonNullable<Migrations["down"]>>({ command, image })),
      }),
    ),
  ),
  cache: optional(
    engines({
      elasticache: object<ElastiCacheSettings>({
        engine: told,
        ...redis,
        shards: whole(1, 500),
        replicasPerShard: whole(0, 5, ", as many replicas as a shard has"),
      }),
      valkey: object<ValkeySettings>({ engine: told, ...redis, replicas: optional(whole(0, 5)), storage: optional(quantity(bytes)) }),
    }),
  ),
  broker: optional(
    engines({
      nats: object<NatsSettings>({
        engine: told,
        size: optional(size),
        purpose: optional(choice(["events", "messages"], "purpose")),
        servers: optional(whole(1, 5)),
        storage: optional(quantity(bytes)),
      }),
    }),
  ),
  monitoring: optional(
    object<Monitoring>({
      prometheus: optional(flag),
      grafana: optional(flag),
      elasticStack: optional(flag),
      telemetry: optional(
        object<NonNullable<Monitoring["telemetry"]>>({ endpoint: withPort("http://collector.monitoring.svc:4317"), namespace: name }),
      ),
    }),
  ),
  authentication: optional(
    either("publicKey", object<TokensOfOneKey>({ ...tokens, publicKey }), object<TokensOfPublishedKeys>({ ...tokens, jwks: https })),
  ),
  authorization: optional(records(list(anything, "name the roles that may"))),
  encryptedFields: optional(list(anything, "name the fields")),
  backup: optional(object<Backup>({ keep: optional(quantity(seconds)) })),
  mirror: optional(
    text(/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/, "is no registry", "write one like registry.example.com/mirror, without oci://"),
  ),
  exceptions: optional(
    object(
      Object.fromEntries(
        Object.keys(EXCEPTIONS).map((key) => [
          key,
          optional(text(/\S+\s+\S+/, "is no reason", "say in a sentence why that is right here")),
        ]),
      ),
    ),
  ),
});

export const accountSchema = object<Account>({
  system: part,
  id: account,
  region,
  github: optional(
    object<NonNullable<Account["github"]>>({
      repository: text(/^\w[\w.-]*\/\w[\w.-]*$/, "is no repository", "write owner/name"),
      subject: optional(
        text(
          /^repo:[\w.@-]+\/[\w.@-]+$/,
          "is no subject of GitHub's tokens",
          "write one like repo:owner/name, as the OIDC settings show it",
        ),
      ),
      providerExists: optional(flag),
    }),
  ),
});

/** Something that is wrong with the shape of a value, at keys of the value itself. */
export type ShapeProblem = Omit<Problem, "path"> & { readonly keys: readonly string[] };

/** What is wrong with the shape of a value. */
export function shapeProblems(schema: Schema, input: unknown): readonly ShapeProblem[] {
  const problems = (v.safeParse(schema, input).issues ?? []).map((issue): ShapeProblem => {
    const [said = "", ...remedy] = issue.message.split("; ");
    const rule = issue.kind === "schema" && issue.input === undefined ? "is missing" : said;
    return { keys: (issue.path ?? []).map(({ key }) => String(key)), value: issue.input, rule, remedy: remedy.join("; ") };
  });
  // A misspelt key is a missing one as well; one slip is said once.
  const meant = new Set(
    problems.flatMap(({ keys, remedy }) =>
      (/^did you mean "(.*)"\?$/.exec(remedy) ?? []).slice(1).map((key) => [...keys.slice(0, -1), key].join()),
    ),
  );
  return problems.filter(({ keys, rule }) => rule !== "is missing" || !meant.has(keys.join()));
}
