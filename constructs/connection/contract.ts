import type { TrafficRule } from "../kubernetes";
import type { SecretSpec } from "../secrets";

/** A backing service of workloads: an event store, a database, a cache, a broker. */
export interface Connectable {
  readonly connection: Connection;
}

/**
 * Connection data of a backing service for a workload. Plain data, of which any value may come from another stack: the stacks of the
 * service and of the workload are independent.
 */
export interface Connection {
  /** Name, unique among the connections of a workload; part of names of volumes and policies: `read-database`. */
  readonly name: string;

  /** Connection values by name: `host`, `port`, `database`, `user`, `password`. Never a secret's value. */
  readonly facts: Readonly<Record<string, ConnectionValue>>;

  /**
   * Variables by the platform's names, as templates of its values: `{ DATABASE_URL: "postgresql://{user}:{password}@{host}" }`.
   * `{ca}` is the path of its CA certificates; for public CAs, that of the trust bundle.
   */
  readonly variables: Readonly<Record<string, string>>;

  /**
   * CA of its certificate.
   * @default - none: it doesn't use TLS, which is acceptable on a single machine only
   */
  readonly authority?: Authority;

  /** Egress rules of the workload. */
  readonly egress: readonly TrafficRule[];

  /**
   * Address that must accept connections before a workload starts.
   * @default - none: a workload can run without it for a while
   */
  readonly ready?: { readonly host: string; readonly port: number };
}

/** A connection to a backing service as requested by a workload. */
export interface RequestedConnection extends Connectable {
  /**
   * Variables that replace the platform's, as templates of values or of the platform's own variables:
   * `{ ConnectionStrings__PostgreSQL: "Host={host};Port={port}", READ_URL: "{DATABASE_URL}" }`.
   * @default - the platform's
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A plain value, or a reference to a secret one. */
export type ConnectionValue = string | SecretReference;

/** A key of a Secret, and the Secret's home namespace: a workload in another namespace gets a copy, which is kept up to date. */
export interface SecretReference {
  readonly secret: SecretSpec;

  /** The namespace in which it is generated or first stored. */
  readonly home: string;

  readonly key: string;
}

/**
 * CA certificates of a service: public CAs (in the trust bundle), non-secret PEM text, such as AWS publishes for its databases, or those in
 * a Secret of the cluster, of which only this key is read.
 */
export type Authority =
  | "public"
  | { readonly pem: string }
  | { readonly home: string; readonly secretName: string; readonly key: string; readonly elsewhere?: RemoteCopy };

/** Copy for workloads on another cluster: the name in Secrets Manager to which it is pushed. */
export interface RemoteCopy {
  readonly remoteName: string;
}
