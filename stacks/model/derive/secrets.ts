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

/** Secret, with its cluster and namespace. */
export interface PlacedSecret {
  readonly cluster: ClusterKey;
  readonly namespace: string;
  readonly spec: SecretSpec;
}

/** Key of AES-256: 32 bytes. */
const AES_KEY = { length: 64, characters: "hex" } as const;

/** CA certificates that a cluster publishes for the other one. */
export function publishedAuthorities(system: System): readonly string[] {
  const stores = system.stores.filter((store) => isUsedFromElsewhere(system, store));
  return [...stores.map(authorityOf), ...(receivesMetrics(system, "readCluster") ? [RECEIVER_AUTHORITY] : [])];
}

/** CA certificate of an event store, for clients on another cluster. Not a secret. */
export function authorityOf({ name }: Pick<StoreOf, "name">): string {
  return `${name}-authority`;
}

export const FIELD_KEYS: SecretSpec = {
  name: "field-keys",
  purpose: "Keys of single fields of read models (AES-256-GCM), each 32 bytes in hexadecimal digits",
  keys: { "key-1": AES_KEY },
  rotation: { method: "key-ring", clients: "restart", engine: "a further key in addition to the others: key-2" },
};

/** Location of the field keys: with the first service that reads encrypted fields, or else the first workload that writes them. */
export function fieldKeysHome({ domains }: Pick<System, "domains">): Pick<PlacedSecret, "cluster" | "namespace"> | undefined {
  return (
    domains.find(({ services }) => services.some(({ encrypts }) => encrypts)) ??
    domains.find((domain) => membersOf(domain).some(({ encrypts }) => encrypts))
  );
}

/** Secret of workloads that the platform generates, by name. */
export function generatedSecret(name: string): SecretSpec {
  return {
    name,
    purpose: "Generated for the workloads that name it",
    keys: { value: { length: 64 } },
    rotation: { method: "engine-first", clients: "restart", engine: "whatever accepts it" },
  };
}

/** Secrets of workloads that the platform generates, each stored with the first domain that names it. */
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

/** Namespaces of other domains on the same cluster that store secrets of a domain's workloads. */
export function secretHomesOf(system: Pick<System, "domains">, domain: DomainOf): readonly string[] {
  const used = workloadSecrets({ domains: [domain] }).map(({ spec }) => spec.name);
  return workloadSecrets(system)
    .filter(({ cluster, namespace, spec }) => used.includes(spec.name) && cluster === domain.cluster && namespace !== domain.namespace)
    .map(({ namespace }) => namespace);
}

/**
 * Secrets that an environment needs, except those that an operator generates. Each is stored in one namespace: another
 * cluster would generate another value.
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

/** Secrets in Secrets Manager: those of EKS clusters. An existing cluster generates its own. */
export function managedSecretsOf(system: System): readonly PlacedSecret[] {
  const made = new Map(clustersOf(system));
  return secretsOf(system).filter(({ cluster }) => {
    const found = made.get(cluster);
    return found !== undefined && !isExistingCluster(found);
  });
}
