import { elasticUsers, GRAFANA_ADMIN, METRICS_SENDER, RECEIVER_AUTHORITY } from "../../../constructs/observability";
import type { SecretSpec } from "../../../constructs/secrets";
import { type ClusterKey, isExistingCluster } from "../cluster";
import { elasticStackOf } from "../monitoring";
import { engineOf } from "../stores";
import type { DomainOf, StoreOf, System } from "../system";
import type { SecretUse } from "../workloads/workload";
import { clustersOf } from "./clusters";
import { hubOf, receivesMetrics } from "./hub";
import { membersOf } from "./members";
import { NAMESPACES } from "./namespaces";
import { isUsedFromElsewhere } from "./servers";

/** A secret, and where in the system it belongs. */
export interface PlacedSecret {
  readonly cluster: ClusterKey;
  readonly namespace: string;
  readonly spec: SecretSpec;
}

/** 32 bytes, the key of AES-256. */
const AES_KEY = { length: 64, characters: "hex" } as const;

/** The authorities that a cluster publishes for the other one. */
export function publishedAuthorities(system: System): readonly string[] {
  const stores = system.stores.filter((store) => isUsedFromElsewhere(system, store));
  return [...stores.map(authorityOf), ...(receivesMetrics(system, "readCluster") ? [RECEIVER_AUTHORITY] : [])];
}

/** Who signs the certificates of an event store, for the clients on another cluster. It is no secret. */
export function authorityOf({ name }: Pick<StoreOf, "name">): string {
  return `${name}-authority`;
}

export const FIELD_KEYS: SecretSpec = {
  name: "field-keys",
  purpose: "Keys of single fields of read models (AES-256-GCM), each 32 bytes in hexadecimal digits",
  keys: { "key-1": AES_KEY },
  rotation: { method: "key-ring", clients: "restart", engine: "a further key beside the others: key-2" },
};

/** Where the keys of fields are at home: with the first workload that answers from what is encrypted, or writes it. */
export function fieldKeysHome({ domains }: Pick<System, "domains">): Pick<PlacedSecret, "cluster" | "namespace"> | undefined {
  return (
    domains.find(({ services }) => services.some(({ encrypts }) => encrypts)) ??
    domains.find((domain) => membersOf(domain).some(({ encrypts }) => encrypts))
  );
}

/** A secret that workloads are given and the platform generates, by its name. */
export function generatedSecret(name: string): SecretSpec {
  return {
    name,
    purpose: "Generated for the workloads that name it",
    keys: { value: { length: 64 } },
    rotation: { method: "engine-first", clients: "restart", engine: "whatever accepts it" },
  };
}

/** The secrets that workloads are given and the platform generates, each at home with the first domain that names it. */
export function workloadSecrets({ domains }: Pick<System, "domains">): readonly PlacedSecret[] {
  const found = new Map<string, PlacedSecret>();
  for (const domain of domains) {
    for (const { settings } of membersOf(domain)) {
      const { secrets = {}, secretFiles = {} } = settings as {
        readonly [Key in "secrets" | "secretFiles"]?: Readonly<Record<string, SecretUse>>;
      };
      for (const use of [...Object.values(secrets), ...Object.values(secretFiles)]) {
        if (typeof use !== "string" || found.has(use)) continue;
        found.set(use, { cluster: domain.cluster, namespace: domain.namespace, spec: generatedSecret(use) });
      }
    }
  }
  return [...found.values()];
}

/** The namespaces of other domains on the same cluster in which secrets are at home that a domain's workloads are given. */
export function secretHomesOf(system: Pick<System, "domains">, domain: DomainOf): readonly string[] {
  const used = workloadSecrets({ domains: [domain] }).map(({ spec }) => spec.name);
  return workloadSecrets(system)
    .filter(({ cluster, namespace, spec }) => used.includes(spec.name) && cluster === domain.cluster && namespace !== domain.namespace)
    .map(({ namespace }) => namespace);
}

/**
 * The secrets that an environment needs, read from what it describes, except those that an operator draws itself. Each is
 * at home in one namespace: one that is drawn in a cluster would be another in the next.
 */
export function secretsOf(system: System): readonly PlacedSecret[] {
  const { stores, monitoring } = system;
  const hub = hubOf(system);
  const keys = fieldKeysHome(system);
  return [
    ...stores.flatMap((store) => {
      const specs = engineOf(store)?.secrets(store.name, store.settings) ?? [];
      return specs.map((spec) => ({ cluster: store.cluster, namespace: store.namespace, spec }));
    }),
    ...(monitoring?.grafana && hub ? [{ cluster: hub, namespace: NAMESPACES.observability, spec: GRAFANA_ADMIN }] : []),
    ...(hub && elasticStackOf(monitoring)
      ? Object.values(elasticUsers()).map((spec) => ({ cluster: hub, namespace: NAMESPACES.observability, spec }))
      : []),
    ...(hub && receivesMetrics(system, hub) ? [{ cluster: hub, namespace: NAMESPACES.observability, spec: METRICS_SENDER }] : []),
    ...(keys ? [{ cluster: keys.cluster, namespace: keys.namespace, spec: FIELD_KEYS }] : []),
    ...workloadSecrets(system),
  ];
}

/** Those that Secrets Manager holds: of clusters that are made on EKS. An existing cluster draws its own. */
export function managedSecretsOf(system: System): readonly PlacedSecret[] {
  const made = new Map(clustersOf(system));
  return secretsOf(system).filter(({ cluster }) => {
    const found = made.get(cluster);
    return found !== undefined && !isExistingCluster(found);
  });
}
