import * as v from "valibot";
import type { Bytes, Cores } from "../../../constructs/core/quantities";
import { bytes, millicores } from "../../../constructs/core/quantities";
import type { PostgresVersion } from "../../../constructs/core/versions";
import { POSTGRES } from "../../../constructs/core/versions";
import type { Size } from "../../../constructs/sizing";
import { choice, engines, flag, madeOf, object, optional, quantity, records, type Schema, told, whole } from "../check/shape";
import { nameOf, scalar, size } from "../common";

/** A server of PostgreSQL, by what runs it. What is not said follows from the size. */
export type PostgresSettings = AuroraSettings | RdsSettings | CloudNativePgSettings;

export interface PostgresServer {
  /**
   * Its name.
   * @default - the role's; needed where several fill the role
   */
  readonly name?: string;

  /** @default - the environment's */
  readonly size?: Size;

  /** PostgreSQL by its major version. A later one is an upgrade, which docs/data.md has the steps of. */
  readonly version?: PostgresVersion;

  /**
   * Settings of the server: `{ max_connections: 200, work_mem: "16MB" }`. What does not fit its memory is refused.
   * @default - what follows from the size
   */
  readonly parameters?: Readonly<Record<string, string | number>>;
}

export interface AuroraSettings extends PostgresServer {
  readonly engine: "aurora";

  /** Readers beside the writer, at most 15. */
  readonly replicas: number;
}

export interface RdsSettings extends PostgresServer {
  readonly engine: "rds";

  /** Read replicas beside the primary, at most 15. */
  readonly replicas: number;

  /** Its disk, and that of each replica. It grows in place. */
  readonly storage?: Bytes;
}

export interface CloudNativePgSettings extends PostgresServer {
  readonly engine: "cloudnative-pg";

  /** The primary and its replicas together. */
  readonly instances?: number;

  /** What each asks for. */
  readonly cpu?: Cores;

  /** What each asks for, and uses at most. */
  readonly memory?: Bytes;

  /** The disk of each, for data. It grows in place. */
  readonly storage?: Bytes;

  /** The disk of each, for the log. It grows in place. */
  readonly walStorage?: Bytes;

  /**
   * How many replicas have a write before it is acknowledged, and what happens when they are away: writes wait
   * (`required`) or go on with one copy fewer (`preferred`).
   * @default - one, required, of three or more instances; none of one; with two it has to be said
   */
  readonly synchronous?: { readonly standbys: number; readonly durability: "required" | "preferred" } | false;

  /**
   * Whether workloads share connections of PgBouncer.
   * @default false
   */
  readonly pooler?: boolean;
}

export const server = {
  // Releases are called after its users: secret-<name>-administrator.
  name: optional(nameOf(32)),
  engine: told,
  size: optional(size),
  version: optional(choice(Object.keys(POSTGRES), "version of PostgreSQL that the platform knows")),
  parameters: optional(records(scalar)),
};

export const off = v.literal(false);

export const copied = object<Exclude<CloudNativePgSettings["synchronous"], false | undefined>>({
  standbys: whole(1, 24),
  durability: choice(["required", "preferred"], "durability"),
});

export const synchronous: Schema = madeOf(
  { "(off)": off, "(on)": copied },
  v.lazy((input) => (input === false ? off : copied)),
);

/** A server of PostgreSQL. */
export const postgres = engines({
  aurora: object<AuroraSettings>({ ...server, replicas: whole(0, 15, ", as many readers as Aurora has") }),
  rds: object<RdsSettings>({
    ...server,
    replicas: whole(0, 15, ", as many replicas as RDS has"),
    storage: optional(quantity(bytes)),
  }),
  "cloudnative-pg": object<CloudNativePgSettings>({
    ...server,
    instances: optional(whole(1, 25)),
    cpu: optional(quantity(millicores)),
    memory: optional(quantity(bytes)),
    storage: optional(quantity(bytes)),
    walStorage: optional(quantity(bytes)),
    synchronous: optional(synchronous),
    pooler: optional(flag),
  }),
});
