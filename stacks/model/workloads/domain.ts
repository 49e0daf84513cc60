import { list, object, optional, pick, records, withEntries } from "../check/shape";
import { name } from "../common";
import { side } from "../stores";
import { type Job, jobShape } from "./job";
import { type Projections, projections } from "./projection";
import { type QueryApi, queryApi } from "./service";
import { type Processors, processors } from "./worker";
import { container, type Workload } from "./workload";

const DEFAULTS = [
  "image",
  "env",
  "labels",
  "secrets",
  "cpu",
  "cpuLimit",
  "memory",
  "memoryRequest",
  "user",
  "terminationGracePeriod",
  "nodeSelector",
  "tolerations",
  "pullSecrets",
] as const;

/** What the members of a domain are told unless they say otherwise. Variables, labels and secrets are added to their own. */
export type DomainDefaults = Pick<Workload, (typeof DEFAULTS)[number]>;

/** A service of a domain; its name is its key. */
export type DomainService = Omit<QueryApi, "name" | "variables">;

/** A worker of a domain; its name is its key. */
export type DomainWorker = Omit<Processors, "name" | "variables">;

/** A projection of a domain; its name is its key, and its database the one that it uses. */
export type DomainProjection = Omit<Projections, "name" | "variables" | "database">;

/**
 * What is deployed together: a namespace and a Terraform state of its own, whose deployment ends in one test. It is released
 * and rolled back alone. Its pods and their metrics have the labels `domain` and `service`, the names of the domain and the
 * workload.
 */
export interface Domain extends DomainDefaults {
  /**
   * The cluster that it runs on, if there are two.
   * @default "readCluster"
   */
  readonly cluster?: "writeCluster" | "readCluster";

  /**
   * Domains that are deployed before it; none with `[]`. In an existing cluster the first domain that names a generated secret is
   * always deployed before the others that do.
   * @default - the one written before it
   */
  readonly after?: readonly string[];

  /**
   * Domains that must have passed their tests before requests from outside reach this one. Its Gateway and its routes are then
   * deployed after those domains, in a state of their own: `<environment>-<domain>-traffic`.
   * @default - none: requests reach it as soon as it is deployed
   */
  readonly trafficAfter?: readonly string[];

  /** @default - none */
  readonly services?: Readonly<Record<string, DomainService>>;

  /**
   * Processes that take work from a queue or a subscription.
   * @default - none
   */
  readonly workers?: Readonly<Record<string, DomainWorker>>;

  /**
   * What builds read models from events.
   * @default - none
   */
  readonly projections?: Readonly<Record<string, DomainProjection>>;

  /**
   * What runs to completion: before or after the rest of the domain, on a schedule, or by hand.
   * @default - none
   */
  readonly jobs?: Readonly<Record<string, Job>>;
}

const { name: _service, variables: _ofService, ...serviceEntries } = queryApi;
const { name: _worker, variables: _ofWorker, ...workerEntries } = processors;
const { name: _projection, variables: _ofProjection, database: _database, ...projectionEntries } = projections;

export const domainShape = object<Domain>({
  ...pick(container, DEFAULTS),
  cluster: side,
  after: optional(list(name, "name domains, or leave it out", 0)),
  trafficAfter: optional(list(name, "name domains, or leave it out")),
  services: optional(records(withEntries(serviceEntries), name)),
  workers: optional(records(withEntries(workerEntries), name)),
  projections: optional(records(withEntries(projectionEntries), name)),
  jobs: optional(records(jobShape, name)),
});
