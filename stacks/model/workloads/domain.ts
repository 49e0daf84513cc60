import { parseBlock } from "../../../constructs/network";
import { flag, list, object, optional, pick, records, value, withEntries } from "../check/shape";
import { name } from "../common";
import { side } from "../stores";
import { type DomainMonitoring, domainMonitoring } from "./domain-monitoring";
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

/** Defaults for the members of a domain. Variables, labels and secrets are merged with those of each member. */
export type DomainDefaults = Pick<Workload, (typeof DEFAULTS)[number]>;

/** Returns the settings of a domain that are defaults for its members. */
export function defaultsOf(domain: DomainDefaults): DomainDefaults {
  return pick(
    domain,
    DEFAULTS.filter((key) => key in domain),
  );
}

/** Service of a domain; its name is its key. */
export type DomainService = Omit<QueryApi, "name" | "variables">;

/** Worker of a domain; its name is its key. */
export type DomainWorker = Omit<Processors, "name" | "variables">;

/** Projection of a domain; its name is its key, and its database is the one in `uses`. */
export type DomainProjection = Omit<Projections, "name" | "variables" | "database">;

/**
 * Unit of deployment: a separate namespace and Terraform state, and one test at the end of its deployment. It is released
 * and rolled back independently. Its pods and their metrics have the labels `domain` and `service`, the names of the
 * domain and the workload.
 */
export interface Domain extends DomainDefaults, DomainMonitoring {
  /**
   * Cluster of the domain, if there are two.
   * @default "readCluster"
   */
  readonly cluster?: "writeCluster" | "readCluster";

  /**
   * Domains that are deployed before this one; `[]` for none. On an existing cluster, the first domain that uses a
   * generated secret is always deployed before the others that use it.
   * @default - the preceding domain
   */
  readonly after?: readonly string[];

  /**
   * Domains whose tests must pass before this one receives requests from outside. Its Gateway and routes are then
   * deployed after those domains, in a separate state: `<environment>-<domain>-traffic`.
   * @default - none: it receives requests as soon as it is deployed
   */
  readonly trafficAfter?: readonly string[];

  /**
   * Creates the domain's load balancer in private subnets: clients reach it from the environment's network, and from networks connected to
   * it by VPN or peering. Its public DNS name resolves to private addresses. Only on EKS. Changing it replaces the load balancer.
   * @default false
   */
  readonly internal?: boolean;

  /**
   * IPv4 blocks of clients that may connect to the domain from outside: `["198.51.100.0/24"]`. On EKS, its load balancer refuses all
   * others on every port. On an existing cluster, where you provide the ingress, they apply to `publicPorts`, whose connections must
   * arrive with the client's address. Public addresses are then not probed.
   * @default - all
   */
  readonly sourceRanges?: readonly string[];

  /** @default - none */
  readonly services?: Readonly<Record<string, DomainService>>;

  /**
   * Processes that consume a queue or a subscription.
   * @default - none
   */
  readonly workers?: Readonly<Record<string, DomainWorker>>;

  /**
   * Workers that build read models from events.
   * @default - none
   */
  readonly projections?: Readonly<Record<string, DomainProjection>>;

  /**
   * Jobs that run to completion: before or after the rest of the domain, on a schedule, or on demand.
   * @default - none
   */
  readonly jobs?: Readonly<Record<string, Job>>;
}

const { name: _service, variables: _ofService, ...serviceEntries } = queryApi;
const { name: _worker, variables: _ofWorker, ...workerEntries } = processors;
const { name: _projection, variables: _ofProjection, database: _database, ...projectionEntries } = projections;

const block = value((input) =>
  parseBlock(input) ? undefined : { rule: "must be a CIDR block", remedy: "write one like 198.51.100.0/24" },
);

export const domainShape = object<Domain>({
  ...pick(container, DEFAULTS),
  cluster: side,
  after: optional(list(name, "name domains, or leave it out", 0)),
  trafficAfter: optional(list(name, "name domains, or leave it out")),
  internal: optional(flag),
  sourceRanges: optional(list(block, "name blocks, or leave it out")),
  services: optional(records(withEntries(serviceEntries), name)),
  workers: optional(records(withEntries(workerEntries), name)),
  projections: optional(records(withEntries(projectionEntries), name)),
  jobs: optional(records(jobShape, name)),
  ...domainMonitoring,
});
