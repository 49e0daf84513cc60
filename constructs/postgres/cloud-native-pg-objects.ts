import { PGBOUNCER, POSTGRES } from "../core/versions";
import { type ApiObject, imageFrom, STAYS, storeLabel } from "../kubernetes";
import type { BackupPlace, PostgresClusterProps, RecoveryTarget } from "./cloud-native-pg";
import { poolSize, type ResolvedPostgres } from "./cloud-native-pg-settings";

/** The plugin that `Barman` installs. */
const PLUGIN = "barman-cloud.cloudnative-pg.io";

/** Resource requests of the plugin's sidecar of each server, which compresses and uploads WAL and backups. */
export const SIDECAR = { cpu: "50m", memory: "256Mi" } as const;

/** Resource requests of PgBouncer, which has one thread. */
export const POOLER = { cpu: "100m", memory: "128Mi" } as const;

/** Maximum client connections of PgBouncer; each uses about 2 kB (PgBouncer, FAQ). */
const CLIENTS = "1000";

/** Label of all pods of a cluster: instances and poolers. */
export const labelsOf = (name: string) => ({ "cnpg.io/cluster": name });

/** User that sets up databases and roles. It owns the database and creates roles, but is no superuser. */
export const ADMINISTRATOR = "administrator";

type Spec = ApiObject & { readonly spec: object };
type Settled = { readonly props: PostgresClusterProps; readonly settings: ResolvedPostgres };

/** Object store of WAL and backups. On AWS it has no retention policy: the bucket deletes objects, and writers may not. */
export function objectStore(name: string, { props }: Settled, place: BackupPlace): Spec {
  const { cluster, namespace } = props;
  const { destination, endpoint, credentials, authority, keepDays } = place;
  const env = variablesOf(place, cluster.aws?.region);
  const key = (field: string) => ({ name: credentials?.secretName, key: field });
  return {
    apiVersion: "barmancloud.cnpg.io/v1",
    kind: "ObjectStore",
    metadata: { name, namespace },
    spec: {
      configuration: {
        destinationPath: destination,
        ...(endpoint ? { endpointURL: endpoint } : {}),
        ...(authority ? { endpointCA: { name: authority.secretName, key: authority.key } } : {}),
        s3Credentials: credentials
          ? { accessKeyId: key("access-key-id"), secretAccessKey: key("secret-access-key") }
          : { inheritFromIAMRole: true },
        // No encryption settings: the bucket encrypts with its own key.
        wal: { compression: "gzip", maxParallel: 4 },
        data: { compression: "gzip", jobs: 2 },
      },
      instanceSidecarConfiguration: {
        resources: { requests: { ...SIDECAR }, limits: { memory: SIDECAR.memory } },
        ...(env.length > 0 ? { env } : {}),
      },
      ...(keepDays === undefined ? {} : { retentionPolicy: `${keepDays}d` }),
    },
  };
}

/** Not every S3-compatible storage knows the checksums that newer clients send by default (plugin-barman-cloud, object stores). */
function variablesOf({ endpoint, region = "us-east-1" }: BackupPlace, ofCluster?: string): readonly object[] {
  const variables = endpoint
    ? { AWS_REGION: region, AWS_REQUEST_CHECKSUM_CALCULATION: "when_required", AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required" }
    : { AWS_REGION: ofCluster };
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/** The Cluster object of the operator. */
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
        // These precede the operator's own rule, which would also accept connections without TLS.
        pg_hba: ["hostnossl all all all reject", "hostssl all all all scram-sha-256"],
        ...(synchronous
          ? {
              synchronous: {
                method: "any",
                number: synchronous.standbys,
                dataDurability: synchronous.durability,
                // Prevents the promotion of a standby that may lack an acknowledged write.
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
          // A volume stays in the zone of its first pod, so the first placement must be spread over zones.
          whenUnsatisfiable: zoned ? "DoNotSchedule" : "ScheduleAnyway",
          labelSelector: { matchLabels: { ...labelsOf(name), "cnpg.io/podRole": "instance" } },
        },
      ],
      // It would block every drain of a single instance.
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
      recovery: { source: "origin", ...owned, recoveryTarget: targetOf(recoverFrom.target) },
    };
  }
  return {
    // Sorted by bytes: no change of the image can change this order and corrupt an index.
    initdb: { ...owned, dataChecksums: true, encoding: "UTF8", localeCollate: "C", localeCType: "C.UTF-8" },
  };
}

function targetOf(target: RecoveryTarget): object {
  return "lsn" in target ? { targetLSN: target.lsn } : { targetTime: target.time };
}

export function scheduledBackup({ props: { name, namespace }, settings: { schedule } }: Settled): Spec {
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "ScheduledBackup",
    metadata: { name, namespace },
    spec: {
      schedule,
      // Takes the first backup immediately, because WAL can't be replayed without a base backup.
      immediate: true,
      backupOwnerReference: "none",
      ...backupOf(name),
    },
  };
}

/** A base backup of a server that is made at once. */
export function baseBackupObject(name: string, { name: server, namespace }: { readonly name: string; readonly namespace: string }): Spec {
  return { apiVersion: "postgresql.cnpg.io/v1", kind: "Backup", metadata: { name, namespace }, spec: backupOf(server) };
}

function backupOf(server: string): object {
  return { cluster: { name: server }, method: "plugin", pluginConfiguration: { name: PLUGIN } };
}

/** PgBouncer in front of the writer (`rw`) or of the standbys (`ro`). It uses the servers' certificate, which includes its names. */
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
          // For all users together; two of them alternate.
          max_db_connections: String(poolSize(settings)),
          // Without it, drivers that use named prepared statements fail in transaction mode.
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

/** Lets a drain evict one pooler at a time: the operator creates budgets for servers only. */
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

/** Tells Prometheus to scrape servers and poolers: both name the port `metrics`. */
export function podMonitor({ props: { name, namespace } }: Settled): Spec {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labelsOf(name) }, podMetricsEndpoints: [{ port: "metrics", relabelings: [storeLabel(name)] }] },
  };
}
