import type { SecretSpec } from "../constructs/secrets";
import { type Environment, isExistingCluster } from "./environment";

/** A secret, and where in the system it belongs. */
export interface PlacedSecret {
  /** The side of the system, and so the cluster. */
  readonly side: "write" | "read";

  readonly namespace: string;

  readonly spec: SecretSpec;
}

interface Need extends PlacedSecret {
  readonly when: (environment: Environment) => boolean;
}

/** 32 letters and digits: 190 bits. */
const PASSWORD = { length: 32 } as const;

/** 32 bytes, the key of AES-256. */
const AES_KEY = { length: 64, characters: "hex" } as const;

/**
 * Every secret that an environment may need. CloudNativePG and ECK draw their own. Each is in one namespace: one that is
 * drawn in a cluster would be another in the next.
 */
const SECRETS = {
  eventStoreUsers: {
    when: ({ eventStore }) => eventStore?.engine === "kurrentdb",
    side: "write",
    namespace: "event-store",
    spec: {
      name: "event-store-users",
      purpose: "Passwords of KurrentDB's own users admin and ops",
      keys: { admin: PASSWORD, ops: PASSWORD },
      // Its environment variables are read when the database is made, and never again (KurrentDB, default user).
      rotation: { method: "engine-first", clients: "read-again", engine: "POST /users/admin/command/change-password" },
    },
  },
  cacheUsers: {
    when: ({ cache }) => cache?.engine === "valkey",
    side: "read",
    namespace: "read-store",
    spec: {
      name: "cache-users",
      purpose: "Password of Valkey's user default",
      keys: { default: PASSWORD },
      rotation: { method: "two-passwords", clients: "read-again", engine: "ACL SETUSER default >NEW" },
    },
  },
  grafanaAdmin: {
    when: ({ monitoring }) => monitoring?.grafana === true,
    side: "read",
    namespace: "observability",
    spec: {
      name: "grafana-admin",
      purpose: "Grafana's administrator",
      keys: { "admin-password": PASSWORD },
      fixed: { "admin-user": "admin" },
      // Read when Grafana's database is made; a database on a volume keeps what it has.
      rotation: { method: "engine-first", clients: "restart", engine: "PUT /api/user/password" },
    },
  },
  fieldKeys: {
    when: ({ encryptedFields = [] }) => encryptedFields.length > 0,
    side: "read",
    namespace: "read-side",
    spec: {
      name: "field-keys",
      purpose: "Keys of single fields of read models (AES-256-GCM), each 32 bytes in hexadecimal digits",
      keys: { "key-1": AES_KEY },
      rotation: { method: "key-ring", clients: "restart", engine: "a further key beside the others: key-2" },
    },
  },
} as const satisfies Readonly<Record<string, Need>>;

/** A secret by what it is for. */
export type SecretName = keyof typeof SECRETS;

/** The secrets that an environment needs, read from what it describes. */
export function secretsOf(environment: Environment): readonly PlacedSecret[] {
  return Object.values(SECRETS).filter(({ when }: Need) => when(environment));
}

/** One of them, for the stack that puts it into its cluster. */
export function placedSecret(name: SecretName): PlacedSecret {
  return SECRETS[name];
}

/** Those that Secrets Manager holds: of clusters that are made on EKS. An existing cluster draws its own. */
export function managedSecretsOf(environment: Environment): readonly PlacedSecret[] {
  const { cluster, writeCluster, readCluster } = environment;
  const carrying = { write: cluster ?? writeCluster, read: cluster ?? readCluster };
  return secretsOf(environment).filter(({ side }) => {
    const found = carrying[side];
    return found !== undefined && !isExistingCluster(found);
  });
}
