/** Reference to a secret in a cluster: its location, never its value. Code handles secrets only in this form. */
export interface SecretRef {
  readonly namespace: string;

  /** The Kubernetes Secret. */
  readonly name: string;

  readonly key: string;
}

/** A secret with generated values: its name and format. Its values are not known to code or people. */
export interface SecretSpec {
  /** Name of the Kubernetes Secret, and the end of its name in Secrets Manager: `grafana-admin`. */
  readonly name: string;

  /** Purpose, shown as its description in the AWS console. */
  readonly purpose: string;

  /** Generated values by key. Fixed after creation: a key that is added later needs another secret. */
  readonly keys: Readonly<Record<string, RandomValue>>;

  /**
   * Values that are stored with it and are not secret, such as the user name.
   * @default - none
   */
  readonly fixed?: Readonly<Record<string, string>>;

  readonly rotation: Rotation;
}

/** A value of random characters, each generated independently. */
export interface RandomValue {
  /** Number of characters. */
  readonly length: number;

  /**
   * Set of characters. Neither set has characters with a meaning in URLs, shells or YAML.
   * @default "alphanumeric"
   */
  readonly characters?: Characters;
}

/** Upper- and lower-case letters and digits (5.9 bits per character), or lower-case hexadecimal digits (4 bits). */
export type Characters = "alphanumeric" | "hex";

/** Rotation of a password while clients stay connected. Each engine's contract defines it; docs/secrets.md has the steps. */
export interface Rotation {
  readonly method: RotationMethod;

  /** Client behavior after a change: read the value again at the next connection, or restart. */
  readonly clients: "read-again" | "restart";

  /** Command that sets a new value at the engine, with `NEW` for the value: `ACL SETUSER default >NEW`. */
  readonly engine: string;
}

/**
 * Method that keeps clients connected during a rotation.
 *
 * - `alternating-users`: two users have the same rights. The inactive one gets the new password, then clients switch to its name too.
 *   PostgreSQL has one password per user.
 * - `two-passwords`: a user has both for a while. Valkey, Redis and ElastiCache accept several passwords per user.
 * - `engine-first`: one value, checked at each request or sign-in. For administrators, as whom no running client signs in: changed at the
 *   engine, then here.
 * - `key-ring`: nothing is replaced. A new key is added to the old ones: it encrypts from now on, the old ones still decrypt.
 */
export type RotationMethod = "alternating-users" | "two-passwords" | "engine-first" | "key-ring";
