import type { Bytes, Cores, Duration } from "../../../constructs/core/quantities";
import { bytes, millicores } from "../../../constructs/core/quantities";
import type { Probes, Scaling } from "../../../constructs/workload";
import { moment, object, optional, quantity, records, text, value, whole } from "../check/shape";
import { anything, command, files, image, name, path, percent, port, variables, withPort } from "../common";

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
  readonly grace?: Duration;

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
   * Where Prometheus reads its metrics.
   * @default - of an API its own port, at `/metrics`; of all others nowhere
   */
  readonly metrics?: {
    readonly port: number;

    /** @default "/metrics" */
    readonly path?: string;
  };
}

/**
 * What an autoscaled workload follows: of several the one that asks for most. CPU and memory are in percent of what its
 * instances ask for; everything else is a number that grows with what there is to do, of which each instance is for so much.
 * docs/workloads.md says what becomes of it when it can't be read.
 */
export interface ScaleOn extends Pick<Scaling, "cpu" | "memory"> {
  /**
   * Messages that wait for a durable consumer of a stream of the broker: `{ stream: "commands", consumer: "processors", each: 100 }`.
   * @default - it is not looked at
   */
  readonly broker?: { readonly stream: string; readonly consumer: string; readonly each: number };

  /**
   * The answer of the event store, where it is PostgreSQL, to a query for one number, asked as one of its readers:
   * `{ query: "SELECT count(*) FROM …", each: 500 }`.
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
   * `{ server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "…", each: 100 }`. No answer counts
   * as a lost signal. Its namespace has to let KEDA in.
   * @default - none is asked
   */
  readonly prometheus?: Asked & { readonly server: string; readonly namespace: string };
}

export interface Asked {
  readonly query: string;

  /** How much of it is for one instance, above 0. */
  readonly each: number;
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

export const asked = { query: anything, each: amount };

export const scaleOn = optional(
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

export const container = {
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

export const workload = {
  ...container,
  probes: optional(object<Probes>({ startup: probe, readiness: probe, liveness: probe })),
  variables: optional(records(variables)),
  metrics: optional(object<NonNullable<Workload["metrics"]>>({ port, path: optional(path) })),
};

export const health = { port, path };
