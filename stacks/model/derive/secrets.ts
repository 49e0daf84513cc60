import { eventSourcingDbToken, kurrentCloudSecrets, kurrentDbSecrets } from "../../../constructs/event-store";
import type { SecretSpec } from "../../../constructs/secrets";
import { isExistingCluster } from "../cluster";
import { all } from "../common";
import type { Environment } from "../environment";
import { NAMESPACES } from "./namespaces";
import { eventServerName, postgresSecrets, readDatabaseName } from "./servers";

/** A secret, and where in the system it belongs. */
export interface PlacedSecret {
  /** The side of the system, and so the cluster. */
  readonly side: "write" | "read";

  readonly namespace: string;

  readonly spec: SecretSpec;
}

/** 32 letters and digits: 190 bits. */
const PASSWORD = { length: 32 } as const;

/** 32 bytes, the key of AES-256. */
const AES_KEY = { length: 64, characters: "hex" } as const;

/** Who signs the certificates of the event store, for the clients on another cluster. It is no secret. */
export const AUTHORITY = "event-store-authority";

export const cacheUsers = {
  side: "read",
  namespace: NAMESPACES.readStore,
  spec: {
    name: "cache-users",
    purpose: "Password of the cache's user",
    keys: { default: PASSWORD },
    rotation: { method: "two-passwords", clients: "read-again", engine: "a job, within 15 minutes, from default, next and former" },
  },
} as const satisfies PlacedSecret;

export const brokerUsers = {
  side: "read",
  namespace: NAMESPACES.readStore,
  spec: {
    name: "broker-users",
    purpose: "Passwords of the users of NATS: two of workloads, which alternate, and one that looks after servers",
    keys: { a: PASSWORD, b: PASSWORD, system: PASSWORD },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "a job, within 5 minutes: it restarts the servers one after the other",
    },
  },
} as const satisfies PlacedSecret;

export const grafanaAdmin = {
  side: "read",
  namespace: NAMESPACES.observability,
  spec: {
    name: "grafana-admin",
    purpose: "Grafana's administrator",
    keys: { "admin-password": PASSWORD },
    fixed: { "admin-user": "admin" },
    // Read when Grafana's database is made; a database on a volume keeps what it has.
    rotation: { method: "engine-first", clients: "restart", engine: "PUT /api/user/password" },
  },
} as const satisfies PlacedSecret;

export const fieldKeys = {
  side: "read",
  namespace: NAMESPACES.readSide,
  spec: {
    name: "field-keys",
    purpose: "Keys of single fields of read models (AES-256-GCM), each 32 bytes in hexadecimal digits",
    keys: { "key-1": AES_KEY },
    rotation: { method: "key-ring", clients: "restart", engine: "a further key beside the others: key-2" },
  },
} as const satisfies PlacedSecret;

/**
 * The secrets that an environment needs, read from what it describes, except those that an operator draws itself. Each is
 * at home in one namespace: one that is drawn in a cluster would be another in the next.
 */
export function secretsOf(environment: Environment): readonly PlacedSecret[] {
  const { eventStore, cache, broker, monitoring, encryptedFields = [] } = environment;
  const at = (place: Omit<PlacedSecret, "spec">, specs: readonly SecretSpec[]) => specs.map((spec) => ({ ...place, spec }));
  const events = { side: "write", namespace: NAMESPACES.eventStore } as const;
  const models = { side: "read", namespace: NAMESPACES.readStore } as const;
  return [
    ...(eventStore?.engine === "kurrent-cloud" ? at(events, Object.values(kurrentCloudSecrets())) : []),
    ...(eventStore?.engine === "kurrentdb" && !eventStore.insecure ? at(events, Object.values(kurrentDbSecrets())) : []),
    ...(eventStore?.engine === "eventsourcingdb" ? at(events, [eventSourcingDbToken()]) : []),
    ...(eventStore?.engine === "postgres" ? at(events, postgresSecrets(eventServerName(eventStore.server))) : []),
    ...all(environment.readDatabase).flatMap((settings) => at(models, postgresSecrets(readDatabaseName(settings)))),
    ...(cache ? [cacheUsers] : []),
    ...(broker ? [brokerUsers] : []),
    ...(monitoring?.grafana ? [grafanaAdmin] : []),
    ...(encryptedFields.length > 0 ? [fieldKeys] : []),
  ];
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
