import type { ReadModelSlot } from "../../constructs/projection";
import type { ClusterKey } from "./cluster";
import type { Environment } from "./environment";
import type { StoreSettings } from "./stores";
import type { StoreKind } from "./stores/engine";
import type { PostgresSettings } from "./stores/postgres";
import type { Job } from "./workloads/job";
import type { Projections, ReadModelSettings } from "./workloads/projection";
import type { WorkloadKind } from "./workloads/roles";
import type { QueryApi } from "./workloads/service";
import type { Processors } from "./workloads/worker";
import type { Call, StoreRole, Workload } from "./workloads/workload";

/** What the roles of a system with a write side and a read side are called in an environment. */
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

/** An environment in its general form: stores and domains, whichever way they were written. Everything behind the model reads this. */
export interface System extends Omit<Environment, RoleName | "stores" | "domains" | "release"> {
  readonly stores: readonly StoreOf[];

  /** In the order in which they are deployed. */
  readonly domains: readonly DomainOf[];
}

/** Where a part is written, and what it is called. */
export interface Placed {
  readonly name: string;

  /** Keys below the environment: `["readDatabase", "0"]`, `["stores", "postgres"]`. */
  readonly keys: readonly string[];

  /** The same for a reader, with the part's own name where the keys don't have it: `readDatabase search`. */
  readonly label: string;
}

export interface StoreOf<S = StoreSettings> extends Placed {
  readonly kind: StoreKind;
  readonly settings: S;

  /** The cluster that it runs on, or whose jobs set it up. */
  readonly cluster: ClusterKey;
  readonly namespace: string;

  /** The end of the id of the stack that makes it on its cluster. Stores of one stack share a namespace. */
  readonly stack: string;
}

/** A server of PostgreSQL: a store, or what an event store keeps its tables in. */
export interface ServerOf<S = PostgresSettings> extends StoreOf<S> {
  /** Whether it has the tables of events. */
  readonly holdsEvents: boolean;
}

export interface DomainOf extends Placed {
  readonly cluster: ClusterKey;
  readonly namespace: string;

  /** Whether the namespace is made with the domain, or with the stores in it. */
  readonly ownsNamespace: boolean;

  /** The end of the id of its stack. */
  readonly stack: string;

  /** Domains that are deployed before it. */
  readonly after: readonly string[];

  /**
   * Domains that are deployed before its Gateway and routes, which then have a stack of their own.
   * @default - it has them in its own stack
   */
  readonly trafficAfter?: readonly string[];

  /** Its place among those that preempt each other: the value of its PriorityClass. None of what only runs jobs. */
  readonly priority?: number;

  /** What its endpoint is called where requests reach it from outside: `{ kind: "command", name: "commands" }`. */
  readonly endpoint: EndpointName;

  readonly services: readonly ServiceOf[];
  readonly workers: readonly WorkerOf[];
  readonly projections: readonly ProjectionOf[];
  readonly jobs: readonly JobOf[];

  /** Read models whose tables and slots are prepared with it. */
  readonly readModels: readonly ReadModelOf[];
}

export interface EndpointName {
  /** Part of the names of outputs: `command`. */
  readonly kind: string;

  /** Part of host names: `commands`. */
  readonly name: string;

  /** The security group of its load balancer. */
  readonly party: string;
}

/** A store that a workload uses, and as whom. */
export interface UseOf {
  readonly store: string;

  /** Of event stores and PostgreSQL. */
  readonly as?: StoreRole;

  /** The variables by which it is told of the store, in place of the platform's. */
  readonly variables?: Readonly<Record<string, string>>;

  /** Where that is written. */
  readonly keys: readonly string[];
}

export interface WorkloadOf<S extends object = Workload> extends Placed {
  readonly kind: WorkloadKind;

  /** Its settings as they are written. */
  readonly written: S;

  /** Its settings with the defaults of its domain and what the release file says. */
  readonly settings: S;

  readonly uses: readonly UseOf[];
  readonly calls: readonly Exclude<Call, string>[];

  /** Whether it is told which fields are encrypted, and has their keys. */
  readonly encrypts: boolean;
}

export interface ServiceOf extends WorkloadOf<QueryApi> {
  readonly kind: "service";

  /** Whether requests reach it from outside. */
  readonly exposed: boolean;

  /** How often a request that was not answered is sent to another instance. */
  readonly retries: "never" | "once";
}

export interface WorkerOf extends WorkloadOf<Processors> {
  readonly kind: "worker";
}

export interface JobOf extends WorkloadOf<Job> {
  readonly kind: "job";
}

export interface ProjectionOf extends WorkloadOf<Projections> {
  readonly kind: "projection";
  readonly model: ReadModelOf;
}

/** A read model, in the slots that workers project into. */
export interface ReadModelOf {
  /** What is projected: the beginning of the names of its schemas. */
  readonly projection: string;

  /** The server that has it. */
  readonly database: string;

  readonly slots: ReadModelSettings["slots"];
  readonly live: ReadModelSlot;
  readonly skipCatchUpCheck: boolean;

  /** Where the projection is written. */
  readonly keys: readonly string[];
}
