import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import { bytes, millicores } from "../../../constructs/core/quantities";
import { parseBlock } from "../../../constructs/network";
import type { Container, Probes, Scaling, Toleration, Volume } from "../../../constructs/workload";
import { choice, flag, list, moment, nameOr, object, optional, quantity, records, text, value, whole } from "../check/shape";
import {
  anything,
  command,
  filePath,
  files,
  image,
  name,
  nameOf,
  path,
  percent,
  port,
  variableName,
  variables,
  withPort,
  written,
} from "../common";

export interface Workload {
  /**
   * Its name.
   * @default - the role's: `command-api`, `command-processors`, `query-api`, `projections`, `migrations`; needed where several fill the role
   */
  readonly name?: string;

  /**
   * Image by version or digest; a floating tag is refused.
   * @default - what the release file says
   */
  readonly image?: string;

  /**
   * What it runs, and with which arguments.
   * @default - what its image says
   */
  readonly command?: readonly string[];

  /**
   * What an instance asks for.
   * @default "250m"
   */
  readonly cpu?: Cores;

  /**
   * What an instance asks for, and uses at most.
   * @default "512Mi"
   */
  readonly memory?: Bytes;

  /**
   * What an instance may use of CPU at most.
   * @default - as much as its node has to spare
   */
  readonly cpuLimit?: Cores;

  /**
   * How it is asked whether it is well: when first, how often, where. What is not said stays as it is.
   * @default - docs/workloads.md
   */
  readonly probes?: Probes;

  /**
   * How long it may take to end what it has begun once it is told to stop; then it is killed.
   * @default "30s" of an API, "60s" of all others
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * The user and group that it runs as, by number; never 0.
   * @default 65532, "nonroot" of distroless images
   */
  readonly user?: number;

  /**
   * Variables beside those that the platform gives. No secret belongs here.
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Files by their path, with their content. A change starts the instances anew. No secret belongs here.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /**
   * The variables by which it knows a backing service, by the service's name, in place of the platform's:
   * `{ "event-store": { EventStore__ConnectionString: "{EVENT_STORE_URL}" } }`.
   * @default - `EVENT_STORE_URL`, `DATABASE_URL`, `REDIS_URL`, `NATS_URL` and what goes with them
   */
  readonly variables?: Readonly<Record<string, Readonly<Record<string, string>>>>;

  /**
   * Arguments of its command.
   * @default - what its image says
   */
  readonly args?: readonly string[];

  /**
   * Memory that an instance requests, if that is less than it may use.
   * @default - `memory`, so that no node promises memory twice
   */
  readonly memoryRequest?: Bytes;

  /**
   * Stores that it uses, each by its name, or with the role that it has there and the variables by which it is told of it:
   * `["cache", { store: "postgres", as: "reader", variables: { DB: "{DATABASE_URL}" } }]`. Variables, certificates, network
   * policies in both directions and the wait until the store answers follow from it.
   * @default - none beyond what its role in the system uses
   */
  readonly uses?: readonly Use[];

  /**
   * Services that it calls, of any domain, by name. It is told their addresses, `GEOLOCATION_SERVICE_ADDRESS` for
   * `geolocation`, and both ends get their network policies.
   * @default - none
   */
  readonly calls?: readonly Call[];

  /**
   * What it reaches outside of the environment: `[{ host: "api.example.com", ports: [443] }]`.
   * @default - nothing
   */
  readonly egress?: readonly Egress[];

  /**
   * Secrets, by variable: a name (`{ JWT_SECRET: "jwt" }`) for one that the platform generates, or `{ secret, key }` for one that
   * you put into the environment's secret store.
   * @default - those of the stores that it uses
   */
  readonly secrets?: Readonly<Record<string, SecretUse>>;

  /**
   * Secrets as files, by path: `{ "/run/secrets/jwt": "jwt" }`. A change is seen after a restart.
   * @default - none
   */
  readonly secretFiles?: Readonly<Record<string, SecretUse>>;

  /**
   * Labels of its pods, in addition to the platform's.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Directories that it may write, by path, and how much each may hold. They end with the pod.
   * @default - `/tmp` with 256Mi
   */
  readonly scratch?: Readonly<Record<string, Bytes>>;

  /**
   * Containers in the same pod for as long as it runs.
   * @default - none
   */
  readonly sidecars?: readonly Container[];

  /**
   * Labels of the nodes that it runs on.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Taints of nodes that it tolerates.
   * @default - none
   */
  readonly tolerations?: readonly Toleration[];

  /**
   * Secrets of type `kubernetes.io/dockerconfigjson` in its namespace, by which its images are pulled.
   * @default - none: the nodes may pull them
   */
  readonly pullSecrets?: readonly string[];

  /**
   * Where Prometheus reads its metrics.
   * @default - of an API its own port, at `/metrics`; of all others nowhere
   */
  readonly metrics?: {
    readonly port: number;

    /** @default "/metrics" */
    readonly path?: string;
  };
}

/** A store that a workload uses. */
export type Use =
  | string
  | {
      readonly store: string;

      /**
       * As whom. Of an event store: `commands` appends and reads, `subscriptions` reads. Of PostgreSQL: `migrator` changes the
       * schema, `writer` writes, `reader` reads.
       * @default - "commands" of an event store ("subscriptions" of projections), "writer" of PostgreSQL
       */
      readonly as?: StoreRole;

      /**
       * The variables by which it is told of the store, in place of the platform's.
       * @default - `EVENT_STORE_URL`, `DATABASE_URL`, `REDIS_URL`, `NATS_URL` and what goes with them
       */
      readonly variables?: Readonly<Record<string, string>>;
    };

export type StoreRole = "commands" | "subscriptions" | "migrator" | "writer" | "reader";

/** A service that a workload calls. */
export type Call =
  | string
  | {
      readonly service: string;

      /**
       * The variables by which it is told of the service, with `{address}`, `{host}` and `{port}` for what they stand for.
       * @default - `<SERVICE>_SERVICE_ADDRESS`, which is `{address}`
       */
      readonly variables?: Readonly<Record<string, string>>;
    };

/** Something outside of the environment. */
export interface Egress {
  /**
   * Its name, `api.example.com`, its IPv4 addresses, `203.0.113.0/24`, or `internet`, if it may be anywhere. Network policies know
   * addresses only: with a name, the ports are open to every address outside of private networks.
   */
  readonly host: string;

  /** @default [443] */
  readonly ports?: readonly number[];
}

/** A secret that the platform generates, by its name; or one that you create, by its name and key in the environment's secret store. */
export type SecretUse =
  | string
  | {
      /** On EKS its name in Secrets Manager follows `<system>-<environment>-`; on an existing cluster it is a Secret of the namespace. */
      readonly secret: string;
      readonly key: string;
    };

/**
 * What an autoscaled workload follows: of several the one that asks for most. CPU and memory are in percent of what its
 * instances ask for; everything else is a number that grows with what there is to do, of which each instance is for so much.
 * docs/workloads.md says what becomes of it when it can't be read.
 */
export interface ScaleOn extends Pick<Scaling, "cpu" | "memory"> {
  /**
   * Messages that wait for a durable consumer of a stream of the broker: `{ stream: "commands", consumer: "processors", targetPerReplica: 100 }`.
   * @default - it is not looked at
   */
  readonly broker?: { readonly stream: string; readonly consumer: string; readonly targetPerReplica: number };

  /**
   * The answer of the event store, where it is PostgreSQL, to a query for one number, asked as one of its readers:
   * `{ query: "SELECT count(*) FROM …", targetPerReplica: 500 }`.
   * @default - it is not asked
   */
  readonly eventStore?: Asked;

  /**
   * The answer of a read database to a query for one number, asked as one of its readers.
   * @default - none is asked
   */
  readonly readDatabase?: Asked & {
    /**
     * The database, by its name.
     * @default - the one
     */
    readonly database?: string;
  };

  /**
   * The answer of a Prometheus that is there to a query for one element:
   * `{ server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "…", targetPerReplica: 100 }`. No answer counts
   * as a lost signal. Its namespace has to let KEDA in.
   * @default - none is asked
   */
  readonly prometheus?: Asked & { readonly server: string; readonly namespace: string };
}

export interface Asked {
  readonly query: string;

  /** How much of it is for one instance, above 0. */
  readonly targetPerReplica: number;
}

/** Signals that only others than the cluster itself can tell, by their names in `scaleOn`. */
export type SignalName = Exclude<keyof ScaleOn, keyof Pick<Scaling, "cpu" | "memory">>;

/** Where a worker says that it is well, over HTTP. */
export interface Health {
  readonly port: number;
  readonly path: string;
}

export const probe = optional(
  object<NonNullable<Probes["liveness"]>>({
    path: optional(path),
    port: optional(port),
    delay: optional(moment),
    every: optional(moment),
    timeout: optional(moment),
    failures: optional(whole(1, 1000)),
  }),
);

export const natsName = text(/^[^\s.*>/\\]+$/, "is no name in NATS", "write one without spaces and . * > / \\");

export const amount = value((input) =>
  typeof input === "number" && Number.isFinite(input) && input > 0
    ? undefined
    : { rule: "is no amount for one instance", remedy: "use a number above 0" },
);

export const asked = { query: anything, targetPerReplica: amount };

export const scaleOn = optional(
  object<ScaleOn>({
    cpu: percent,
    memory: percent,
    // NATS, naming of streams and consumers.
    broker: optional(
      object<NonNullable<ScaleOn["broker"]>>({ stream: natsName, consumer: natsName, targetPerReplica: whole(1, 1_000_000_000) }),
    ),
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

const use = nameOr(
  name,
  object<Exclude<Use, string>>({
    store: name,
    as: optional(choice(["commands", "subscriptions", "migrator", "writer", "reader"], "role in a store")),
    variables: optional(variables),
  }),
);

const call = nameOr(name, object<Exclude<Call, string>>({ service: name, variables: optional(variables) }));

const HOST = /^(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What is neither a block nor a name would be taken for a name, and opened to every address. */
const outside = value((input) => {
  if (typeof input !== "string" || !/\S/.test(input)) return { rule: "says nothing", remedy: "write a word or more" };
  if (HOST.test(input) || parseBlock(input) !== undefined) return undefined;
  if (parseBlock(`${input}/32`)) return { rule: "is no block of addresses", remedy: `write ${input}/32` };
  return { rule: "is no name and no block of addresses", remedy: 'write "api.example.com", "203.0.113.0/24" or "internet"' };
});

/** Its release is called after it: secret-<name>. */
const secretUse = nameOr(
  name,
  object<Exclude<SecretUse, string>>({
    secret: nameOf(40),
    key: text(/^[A-Za-z0-9._-]{1,253}$/, "can't be a key of a Secret", "use letters, digits, . _ and -"),
  }),
);

export const container = {
  name: optional(name),
  cpuLimit: optional(quantity(millicores)),
  terminationGracePeriod: optional(moment),
  user: optional(whole(1, 2_147_483_647)),
  image,
  command: optional(command),
  cpu: optional(quantity(millicores)),
  memory: optional(quantity(bytes)),
  env: optional(variables),
  files: optional(files),
  args: optional(command),
  memoryRequest: optional(quantity(bytes)),
  uses: optional(list(use, 'write ["cache", { store: "postgres", as: "reader" }], or leave it out')),
  calls: optional(list(call, 'write ["geolocation"], or leave it out')),
  egress: optional(
    list(
      object<Egress>({ host: outside, ports: optional(list(port, "write [443], or leave it out")) }),
      'write [{ host: "api.example.com", ports: [443] }], or leave it out',
    ),
  ),
  secrets: optional(records(secretUse, variableName)),
  secretFiles: optional(records(secretUse, filePath)),
  labels: optional(records(written)),
  scratch: optional(records(quantity(bytes), filePath)),
  sidecars: optional(
    list(
      object<Container>({
        name,
        image,
        command: optional(command),
        args: optional(command),
        cpu: optional(quantity(millicores)),
        memory: optional(quantity(bytes)),
        env: optional(variables),
        connected: optional(flag),
      }),
      "describe containers, or leave it out",
    ),
  ),
  nodeSelector: optional(records(written)),
  tolerations: optional(
    list(
      object<Toleration>({
        key: anything,
        value: optional(anything),
        effect: optional(choice(["NoSchedule", "PreferNoSchedule", "NoExecute"], "effect of a taint")),
        within: optional(moment),
      }),
      "describe taints, or leave it out",
    ),
  ),
  pullSecrets: optional(list(name, "name Secrets, or leave it out")),
};

export const volumes = optional(
  records(object<Volume>({ size: quantity(bytes), storageClass: optional(anything), protect: optional(flag) }), filePath),
);

export const workload = {
  ...container,
  probes: optional(object<Probes>({ startup: probe, readiness: probe, liveness: probe })),
  variables: optional(records(variables)),
  metrics: optional(object<NonNullable<Workload["metrics"]>>({ port, path: optional(path) })),
};

export const health = { port, path };
