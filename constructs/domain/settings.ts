import type { Connection, RequestedConnection } from "../connection";
import type { Bytes, Duration } from "../core/quantities";
import type { RateLimit } from "../gateway";
import type { DownMigration, HttpServiceProps, JobProps, PodProps, Slot, WorkerProps } from "../workload";
import type { CalledService } from "./calls";

/** Properties that a domain sets for its workloads. */
type Own = "cluster" | "namespace" | "name" | "connections" | "after" | "waitForRollout";

/** A call of a service: of the same domain by its name, of another domain by the result of its `called`. */
export type Call = string | CalledService | CallAs;

/** A call with custom variable names. */
export interface CallAs {
  readonly service: string | CalledService;

  /** Templates of `{host}`, `{port}` and `{address}`: `{ STOCK_URL: "{address}/v1" }`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Outgoing connections of a workload in a domain. */
export interface DomainTraffic {
  /**
   * Connections to backing services: `server.connection("writer")`, or with custom variables `{ connection, variables }`. Each must allow
   * the domain's namespace in its `clients`.
   * @default - none
   */
  readonly uses?: readonly (Connection | RequestedConnection)[];

  /**
   * Services that it calls. Each call adds `<NAME>_SERVICE_ADDRESS` (`http://…`) and network policies in both directions, including named
   * ports of the service. Nothing waits for a called service.
   * @default - none
   */
  readonly calls?: readonly Call[];
}

/** Default settings of all workloads of a domain. Variables, secrets, files and labels are merged; others are replaced. */
export interface DomainDefaults extends Partial<Omit<PodProps, Own>>, DomainTraffic {
  /** @default - each workload names its own */
  readonly image?: string;
}

/** A service of a domain. One with `paths` or `hosts` is public, through the domain's Gateway. */
export interface DomainService extends Omit<HttpServiceProps, Own>, DomainTraffic {
  /**
   * Path prefixes that the Gateway routes to it: `["/orders"]`.
   * @default - with `hosts` `["/"]`; without them it is reachable in the cluster only
   */
  readonly paths?: readonly string[];

  /**
   * Host names that the Gateway routes to it.
   * @default - any
   */
  readonly hosts?: readonly string[];

  /**
   * Traffic weights of its slots: `{ blue: 90, green: 10 }`. Only for services with `slots`.
   * @default - 100 for the only slot, or for blue
   */
  readonly weights?: Readonly<Partial<Record<Slot, number>>>;

  /**
   * Retries of a failed request by nginx: `never` for commands, `once` for queries.
   * @default "never"
   */
  readonly retries?: "never" | "once";

  /**
   * Maximum silence before and during a response. Also the time to finish requests after SIGTERM.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * Maximum size of a request body.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * Rate limit per client address.
   * @default - no limit
   */
  readonly rateLimit?: RateLimit;
}

/** A worker of a domain. */
export interface DomainWorker extends Omit<WorkerProps, Own | "image">, DomainTraffic {
  /** @default - that of the domain's defaults */
  readonly image?: string;
}

/** A job of a domain. The default `timeout` of a job on a schedule is 1 h, the default `retries` of a job by hand is 0. */
export interface DomainJob extends Partial<Omit<JobProps, Own | "metrics" | "volumes" | "probes" | "start" | "follows">>, DomainTraffic {
  /**
   * `before`: in each release that changes it, before services and workers. `after`: after the smoke test of each release. `by-hand`: when
   * an operator starts it. `{ schedule }`: a cron schedule in UTC.
   * @default "before"
   */
  readonly when?: "before" | "after" | "by-hand" | { readonly schedule: string };

  /**
   * Rollback of the job, which an operator starts. Only with `when: "before"`.
   * @default - none
   */
  readonly down?: DownMigration;
}
