import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import { bytes, millicores } from "../../../constructs/core/quantities";
import { parseBlock } from "../../../constructs/network";
import { type Container, type Probes, type Scaling, type Toleration, targetProblem, type Volume } from "../../../constructs/workload";
import { choice, flag, list, moment, nameOr, object, optional, quantity, records, text, value, whole } from "../check/shape";
import {
  anything,
  command,
  filePath,
  files,
  image,
  name,
  nameOf,
  objectName,
  path,
  percent,
  port,
  secretKey,
  variableName,
  variables,
  withPort,
  written,
} from "../common";

/** Settings of the pods that every workload has. */
export interface Workload {
  /**
   * Name of the workload.
   * @default - the name of the role: `command-api`, `command-processors`, `query-api`, `projections`, `migrations`;
   * required if several have the role
   */
  readonly name?: string;

  /**
   * Image by version or digest; floating tags are rejected.
   * @default - the image in the release file
   */
  readonly image?: string;

  /**
   * Command and its arguments.
   * @default - the entrypoint of the image
   */
  readonly command?: readonly string[];

  /**
   * CPU request per instance.
   * @default "250m"
   */
  readonly cpu?: Cores;

  /**
   * Memory request and limit per instance.
   * @default "512Mi"
   */
  readonly memory?: Bytes;

  /**
   * CPU limit per instance.
   * @default - none: the node's spare CPU
   */
  readonly cpuLimit?: Cores;

  /**
   * Health probes: initial delay, period and path. Missing settings keep their defaults.
   * @default - see docs/workloads.md
   */
  readonly probes?: Probes;

  /**
   * Time to finish in-flight work between SIGTERM and SIGKILL.
   * @default "30s" for APIs, "60s" otherwise
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * Numeric user and group id of the process; never 0.
   * @default 65532, "nonroot" of distroless images
   */
  readonly user?: number;

  /**
   * Environment variables in addition to the platform's. Must not contain secrets.
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Files by path, with their content. Changing them restarts the instances. Must not contain secrets.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /**
   * Environment variables for a backing service, by the service's name, in place of the platform's:
   * `{ "event-store": { EventStore__ConnectionString: "{EVENT_STORE_URL}" } }`.
   * @default - `EVENT_STORE_URL`, `DATABASE_URL`, `REDIS_URL`, `NATS_URL` and related variables
   */
  readonly variables?: Readonly<Record<string, Readonly<Record<string, string>>>>;

  /**
   * Arguments of its command.
   * @default - those of the image
   */
  readonly args?: readonly string[];

  /**
   * Memory request per instance, if below the limit `memory`.
   * @default - `memory`, so that memory is never overcommitted
   */
  readonly memoryRequest?: Bytes;

  /**
   * Stores that it uses, by name, or with its role and environment variables:
   * `["cache", { store: "postgres", as: "reader", variables: { DB: "{DATABASE_URL}" } }]`. Adds variables, certificates, network
   * policies in both directions, and a wait until the store responds.
   * @default - only those of its role in the system
   */
  readonly uses?: readonly Use[];

  /**
   * Services that it calls, in any domain, by name. Adds their addresses as variables, `GEOLOCATION_SERVICE_ADDRESS` for
   * `geolocation`, and network policies at both ends.
   * @default - none
   */
  readonly calls?: readonly Call[];

  /**
   * Egress to destinations outside of the environment: `[{ host: "api.example.com", ports: [443] }]`.
   * @default - none
   */
  readonly egress?: readonly Egress[];

  /**
   * Secrets by environment variable: a name (`{ JWT_SECRET: "jwt" }`) for a secret that the platform generates, or
   * `{ secret, key }` for one that you create in the environment's secret store.
   * @default - those of the stores that it uses
   */
  readonly secrets?: Readonly<Record<string, SecretUse>>;

  /**
   * Secrets as files, by path: `{ "/run/secrets/jwt": "jwt" }`. Changes take effect after a restart.
   * @default - none
   */
  readonly secretFiles?: Readonly<Record<string, SecretUse>>;

  /**
   * Pod labels, in addition to the platform's.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Writable directories by path, with their maximum size. They are deleted with the pod.
   * @default - `/tmp` with 256Mi
   */
  readonly scratch?: Readonly<Record<string, Bytes>>;

  /**
   * Sidecar containers, which run as long as the pod.
   * @default - none
   */
  readonly sidecars?: readonly Container[];

  /**
   * Node labels that the pods require.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Node taints that the pods tolerate.
   * @default - none
   */
  readonly tolerations?: readonly Toleration[];

  /**
   * Image pull secrets of type `kubernetes.io/dockerconfigjson` in its namespace.
   * @default - none: the nodes can pull the images
   */
  readonly pullSecrets?: readonly string[];

  /**
   * Endpoint of its metrics for Prometheus.
   * @default - for APIs their own port, at `/metrics`; otherwise none
   */
  readonly metrics?: {
    readonly port: number;

    /** @default "/metrics" */
    readonly path?: string;
  };
}

/** Store that a workload uses. */
export type Use =
  | string
  | {
      readonly store: string;

      /**
       * Role in the store. Event store: `commands` appends and reads, `subscriptions` reads. PostgreSQL: `migrator`
       * changes the schema, `writer` writes, `reader` reads.
       * @default - "commands" of an event store ("subscriptions" of projections), "writer" of PostgreSQL
       */
      readonly as?: StoreRole;

      /**
       * Environment variables for the store, in place of the platform's.
       * @default - `EVENT_STORE_URL`, `DATABASE_URL`, `REDIS_URL`, `NATS_URL` and related variables
       */
      readonly variables?: Readonly<Record<string, string>>;
    };

/** Rights with which a workload uses a store. */
export type StoreRole = "commands" | "subscriptions" | "migrator" | "writer" | "reader";

/** Service that a workload calls. */
export type Call =
  | string
  | {
      readonly service: string;

      /**
       * Environment variables for the service, with the placeholders `{address}`, `{host}` and `{port}`.
       * @default - `<SERVICE>_SERVICE_ADDRESS`, which is `{address}`
       */
      readonly variables?: Readonly<Record<string, string>>;
    };

/** Destination outside of the environment. */
export interface Egress {
  /**
   * Host name, `api.example.com`, IPv4 block, `203.0.113.0/24`, or `internet` for any destination. Network policies only
   * support addresses: a host name opens the ports to all addresses outside of private networks.
   */
  readonly host: string;

  /** @default [443] */
  readonly ports?: readonly number[];
}

/** Secret that the platform generates, by name; or one that you create, by its name and key in the environment's secret store. */
export type SecretUse =
  | string
  | {
      /**
       * On EKS the name in Secrets Manager, after the prefix `<system>-<environment>-`; on an existing cluster a Secret
       * in the namespace.
       */
      readonly secret: string;
      readonly key: string;
    };

/**
 * Autoscaling targets; of several, the one that requires the most replicas decides. CPU and memory are in percent of the
 * requests. All others are numbers that grow with the outstanding work, with a target per replica. docs/workloads.md
 * describes what happens if a signal can't be read.
 */
export interface ScaleOn extends Pick<Scaling, "cpu" | "memory"> {
  /**
   * Pending messages of a durable consumer of a broker stream:
   * `{ stream: "commands", consumer: "processors", targetPerReplica: 100 }`.
   * @default - not used
   */
  readonly broker?: { readonly stream: string; readonly consumer: string; readonly targetPerReplica: number };

  /**
   * Result of a query to the event store for one number, if it is PostgreSQL, run as one of its readers:
   * `{ query: "SELECT count(*) FROM …", targetPerReplica: 500 }`.
   * @default - not used
   */
  readonly eventStore?: Asked;

  /**
   * Result of a query to a read database for one number, run as one of its readers.
   * @default - not used
   */
  readonly readDatabase?: Asked & {
    /**
     * Name of the database.
     * @default - the only read database; required if there are several
     */
    readonly database?: string;
  };

  /**
   * Result of a query with one element to an existing Prometheus:
   * `{ server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "…", targetPerReplica: 100 }`. No result
   * counts as a lost signal. Its namespace must allow traffic from KEDA.
   * @default - not used
   */
  readonly prometheus?: Asked & { readonly server: string; readonly namespace: string };
}

/** Query whose result scales a workload. */
export interface Asked {
  readonly query: string;

  /** Amount per replica, from 0.001 to 1,000,000,000. */
  readonly targetPerReplica: number;
}

/** Scaling signals from outside of Kubernetes metrics, by their names in `scaleOn`. */
export type SignalName = Exclude<keyof ScaleOn, keyof Pick<Scaling, "cpu" | "memory">>;

/** Health endpoint of a worker. */
export interface Health {
  readonly port: number;

  /** @default - none: a worker that accepts TCP connections is healthy */
  readonly path?: string;
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

export const natsName = text(/^[^\s.*>/\\]+$/, "is not a valid name in NATS", "write one without spaces and . * > / \\");

export const asked = { query: anything, targetPerReplica: value(targetProblem) };

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

/** Any other text would be taken for a host name, which opens the ports to all addresses. */
const outside = value((input) => {
  if (typeof input !== "string" || !/\S/.test(input)) return { rule: "must have text", remedy: "write a word or more" };
  if (HOST.test(input) || parseBlock(input) !== undefined) return undefined;
  if (parseBlock(`${input}/32`)) return { rule: "must be a CIDR block", remedy: `write ${input}/32` };
  return { rule: "must be a host name or a CIDR block", remedy: 'write "api.example.com", "203.0.113.0/24" or "internet"' };
});

/** Its Helm release is named secret-<name>. */
const secretUse = nameOr(
  name,
  object<Exclude<SecretUse, string>>({
    secret: nameOf(40),
    key: secretKey,
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
  records(object<Volume>({ size: quantity(bytes), storageClass: optional(objectName), protect: optional(flag) }), filePath),
);

export const workload = {
  ...container,
  probes: optional(object<Probes>({ startup: probe, readiness: probe, liveness: probe })),
  variables: optional(records(variables)),
  metrics: optional(object<NonNullable<Workload["metrics"]>>({ port, path: optional(path) })),
};

export const health = { port, path: optional(path) };
