/** Where a secret is found in a cluster: its place, never its value. All that code ever knows of a secret. */
export interface SecretRef {
  readonly namespace: string;

  /** The Kubernetes Secret. */
  readonly name: string;

  readonly key: string;
}

/** A secret that is made by chance and known to nobody: what it is called, and what it looks like. */
export interface SecretSpec {
  /** Of the Kubernetes Secret, and the end of its name in Secrets Manager: `grafana-admin`. */
  readonly name: string;

  /** What it opens, for the one who finds it in a console. */
  readonly purpose: string;

  /** What is drawn at random, by key. Fixed once it is made: a key that comes later needs a secret of its own. */
  readonly keys: Readonly<Record<string, RandomValue>>;

  /**
   * What stands beside it and is no secret, such as the user's name.
   * @default - nothing
   */
  readonly fixed?: Readonly<Record<string, string>>;

  readonly rotation: Rotation;
}

/** A value that is drawn at random, each character by itself. */
export interface RandomValue {
  /** In characters. */
  readonly length: number;

  /**
   * What it is made of. Neither has a character that means something in a URL, a shell or YAML.
   * @default "alphanumeric"
   */
  readonly characters?: Characters;
}

/** Upper and lower case letters and digits (5.9 bits a character), or lower-case hexadecimal digits (4 bits). */
export type Characters = "alphanumeric" | "hex";

/** How a password changes while clients stay connected. The contract of each engine says it; docs/secrets.md has the steps. */
export interface Rotation {
  readonly method: RotationMethod;

  /** What clients do when the value has changed: read it again at their next connection, or start anew. */
  readonly clients: "read-again" | "restart";

  /** What makes a new value good at the engine, with `NEW` for the value: `ACL SETUSER default >NEW`. */
  readonly engine: string;
}

/**
 * How old and new are good at once, so that no client is cut off.
 *
 * - `alternating-users`: two users have the same rights. The one that is not in use gets the new password, then clients
 *   are told its name as well. PostgreSQL has one password for each user.
 * - `two-passwords`: a user has both for a while. Valkey, Redis and ElastiCache take several for each user.
 * - `engine-first`: there is one, checked at each request or sign-in. For administrators, whom no running client signs
 *   in as: changed at the engine, then here.
 * - `key-ring`: nothing is replaced. A new key comes beside the old ones: it encrypts from now on, they decrypt.
 */
export type RotationMethod = "alternating-users" | "two-passwords" | "engine-first" | "key-ring";
