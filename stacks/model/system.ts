import type { ReadModelSlot } from "../../constructs/projection";
import type { ClusterKey } from "./cluster";
import type { Environment } from "./environment";
import type { StoreSettings } from "./stores";
import type { StoreKind } from "./stores/engine";
import type { PostgresSettings } from "./stores/postgres";
import type { DomainMonitoring } from "./workloads/domain-monitoring";
import type { Job } from "./workloads/job";
import type { Projections, ReadModelSettings } from "./workloads/projection";
import type { WorkloadKind } from "./workloads/roles";
import type { QueryApi } from "./workloads/service";
import type { Processors } from "./workloads/worker";
import type { Call, StoreRole, Workload } from "./workloads/workload";

/** Roles of a system with a write side and a read side, by the names of their settings. */
export type RoleName =
  | "eventStore"
  | "commandApi"
  | "commandProcessors"
  | "queryApi"
  | "projections"
  | "readDatabase"
  | "migrations"
  | "cache"
  | "broker";

/** Environment in its general form: stores and domains, whichever way they were written. All code outside of the model reads this. */
export interface System extends Omit<Environment, RoleName | "stores" | "domains" | "release"> {
  readonly stores: readonly StoreOf[];

  /** In the order in which they are deployed. */
  readonly domains: readonly DomainOf[];

  /**
   * Stores of a standby that waits, whose servers are secondaries of an Aurora global database: they have data, but no user before the
   * promotion.
   * @default - none
   */
  readonly replicas?: readonly StoreOf[];

  /**
   * Stores of a standby that waits, which are created with its promotion.
   * @default - none
   */
  readonly cold?: readonly StoreOf[];
}

/** Location of a part in the configuration, and its name. */
export interface Placed {
  readonly name: string;

  /** Keys below the environment: `["readDatabase", "0"]`, `["stores", "postgres"]`. */
  readonly keys: readonly string[];
}

/** Store of an environment, with its location. */
export interface StoreOf<S = StoreSettings> extends Placed {
  readonly kind: StoreKind;
  readonly settings: S;

  /** Cluster that runs the store, or that runs its setup jobs. */
  readonly cluster: ClusterKey;
  readonly namespace: string;

  /** Id suffix of the stack that creates the store on its cluster. Stores of one stack share a namespace. */
  readonly stack: string;
}

/** PostgreSQL server: a store, or the server of an event store's tables. */
export interface ServerOf<S = PostgresSettings> extends StoreOf<S> {
  /** Marks a server that stores events. */
  readonly holdsEvents: boolean;
}

/** Domain of an environment, with the defaults of its workloads applied. */
export interface DomainOf extends Placed, DomainMonitoring {
  readonly cluster: ClusterKey;
  readonly namespace: string;

  /** Creates the namespace with the domain. Otherwise the stack of the stores in it creates it. */
  readonly ownsNamespace: boolean;

  /** Id suffix of the domain's stack. */
  readonly stack: string;

  /** Domains that are deployed before this one. */
  readonly after: readonly string[];

  /**
   * Domains that are deployed before the Gateway and routes of this one, which then have a separate stack.
   * @default - Gateway and routes are in the domain's stack
   */
  readonly trafficAfter?: readonly string[];

  /**
   * Creates the load balancer in private subnets.
   * @default false
   */
  readonly internal?: boolean;

  /**
   * Addresses of clients that may connect to the public endpoint.
   * @default - all
   */
  readonly sourceRanges?: readonly string[];

  /** Pod priority: the value of the PriorityClass. None for a domain that only runs jobs. */
  readonly priority?: number;

  /** Name of the public endpoint: `{ kind: "command", name: "commands" }`. */
  readonly endpoint: EndpointName;

  readonly services: readonly ServiceOf[];
  readonly workers: readonly WorkerOf[];
  readonly projections: readonly ProjectionOf[];
  readonly jobs: readonly JobOf[];

  /** Read models whose tables and slots are prepared with the domain. */
  readonly readModels: readonly ReadModelOf[];
}

/** Names of a public endpoint in outputs and in DNS. */
export interface EndpointName {
  /** Part of output names: `command`. */
  readonly kind: string;

  /** Part of host names: `commands`. */
  readonly name: string;

  /** Security group of the load balancer. */
  readonly party: string;
}

/** Store that a workload uses, and the role it has there. */
export interface UseOf {
  readonly store: string;

  /** Role in event stores and PostgreSQL. */
  readonly as?: StoreRole;

  /** Environment variables of the store, in place of the platform's. */
  readonly variables?: Readonly<Record<string, string>>;

  /** Location in the configuration. */
  readonly keys: readonly string[];
}

/** Workload of a domain, of any kind: its settings, and what follows from them. */
export interface WorkloadOf<S extends object = Workload> extends Placed {
  readonly kind: WorkloadKind;

  /** Settings as written. */
  readonly written: S;

  /** Settings with the defaults of the domain and the values of the release file. */
  readonly settings: S;

  readonly uses: readonly UseOf[];
  readonly calls: readonly Exclude<Call, string>[];

  /** Passes the names of encrypted fields and their keys to the workload. */
  readonly encrypts: boolean;
}

/** Service of a domain. */
export interface ServiceOf extends WorkloadOf<QueryApi> {
  readonly kind: "service";

  /** Exposes the service to requests from outside. */
  readonly exposed: boolean;

  /** Retries on another instance for a request without response. */
  readonly retries: "never" | "once";
}

/** Worker of a domain. */
export interface WorkerOf extends WorkloadOf<Processors> {
  readonly kind: "worker";
}

/** Job of a domain. */
export interface JobOf extends WorkloadOf<Job> {
  readonly kind: "job";
}

/** Projection of a domain, with its read model. */
export interface ProjectionOf extends WorkloadOf<Projections> {
  readonly kind: "projection";
  readonly model: ReadModelOf;
}

/** Read model, in the slots into which workers project. */
export interface ReadModelOf {
  /** Name of the projection, the prefix of its schema names. */
  readonly projection: string;

  /** Server of the read model. */
  readonly database: string;

  readonly slots: ReadModelSettings["slots"];
  readonly live: ReadModelSlot;
  readonly skipCatchUpCheck: boolean;

  /** Location of the projection in the configuration. */
  readonly keys: readonly string[];
}
