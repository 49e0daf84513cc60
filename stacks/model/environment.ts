import type { TerraformStack } from "cdktf";
import type { KubernetesTarget } from "../../constructs/kubernetes";
import type { Policy } from "../../constructs/policy";
import type { Size } from "../../constructs/sizing";
import type { Access } from "./access";
import { accessShape } from "./access";
import type { Account } from "./accounts";
import type { Audit } from "./audit";
import { auditShape } from "./audit";
import type { Authentication } from "./authentication";
import { authenticationShape } from "./authentication";
import type { Backup } from "./backup";
import { backupShape } from "./backup";
import { flag, list, object, oneOrMore, optional, records } from "./check/shape";
import { type Cluster, type ClusterKey, cluster } from "./cluster";
import { anything, mirror, name, type OneOrMore, part, size } from "./common";
import type { Exceptions } from "./exceptions";
import { exceptionsShape } from "./exceptions";
import type { Monitoring } from "./monitoring";
import { monitoringShape } from "./monitoring";
import type { Aws } from "./place";
import { awsShape } from "./place";
import { type StateSettings, stateShape } from "./state";
import { type Store, storeShape } from "./stores";
import type { NatsSettings } from "./stores/broker";
import { brokerShape } from "./stores/broker";
import type { EventStore } from "./stores/event-store";
import { eventStoreShape } from "./stores/event-store";
import type { PostgresSettings } from "./stores/postgres";
import { postgres } from "./stores/postgres";
import type { Cache } from "./stores/redis";
import { redisShape } from "./stores/redis";
import { type Domain, domainShape } from "./workloads/domain";
import type { Migrations } from "./workloads/job";
import { migrationsShape } from "./workloads/job";
import type { Projections } from "./workloads/projection";
import { projectionsShape } from "./workloads/projection";
import type { Release } from "./workloads/release-file";
import { releaseShape } from "./workloads/release-file";
import type { QueryApi, Service } from "./workloads/service";
import { queryApiShape, serviceShape } from "./workloads/service";
import type { Processors } from "./workloads/worker";
import { processorsShape } from "./workloads/worker";

/** All settings of one environment of one system, in one region. A second region is a separate environment, linked by `standbyOf`. */
export interface Environment {
  /** Name of the system, the prefix of every cloud resource name. */
  readonly system: string;

  /** Name of the environment, the prefix of every stack id. */
  readonly name: string;

  /**
   * AWS settings.
   * @default - none: the environment runs on existing clusters only
   */
  readonly aws?: Aws;

  /**
   * Primary environment, in another region, for which this one is the standby: its event stores follow those of the primary, and nothing
   * that may append events runs (docs/standby.md).
   * @default - none: a primary environment
   */
  readonly standbyOf?: string;

  /**
   * Promotes the standby: an apply completes and compares its event stores, then creates the workloads that append events, and the stores
   * that are restored from backups. Can't be undone: the event stores never follow again.
   * @default false
   */
  readonly promoted?: boolean;

  /**
   * Single cluster for all workloads.
   * @default - none: `writeCluster` and `readCluster` run the workloads
   */
  readonly cluster?: Cluster;

  /** Cluster of the write side: command API, command processors, and event stores that run on Kubernetes. */
  readonly writeCluster?: Cluster;

  /** Cluster of the read side: projections and query API. */
  readonly readCluster?: Cluster;

  /**
   * Permissions in the clusters that the environment creates, and networks from which their APIs are reachable. The roles
   * of the pipeline are always included.
   * @default - only the pipeline's roles, from inside the network: runners join the security group `deploy-runners`
   */
  readonly access?: Access;

  /**
   * Expected load: `small` below 10,000 events a month, `medium` below 100,000, `large` above. Sets the defaults of every
   * store.
   * @default "medium"
   */
  readonly size?: Size;

  /**
   * Settings that a pipeline changes: the content of the release file, `environments/production.release.json`.
   * @default - images and slots are set in the workloads
   */
  readonly release?: Release;

  /**
   * Stores by name, in addition to those of the settings below: event stores, PostgreSQL servers, Redis servers and brokers.
   * @default - none
   */
  readonly stores?: Readonly<Record<string, Store>>;

  /**
   * Domains by name, in order of deployment, in addition to the workloads of the settings below.
   * @default - none
   */
  readonly domains?: Readonly<Record<string, Domain>>;

  /** Event store, the system of record. */
  readonly eventStore?: EventStore;

  /** APIs that accept commands from clients. */
  readonly commandApi?: OneOrMore<Service>;

  /** Workers that execute commands. */
  readonly commandProcessors?: OneOrMore<Processors>;

  /** APIs that answer queries. */
  readonly queryApi?: OneOrMore<QueryApi>;

  /** Workers that build read models from events. */
  readonly projections?: OneOrMore<Projections>;

  /** Databases that store the read models. */
  readonly readDatabase?: OneOrMore<ReadDatabase>;

  /**
   * Jobs that change the schema of the read databases.
   * @default - none: the workloads change the schema themselves
   */
  readonly migrations?: OneOrMore<Migrations>;

  /** Cache for query results. Reduces load on the read database. */
  readonly cache?: Cache;

  /** Message broker between workloads. */
  readonly broker?: NatsSettings;

  /**
   * Monitoring of the system: metrics, dashboards, alerts, traces and logs.
   * @default - none
   */
  readonly monitoring?: Monitoring;

  /**
   * Tokens that the APIs accept. The APIs receive these settings as configuration and enforce them.
   * @default - callers aren't authenticated; a protected environment then needs the exception `unauthenticatedApis`
   */
  readonly authentication?: Authentication;

  /**
   * Roles that may send each command and query: `{ CreateOrder: ["user", "admin"] }`. The APIs receive them as
   * configuration and enforce them.
   * @default - every caller may; a protected environment then needs the exception `unauthenticatedApis`
   */
  readonly authorization?: Readonly<Record<string, readonly string[]>>;

  /**
   * Fields of read models that the workloads of the read side encrypt individually (AES-256-GCM): `["ssn", "email"]`.
   * Workloads receive the field names and the keys; the platform itself doesn't encrypt fields.
   * @default - none: only the whole database is encrypted
   */
  readonly encryptedFields?: readonly string[];

  /**
   * Audit trail: retention and writers of records of commands, events and accesses.
   * @default - none
   */
  readonly audit?: Audit;

  /**
   * Retention of backups on AWS.
   * @default - 35 days
   */
  readonly backup?: Backup;

  /**
   * Registry that mirrors every chart and image: `registry.example.com/mirror`.
   * @default - each is pulled from the registry of its project
   */
  readonly mirror?: string;

  /**
   * Registries from which images of workloads may come, or repositories in them: `["registry.example.com/orders"]`. Workloads must then
   * name images by digest. Checked at synthesis; the API server of each cluster also refuses other images in the namespaces of domains, even
   * those that people start by hand. Kubernetes 1.30 or later.
   * @default - any registry, and versions without digest
   */
  readonly registries?: readonly string[];

  /**
   * Storage of the Terraform state of an environment without `aws`. On AWS the state is in the account's bucket.
   * @default - files below `.state` on this machine, neither shared nor locked across machines; requires the exception
   * `disposable` or `localState`
   */
  readonly state?: StateSettings;

  /**
   * Security and availability exceptions: settings weaker than the platform's default, each with its reason.
   * @default - none
   */
  readonly exceptions?: Exceptions;
}

/** PostgreSQL server of the read side, on AWS or on the cluster. */
export type ReadDatabase = PostgresSettings;

/** Accounts and environments: the input of `npm start`. */
export interface Program {
  readonly accounts: readonly Account[];
  readonly environments: readonly Environment[];

  /**
   * Custom rules for the generated Terraform, in addition to the platform's. `npm start` fails if a resource violates one.
   * @default - none
   */
  readonly policies?: readonly Policy[];

  /**
   * Adds resources to the stacks of an environment or account, or changes them, before synthesis. The additions are
   * checked, counted, planned and applied like all other resources.
   * @default - no changes
   */
  readonly extend?: (deployment: Deployment) => void;
}

/** Stacks of an environment or account, as passed to `extend`. */
export interface Deployment {
  /** The environment's name, or `bootstrap-<account>`. */
  readonly name: string;

  /** Stacks by id: `production-network`. A stack that deploys to a cluster has it as `cluster`. */
  readonly stacks: ReadonlyMap<string, TerraformStack & { readonly cluster?: KubernetesTarget }>;

  /**
   * Adds a stack to the environment: `addStack("mail", { on: "cluster" })` creates `production-mail`. Its providers, tags and the
   * location of its state are those of the other stacks. The name is part of the state's location: destroy a stack before you rename it.
   */
  readonly addStack: AddStack;
}

/** Creates a stack that deploys to a cluster of the environment, or to its AWS account and region. */
export interface AddStack {
  (part: string, own: OwnStack & { readonly on: ClusterKey }): TerraformStack & { readonly cluster: KubernetesTarget };
  (part: string, own: OwnStack & { readonly on: "aws" }): TerraformStack;
}

/** Place of a stack of your own, and what it needs. */
export interface OwnStack {
  readonly on: ClusterKey | "aws";

  /**
   * Stacks to deploy before it.
   * @default - on a cluster the platform's, on AWS none
   */
  readonly after?: readonly TerraformStack[];

  /**
   * Marks a stack with data, which is protected from deletion unless the environment is disposable.
   * @default false
   */
  readonly holdsData?: boolean;
}

export const environmentSchema = object<Environment>({
  system: part,
  name: part,
  size: optional(size),
  aws: optional(awsShape),
  standbyOf: optional(anything),
  promoted: optional(flag),
  cluster: optional(cluster),
  writeCluster: optional(cluster),
  readCluster: optional(cluster),
  access: optional(accessShape),
  release: optional(releaseShape),
  stores: optional(records(storeShape, name)),
  domains: optional(records(domainShape, name)),
  eventStore: optional(eventStoreShape),
  commandApi: optional(oneOrMore(serviceShape)),
  commandProcessors: optional(oneOrMore(processorsShape)),
  queryApi: optional(oneOrMore(queryApiShape)),
  projections: optional(oneOrMore(projectionsShape)),
  readDatabase: optional(oneOrMore(postgres)),
  migrations: optional(oneOrMore(migrationsShape)),
  cache: optional(redisShape),
  broker: optional(brokerShape),
  monitoring: optional(monitoringShape),
  authentication: optional(authenticationShape),
  authorization: optional(records(list(anything, "name the roles that may"))),
  encryptedFields: optional(list(anything, "name the fields")),
  audit: optional(auditShape),
  backup: optional(backupShape),
  mirror: optional(mirror),
  registries: optional(list(mirror, "name one or several, or leave it out")),
  state: optional(stateShape),
  exceptions: optional(exceptionsShape),
});
