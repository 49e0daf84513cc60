import type { Connection, RequestedConnection } from "../connection";
import type { Bytes, Duration } from "../core/quantities";
import type { RateLimit } from "../gateway";
import type { DownMigration, HttpServiceProps, PodProps, Slot, WorkerProps } from "../workload";
import type { CalledService } from "./calls";

/** What a domain decides of its workloads. */
type Own = "cluster" | "namespace" | "name" | "connections" | "after" | "waitForRollout";

/** A call of a service: of the domain by its name, of another domain by what its `service` returns. */
export type Call = string | CalledService | CallAs;

/** A call whose variables have names of your own. */
export interface CallAs {
  readonly service: string | CalledService;

  /** Templates of `{host}`, `{port}` and `{address}`: `{ STOCK_URL: "{address}/v1" }`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What a workload of a domain talks to. */
export interface DomainTraffic {
  /**
   * Connections to backing services: `server.connection("writer")`, or with variables of your own `{ connection, variables }`. Each
   * has to allow the namespace of the domain among its `clients`.
   * @default - none
   */
  readonly uses?: readonly (Connection | RequestedConnection)[];

  /**
   * Services that it calls. Each call brings `<NAME>_SERVICE_ADDRESS` (`http://…`) and network policies in both directions. Named
   * ports of the service are open too. Nothing waits for a called service.
   * @default - none
   */
  readonly calls?: readonly Call[];
}

/** Settings that all workloads of a domain start from. Variables, secrets, files and labels are merged; any other replaces them. */
export interface DomainDefaults extends Partial<Omit<PodProps, Own>>, DomainTraffic {
  /** @default - each workload names its own */
  readonly image?: string;
}

/** A service of a domain. One with `paths` or `hosts` is reached from outside, through the domain's Gateway. */
export interface DomainService extends Omit<HttpServiceProps, Own>, DomainTraffic {
  /**
   * Prefixes of paths that the Gateway routes to it: `["/orders"]`.
   * @default - with `hosts` `["/"]`; without them it is reached in the cluster only
   */
  readonly paths?: readonly string[];

  /**
   * Host names that the Gateway routes to it.
   * @default - any
   */
  readonly hosts?: readonly string[];

  /**
   * Traffic weights of its slots: `{ blue: 90, green: 10 }`. Of services with `slots` only.
   * @default - 100 for the only slot, or for blue
   */
  readonly weights?: Readonly<Partial<Record<Slot, number>>>;

  /**
   * How often nginx sends a request again that failed: `never` for commands, `once` for queries.
   * @default "never"
   */
  readonly retries?: "never" | "once";

  /**
   * How long it may be silent before and while it answers. Also the time for which it may finish requests after SIGTERM.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * The largest request.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * Requests of one client, known by its address.
   * @default - no limit
   */
  readonly rateLimit?: RateLimit;
}

/** A worker of a domain. */
export interface DomainWorker extends Omit<WorkerProps, Own | "image">, DomainTraffic {
  /** @default - that of the domain's defaults */
  readonly image?: string;
}

/** A job of a domain. */
export interface DomainJob extends Partial<Omit<PodProps, Own | "metrics" | "volumes" | "probes">>, DomainTraffic {
  /** @default - that of the domain's defaults */
  readonly image?: string;

  /**
   * `before`: in each release that changes it, before services and workers. `after`: after the smoke test of each release. `hand`:
   * when an operator starts it. `{ schedule }`: as cron has it, in UTC.
   * @default "before"
   */
  readonly when?: "before" | "after" | "hand" | { readonly schedule: string };

  /**
   * How long it may take, retries included.
   * @default "10m", on a schedule "1h"
   */
  readonly within?: Duration;

  /**
   * Pods that are tried after the first has failed.
   * @default 2, by hand 0
   */
  readonly retries?: number;

  /**
   * What undoes it, started by hand. Only with `when: "before"`.
   * @default - nothing
   */
  readonly down?: DownMigration;

  /**
   * Whether the data of its databases may be lost: commands that empty a database are allowed only then.
   * @default false
   */
  readonly disposable?: boolean;
}
