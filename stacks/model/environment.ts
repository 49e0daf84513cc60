import type { TerraformStack } from "cdktf";
import type { KubernetesTarget } from "../../constructs/kubernetes";
import type { Policy } from "../../constructs/policy";
import type { Size } from "../../constructs/sizing";
import type { Access } from "./access";
import { accessShape } from "./access";
import type { Account } from "./accounts";
import type { Authentication } from "./authentication";
import { authenticationShape } from "./authentication";
import type { Backup } from "./backup";
import { backupShape } from "./backup";
import { list, object, oneOrMore, optional, records } from "./check/shape";
import { type Cluster, cluster } from "./cluster";
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

/**
 * Everything that a person decides about one environment of one system, in one region.
 * A second region is another environment, linked by `standbyOf`.
 */
export interface Environment {
  /** The system's name, the beginning of every cloud name. */
  readonly system: string;

  /** The environment's name, the beginning of every stack id. */
  readonly name: string;

  /**
   * Where on AWS it lives.
   * @default - nowhere: it runs on existing clusters only
   */
  readonly aws?: Aws;

  /**
   * The environment, of another region, that this one stands by for.
   * @default - none: it is an original
   */
  readonly standbyOf?: string;

  /**
   * One cluster for everything.
   * @default - none: `writeCluster` and `readCluster` carry the system
   */
  readonly cluster?: Cluster;

  /** The cluster that takes commands and holds the event path. */
  readonly writeCluster?: Cluster;

  /** The cluster that projects and serves queries. */
  readonly readCluster?: Cluster;

  /**
   * Who may do what in the clusters that are made here, and from where. The pipeline's roles are in it by themselves.
   * @default - the pipeline's roles, from inside the network: its runners are in the security group `deploy-runners`
   */
  readonly access?: Access;

  /**
   * How much it has to do: below 10,000 events a month `small`, below 100,000 `medium`, more `large`. Each store takes
   * what is not said about it from this.
   * @default "medium"
   */
  readonly size?: Size;

  /**
   * What a pipeline changes of it: the content of its release file, `environments/production.release.json`.
   * @default - images and slots stand in the workloads themselves
   */
  readonly release?: Release;

  /**
   * What keeps state, by name, in addition to what the roles below describe: event stores, PostgreSQL servers, Redis servers, brokers.
   * @default - none
   */
  readonly stores?: Readonly<Record<string, Store>>;

  /**
   * What runs, by name and in the order in which it is deployed, in addition to what the roles below describe.
   * @default - none
   */
  readonly domains?: Readonly<Record<string, Domain>>;

  /** The system of record. */
  readonly eventStore?: EventStore;

  /** What takes commands from outside. */
  readonly commandApi?: OneOrMore<Service>;

  /** What carries commands out. */
  readonly commandProcessors?: OneOrMore<Processors>;

  /** What answers queries. */
  readonly queryApi?: OneOrMore<QueryApi>;

  /** What builds read models from events. */
  readonly projections?: OneOrMore<Projections>;

  /** Where read models lie. */
  readonly readDatabase?: OneOrMore<ReadDatabase>;

  /**
   * What changes the shape of read databases.
   * @default - the workloads see to it themselves
   */
  readonly migrations?: OneOrMore<Migrations>;

  /** What spares the read database the same question twice. */
  readonly cache?: Cache;

  /** What workloads send each other messages by. */
  readonly broker?: NatsSettings;

  /**
   * What watches the system. Not implemented but for `telemetry` and the definitions of `prometheus`, which the summary says.
   * @default - nothing does
   */
  readonly monitoring?: Monitoring;

  /**
   * Who is who: the tokens that the APIs accept. The APIs are told, and enforce it.
   * @default - nobody is asked, which takes the exception `unauthenticatedApis` where an environment is protected
   */
  readonly authentication?: Authentication;

  /**
   * The roles that may send each command and ask each query: `{ CreateOrder: ["user", "admin"] }`. The APIs are told, and
   * enforce it.
   * @default - everybody may, which takes the exception `unauthenticatedApis` where an environment is protected
   */
  readonly authorization?: Readonly<Record<string, readonly string[]>>;

  /**
   * Fields of read models that the workloads of the read side encrypt one by one (AES-256-GCM): `["ssn", "email"]`. They
   * are told the fields and get the keys; the platform encrypts none itself.
   * @default - none beyond the encryption of the whole database
   */
  readonly encryptedFields?: readonly string[];

  /**
   * Retention of backups on AWS.
   * @default - 35 days
   */
  readonly backup?: Backup;

  /**
   * A registry that holds every chart and image: `registry.example.com/mirror`.
   * @default - each comes from where its project publishes it
   */
  readonly mirror?: string;

  /**
   * Where the Terraform state of an environment without `aws` is stored. On AWS it is in the account's bucket.
   * @default - in files below `.state` on this machine: neither shared nor locked for others, so only with the exception `disposable` or `localState`
   */
  readonly state?: StateSettings;

  /**
   * What is weaker here than the platform's default, each with the reason why that is right.
   * @default - nothing is
   */
  readonly exceptions?: Exceptions;
}

export type ReadDatabase = PostgresSettings;

/** All that `npm start` needs. */
export interface Program {
  readonly accounts: readonly Account[];
  readonly environments: readonly Environment[];

  /**
   * Rules of your own for what Terraform will read, in addition to the platform's: npm start fails if a resource breaks one.
   * @default - none
   */
  readonly policies?: readonly Policy[];

  /**
   * Adds to the stacks of an environment or account, or changes them, before they are synthesized. What it adds is checked, counted,
   * planned and applied like everything else.
   * @default - nothing
   */
  readonly extend?: (deployment: Deployment) => void;
}

/** The stacks of an environment or account, as code of your own may change them. */
export interface Deployment {
  /** The environment's name, or `bootstrap-<account>`. */
  readonly name: string;

  /** The stacks by id: `production-network`. One that works on a cluster has it as `cluster`. */
  readonly stacks: ReadonlyMap<string, TerraformStack & { readonly cluster?: KubernetesTarget }>;
}

export const environmentSchema = object<Environment>({
  system: part,
  name: part,
  size: optional(size),
  aws: optional(awsShape),
  standbyOf: optional(anything),
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
  backup: optional(backupShape),
  mirror: optional(mirror),
  state: optional(stateShape),
  exceptions: optional(exceptionsShape),
});
