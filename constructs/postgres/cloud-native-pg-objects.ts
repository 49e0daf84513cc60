import { PGBOUNCER, POSTGRES } from "../core/versions";
import { type ApiObject, imageFrom, STAYS, storeLabel } from "../kubernetes";
import type { BackupPlace, PostgresClusterProps } from "./cloud-native-pg";
import { poolSize, type ResolvedPostgres } from "./cloud-native-pg-settings";

/** The plugin that `Barman` installs. */
const PLUGIN = "barman-cloud.cloudnative-pg.io";

/** What the plugin's container beside each server asks for: it compresses and sends log and backups. */
export const SIDECAR = { cpu: "50m", memory: "256Mi" } as const;

/** What PgBouncer asks for. It is one thread. */
export const POOLER = { cpu: "100m", memory: "128Mi" } as const;

/** Sessions that PgBouncer takes; each costs it about 2 kB (PgBouncer, FAQ). */
const CLIENTS = "1000";

/** The roles that are kept apart: instances, and what stands before them. */
export const labelsOf = (name: string) => ({ "cnpg.io/cluster": name });

/** Who signs in to set up databases and roles. It owns the database, makes roles, and is no superuser. */
export const ADMINISTRATOR = "administrator";

type Spec = ApiObject & { readonly spec: object };
type Settled = { readonly props: PostgresClusterProps; readonly settings: ResolvedPostgres };

/** Where log and backups lie. There is no retention policy: the bucket deletes, and nobody who can write may. */
export function objectStore(name: string, { props }: Settled, { destination, endpoint, credentials }: BackupPlace): Spec {
  const { cluster, namespace } = props;
  const key = (field: string) => ({ name: credentials?.secretName, key: field });
  return {
    apiVersion: "barmancloud.cnpg.io/v1",
    kind: "ObjectStore",
    metadata: { name, namespace },
    spec: {
      configuration: {
        destinationPath: destination,
        ...(endpoint ? { endpointURL: endpoint } : {}),
        s3Credentials: credentials
          ? { accessKeyId: key("access-key-id"), secretAccessKey: key("secret-access-key") }
          : { inheritFromIAMRole: true },
        // Nothing of encryption: the bucket encrypts with its own key.
        wal: { compression: "gzip", maxParallel: 4 },
        data: { compression: "gzip", jobs: 2 },
      },
      instanceSidecarConfiguration: {
        resources: { requests: { ...SIDECAR }, limits: { memory: SIDECAR.memory } },
        ...(cluster.aws ? { env: [{ name: "AWS_REGION", value: cluster.aws.region }] } : {}),
      },
    },
  };
}

/** The servers, as the operator takes them. */
export function clusterObject({ props, settings }: Settled, certificate: string): Spec {
  const { cluster, namespace, name } = props;
  const { version, instances, cpu, memory, storage, walStorage, synchronous } = settings;
  const volume = (size: string) => ({ size, storageClass: cluster.storageClass, resizeInUseVolumes: true });
  const parameters = Object.entries(settings.parameters).map(([key, value]) => [key, String(value)]);
  const zoned = cluster.zones.length > 1;
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "Cluster",
    metadata: { name, namespace },
    spec: {
      instances,
      imageName: imageFrom(cluster, POSTGRES[version].image),
      ...(props.priority ? { priorityClassName: props.priority } : {}),
      resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
      storage: volume(storage),
      walStorage: volume(walStorage),
      enableSuperuserAccess: false,
      managed: { roles: [{ name: ADMINISTRATOR, ensure: "present", login: true, createrole: true, createdb: true }] },
      bootstrap: bootstrap(props, settings),
      certificates: { serverTLSSecret: certificate, serverCASecret: certificate },
      postgresql: {
        parameters: Object.fromEntries(parameters),
        // Behind these stands the operator's own rule, which would also let in who speaks in clear.
        pg_hba: ["hostnossl all all all reject", "hostssl all all all scram-sha-256"],
        ...(synchronous
          ? {
              synchronous: {
                method: "any",
                number: synchronous.standbys,
                dataDurability: synchronous.durability,
                // Nobody takes over who may lack a write that was acknowledged.
                ...(synchronous.durability === "required" ? { failoverQuorum: true } : {}),
              },
            }
          : {}),
      },
      ...(props.backup
        ? {
            plugins: [
              { name: PLUGIN, isWALArchiver: true, parameters: { barmanObjectName: `${name}-backup`, serverName: settings.serverName } },
            ],
          }
        : {}),
      ...(props.recoverFrom
        ? {
            externalClusters: [
              {
                name: "origin",
                plugin: { name: PLUGIN, parameters: { barmanObjectName: `${name}-origin`, serverName: props.recoverFrom.serverName } },
              },
            ],
          }
        : {}),
      affinity: {
        enablePodAntiAffinity: true,
        topologyKey: "kubernetes.io/hostname",
        podAntiAffinityType: zoned ? "required" : "preferred",
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "topology.kubernetes.io/zone",
          // A volume stays in the zone of its first pod: the first time has to be right.
          whenUnsatisfiable: zoned ? "DoNotSchedule" : "ScheduleAnyway",
          labelSelector: { matchLabels: { ...labelsOf(name), "cnpg.io/podRole": "instance" } },
        },
      ],
      // For a single instance it would block every drain.
      enablePDB: instances > 1,
      ...(instances === 1 ? { inheritedMetadata: { annotations: STAYS } } : {}),
      primaryUpdateStrategy: "unsupervised",
      primaryUpdateMethod: "switchover",
    },
  };
}

function bootstrap({ recoverFrom }: PostgresClusterProps, { database }: ResolvedPostgres): object {
  const owned = { database, owner: ADMINISTRATOR };
  if (recoverFrom) {
    return {
      recovery: { source: "origin", ...owned, ...(recoverFrom.until ? { recoveryTarget: { targetTime: recoverFrom.until } } : {}) },
    };
  }
  return {
    // Sorted by bytes: an order that no image changes under an index.
    initdb: { ...owned, dataChecksums: true, encoding: "UTF8", localeCollate: "C", localeCType: "C.UTF-8" },
  };
}

export function scheduledBackup({ props: { name, namespace }, settings: { schedule } }: Settled): Spec {
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "ScheduledBackup",
    metadata: { name, namespace },
    spec: {
      schedule,
      // The first at once: until then the log has nothing to be played upon.
      immediate: true,
      backupOwnerReference: "none",
      cluster: { name },
      method: "plugin",
      pluginConfiguration: { name: PLUGIN },
    },
  };
}

/** PgBouncer in front of the writer (`rw`) or of the standbys (`ro`). Its certificate is that of the servers, which names it too. */
export function poolerObject(type: "rw" | "ro", { props, settings }: Settled): Spec {
  const { cluster, namespace, name } = props;
  const pooler = `${name}-pool-${type}`;
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "Pooler",
    metadata: { name: pooler, namespace },
    spec: {
      cluster: { name },
      type,
      instances: settings.poolers,
      pgbouncer: {
        poolMode: "transaction",
        image: imageFrom(cluster, PGBOUNCER),
        parameters: {
          client_tls_sslmode: "require",
          max_client_conn: CLIENTS,
          default_pool_size: String(poolSize(settings)),
          // Over all users together, of whom two alternate.
          max_db_connections: String(poolSize(settings)),
          // Without it, drivers that prepare statements by name fail in transaction mode.
          max_prepared_statements: "200",
        },
      },
      deploymentStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        spec: {
          ...(props.priority ? { priorityClassName: props.priority } : {}),
          containers: [{ name: "pgbouncer", resources: { requests: { ...POOLER }, limits: { memory: POOLER.memory } } }],
          topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: { "cnpg.io/poolerName": pooler } },
          })),
        },
      },
    },
  };
}

/** Lets a drain take one pooler at a time: the operator makes budgets for servers only. */
export function poolerBudget(type: "rw" | "ro", { props: { name, namespace } }: Settled): Spec {
  const pooler = `${name}-pool-${type}`;
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: pooler, namespace },
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: { "cnpg.io/poolerName": pooler } },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}

/** Tells Prometheus where servers and poolers are: both call the port `metrics`. */
export function podMonitor({ props: { name, namespace } }: Settled): Spec {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labelsOf(name) }, podMetricsEndpoints: [{ port: "metrics", relabelings: [storeLabel(name)] }] },
  };
}
