import type { TrafficRule } from "../kubernetes";
import type { SecretSpec } from "../secrets";

/** Somebody that workloads talk to: an event store, a database, a cache, a broker. */
export interface Connectable {
  readonly connection: Connection;
}

/**
 * What a workload gets for asking for a backing service. Plain data, of which any value may come from another stack:
 * whoever makes the service and whoever uses it need not know each other.
 */
export interface Connection {
  /** What it is called among the connections of a workload; part of names of volumes and policies: `read-database`. */
  readonly name: string;

  /** What is to be known of it, by name: `host`, `port`, `database`, `user`, `password`. Never a secret's value. */
  readonly facts: Readonly<Record<string, ConnectionValue>>;

  /**
   * Variables by the platform's names, as templates of its facts: `{ DATABASE_URL: "postgresql://{user}:{password}@{host}" }`.
   * `{ca}` is the path of its authority's certificates; if they are public, of the trust bundle.
   */
  readonly variables: Readonly<Record<string, string>>;

  /**
   * Who signed its certificate.
   * @default - it speaks in clear, which is right on one machine only
   */
  readonly authority?: Authority;

  /** Ways out of the workload. */
  readonly egress: readonly TrafficRule[];

  /**
   * What a workload waits for before it starts: it answers there.
   * @default - nothing: a workload can do without it for a while
   */
  readonly ready?: { readonly host: string; readonly port: number };
}

/** A backing service as a workload asks for it. */
export interface RequestedConnection extends Connectable {
  /**
   * Variables in place of the platform's, as templates of facts or of the platform's own variables:
   * `{ ConnectionStrings__PostgreSQL: "Host={host};Port={port}", READ_URL: "{DATABASE_URL}" }`.
   * @default - the platform's
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A value that may be seen, or the place of one that may not. */
export type ConnectionValue = string | SecretReference;

/** A key of a secret, and in which namespace the secret lives: whoever asks from another gets a copy that follows it. */
export interface SecretReference {
  readonly secret: SecretSpec;

  /** Where it is drawn or put first. */
  readonly home: string;

  readonly key: string;
}

/**
 * Certificates by which a service is known: everybody's (the public roots, which are in the trust bundle), some that may be
 * seen, as AWS publishes its own for databases, or those in a Secret of the cluster, of which only this key is read.
 */
export type Authority =
  | "public"
  | { readonly pem: string }
  | { readonly home: string; readonly secretName: string; readonly key: string; readonly elsewhere?: RemoteCopy };

/** Where a workload on another cluster finds it: the name in Secrets Manager to which it is pushed. */
export interface RemoteCopy {
  readonly remoteName: string;
}
