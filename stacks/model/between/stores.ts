import { eventSourcingDbSecrets, isOfStandardProjection } from "../../../constructs/event-store";
import type { DraftEnvironment, Finding, Rule } from "../check/finding";
import { step } from "../check/paths";
import { eventServerName, outputName, readDatabaseName } from "../derive/servers";
import { eventsAreKept } from "./acknowledged-events";
import { isTaken } from "./names";

/** What must hold between the stores of one environment, and between them and the rest of it. */
export const storeRules: readonly Rule[] = [
  managedStoresHaveAws,
  insecureIsForOneMachine,
  eventsAreKept,
  eventSourcingDbIsLicensed,
  serversHaveNames,
  systemStreamsAreFilled,
  eventsAreReached,
  brokerIsReached,
];

const MANAGED = ["kurrent-cloud", "elasticache", "aurora", "rds"];

function managedStoresHaveAws(environment: DraftEnvironment): Finding[] {
  if (environment.aws) return [];
  const { eventStore, cache } = environment;
  const engines: readonly (readonly [keys: readonly string[], engine: string | undefined])[] = [
    [["eventStore", "engine"], eventStore?.engine],
    [["cache", "engine"], cache?.engine],
    ...serversOf(environment).map(({ keys, engine }) => [[...keys, "engine"], engine] as const),
  ];
  return engines
    .filter(([, engine]) => engine !== undefined && MANAGED.includes(engine))
    .map(([keys, value]) => ({
      keys,
      value,
      rule: "lives on AWS, and the environment has no aws",
      remedy: "add aws, or choose one that runs on the cluster itself",
    }));
}

/** Without TLS and users whoever reaches an event store may do everything: only its own machine may. */
function insecureIsForOneMachine({ eventStore, aws, exceptions, size }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrentdb" || eventStore.insecure !== true) return [];
  const found = (rule: string, remedy: string): Finding[] => [{ keys: ["eventStore", "insecure"], value: true, rule, remedy }];
  if (aws) return found("lets in whoever reaches it, and the environment is on AWS", "leave it out");
  if (!("disposable" in (exceptions ?? {}))) {
    return found(
      "lets in whoever reaches it, and the environment keeps what it has",
      "leave it out, or say in exceptions.disposable why nothing here is kept",
    );
  }
  const { nodes = (eventStore.size ?? size) === "small" ? 1 : 3 } = eventStore;
  return nodes > 1 ? found(`lets in whoever reaches it, and ${nodes} nodes are on no single machine`, "leave it out, or use 1 node") : [];
}

/** Events that an unlicensed EventSourcingDB accepts (the vendor's limit for evaluation). */
const EVALUATION_EVENTS = 25_000;

function eventSourcingDbIsLicensed({ eventStore, exceptions, size }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "eventsourcingdb") return [];
  const { licence } = eventStore;
  if (licence) {
    const { secret } = licence as { readonly secret?: string };
    return secret !== undefined && (eventSourcingDbSecrets().includes(secret) || Object.hasOwn(TAKEN, secret))
      ? [
          {
            keys: ["eventStore", "licence", "secret"],
            value: secret,
            rule: "is a secret that the platform makes",
            remedy: "choose another name",
          },
        ]
      : [];
  }
  const large = (eventStore.size ?? size) === "large";
  if ("licence" in eventStore || ("disposable" in (exceptions ?? {}) && !large)) return [];
  return [
    {
      keys: ["eventStore", "licence"],
      rule: `is required ${large ? "for the size large" : "in a protected environment"}: without one EventSourcingDB stops accepting events after ${EVALUATION_EVENTS.toLocaleString("en")}`,
      remedy: "write licence: { secret, flag }, as docs/secrets.md has it, or choose another engine",
    },
  ];
}

/** Streams by category and type are written by projections of the store. KurrentDb itself looks at its own. */
function systemStreamsAreFilled({ eventStore }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrent-cloud" || (eventStore.projections ?? "off") !== "off") return [];
  const { persistentSubscriptions = [], systemStreams = [] } = eventStore;
  const read = [
    ...persistentSubscriptions.map((one, index) => [["persistentSubscriptions", index, "stream"], one?.stream] as const),
    ...systemStreams.map((stream, index) => [["systemStreams", index], stream] as const),
  ];
  return read
    .filter(([, stream]) => isOfStandardProjection(stream ?? ""))
    .map(([keys, value]) => ({
      keys: ["eventStore", ...keys.map(String)],
      value,
      rule: "stays empty, because no projection fills it",
      remedy: 'set eventStore.projections to "system"',
    }));
}

/** What else has a name where servers of PostgreSQL have theirs: among Services, objects, secrets and security groups. */
const TAKEN: Readonly<Record<string, string>> = {
  namespace: "a namespace",
  cache: "the cache",
  broker: "the broker",
  events: "the tables of events",
  nodes: "the nodes of a cluster",
  "write-nodes": "the nodes of a cluster",
  "read-nodes": "the nodes of a cluster",
  api: "a control plane",
  "write-api": "a control plane",
  "read-api": "a control plane",
  "deploy-runners": "the runners of pipelines",
  "aws-endpoints": "the endpoints of AWS services",
  "kurrent-cloud": "the network of a vendor",
  "cache-users": "the users of the cache",
  "cache-password": "the job that tells the cache its password",
  "broker-users": "the users of the broker",
  "grafana-admin": "the administrator of Grafana",
  "field-keys": "the keys of fields",
  "event-store-authority": "the authority of the event store",
};

/** What a server's own name is followed by in the names of what belongs to it. */
const BESIDE = ["roles", "events", "administrator", "migrator", "writer", "reader"];

function serversHaveNames(environment: DraftEnvironment): Finding[] {
  const servers = serversOf(environment);
  return servers.flatMap(({ keys, name, said }, index): Finding[] => {
    const found = (rule: string): Finding[] => [
      {
        keys: said ? [...keys, "name"] : keys,
        ...(said ? { value: name } : {}),
        rule,
        remedy: said ? "choose another" : "name it otherwise",
      },
    ];
    const taken = Object.hasOwn(TAKEN, name) ? TAKEN[name] : isTaken(name, environment.name) ? "a part of the platform" : undefined;
    if (taken) return found(`is taken by ${taken}`);
    const twin = servers.slice(0, index).find((before) => outputName(before.name) === outputName(name));
    // Two read databases of one name are told so among all roles. Outputs of stacks can't tell orders-1 from orders1.
    if (twin && !(twin.name === name && twin.keys[0] === keys[0])) {
      return found(
        said ? `can't be told from ${twin.name} of ${twin.keys.reduce(step)}` : `is called ${name}, and so is ${twin.keys.reduce(step)}`,
      );
    }
    const owner = servers.find((other) => BESIDE.some((end) => name === `${other.name}-${end}`));
    if (owner) return found(`is taken by something of the server ${owner.name}`);
    // Its users and keys are secrets in the same stack.
    return name.startsWith("event-store-") ? found("is taken by something of the event store") : [];
  });
}

interface Server {
  readonly keys: readonly string[];
  readonly engine: string | undefined;
  readonly name: string;

  /** Whether somebody named it. */
  readonly said: boolean;
}

/** Every server of PostgreSQL that an environment describes. */
function serversOf({ eventStore, readDatabase }: DraftEnvironment): readonly Server[] {
  type Settings = { readonly engine?: string; readonly name?: string } | undefined;
  const one = (keys: readonly string[], settings: Settings, name: string): Server => ({
    keys,
    engine: settings?.engine,
    name,
    said: settings?.name !== undefined,
  });
  const several = Array.isArray(readDatabase);
  const databases = (several ? readDatabase : readDatabase === undefined ? [] : [readDatabase]) as readonly Settings[];
  return [
    ...(eventStore?.engine === "postgres" ? [one(["eventStore", "server"], eventStore.server, eventServerName(eventStore.server))] : []),
    ...databases.map((settings, index) =>
      one(several ? ["readDatabase", String(index)] : ["readDatabase"], settings, readDatabaseName(settings)),
    ),
  ];
}

/** Engines that are known inside their cluster alone: KurrentDB's nodes have names outside of it as well. */
const WITHIN = ["eventsourcingdb", "cloudnative-pg"];

/** Projections run on the read side's cluster, and events are kept on the write side's or outside of both. */
function eventsAreReached({ eventStore, projections, writeCluster, readCluster }: DraftEnvironment): Finding[] {
  if (!eventStore?.engine || !projections || !writeCluster || !readCluster) return [];
  const [keys, engine] =
    eventStore.engine === "postgres"
      ? [["eventStore", "server", "engine"], eventStore.server?.engine]
      : [["eventStore", "engine"], eventStore.engine];
  if (engine === undefined) return [];
  const found = (rule: string, remedy: string): Finding[] => [{ keys, value: engine, rule, remedy }];
  if (WITHIN.includes(engine)) {
    return found(
      "runs on writeCluster, and projections on readCluster have no way into it",
      "use an engine outside of clusters, or one cluster for both sides",
    );
  }
  const [existing] = Object.entries({ writeCluster, readCluster }).filter(([, cluster]) => "context" in cluster);
  // Through a zone and through Secrets Manager, which an existing cluster has no part in.
  return existing
    ? found(
        `has names and passwords that don't get to projections on readCluster: ${existing[0]} exists already`,
        "use one cluster for both sides, or have both made",
      )
    : [];
}

function brokerIsReached({ broker, writeCluster, readCluster }: DraftEnvironment): Finding[] {
  if (!broker || !writeCluster || !readCluster) return [];
  return [
    {
      keys: ["broker"],
      rule: "runs on readCluster, which workloads of writeCluster have no way into",
      remedy: "write one cluster for both, or leave it out: what happened on the write side is told by events",
    },
  ];
}
