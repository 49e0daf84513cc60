import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { evenly, type PodGroup, requested, type Spread } from "../capacity";
import { ServerCertificate, serverAuthority, serviceNames } from "../certificates";
import { refuse } from "../core/errors";
import { bytes, millicores } from "../core/quantities";
import type { PostgresVersion } from "../core/versions";
import {
  API_SERVER,
  type ApiObject,
  CustomResources,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  ROLE_AGENT,
  type TrafficRule,
} from "../kubernetes";
import type { SecretSpec } from "../secrets";
import type { Size } from "../sizing";
import {
  clusterObject,
  labelsOf,
  objectStore,
  POOLER,
  podMonitor,
  poolerBudget,
  poolerObject,
  SIDECAR,
  scheduledBackup,
} from "./cloud-native-pg-objects";
import { type PostgresClusterSettings, postgresProblems, type ResolvedPostgres, resolvePostgres } from "./cloud-native-pg-settings";
import type { Credentials, Postgres, PostgresRole } from "./contract";

export interface PostgresClusterProps extends Partial<PostgresClusterSettings> {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Name of the cluster, of its Services and, on AWS, of the service account of its role: `read-database`. */
  readonly name: string;

  /** @default "medium" */
  readonly size?: Size;

  /**
   * Major version of PostgreSQL. A later version is an upgrade in place, offline for minutes, which the operator starts when this changes.
   * Take a backup first, and test the upgrade on a recovery of it.
   * @default "17"
   */
  readonly version?: PostgresVersion;

  /** @default "app" */
  readonly database?: string;

  /**
   * Number of standbys that must have a write before it is acknowledged, and the behaviour if they are unavailable.
   * @default - one standby, required, with 3 instances or more; none with one; must be set with two
   */
  readonly synchronous?: Synchronous | false;

  /** Users of each role, as created by the job that sets up roles. */
  readonly users: Readonly<Record<PostgresRole, Credentials>>;

  /**
   * PgBouncer in transaction mode, for writers and readers. Session state doesn't outlive a transaction: `LISTEN`, `SET`, session advisory
   * locks.
   * @default - all clients connect to the servers
   */
  readonly pooler?: {
    /** @default 2 */
    readonly instances?: number;
  };

  /**
   * Archive of WAL and backups in object storage.
   * @default - none, which is suitable for data that can be rebuilt
   */
  readonly backup?: BackupPlace & {
    /**
     * Name of the server in the archive. A recovered database must use another name than its predecessor.
     * @default - the name of the cluster
     */
    readonly serverName?: string;

    /**
     * Cron schedule of full backups, with seconds first: `"0 30 2 * * *"`.
     * @default "10 0 2 * * *"
     */
    readonly schedule?: string;
  };

  /**
   * Restores a backup instead of starting empty. Applied only at creation: to recover an existing database, create a second one under
   * another name, and move the workloads.
   * @default - empty
   */
  readonly recoverFrom?: BackupPlace & {
    readonly serverName: string;

    /**
     * End of the recovery. Without a target, it would end silently at the first damaged WAL file; with one, PostgreSQL refuses to start
     * before it.
     */
    readonly target: RecoveryTarget;
  };

  /** Pods and networks that may connect. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * Namespace of Prometheus. Allows scraping from there, and requires the CRDs of the Prometheus operator.
   * @default - not scraped
   */
  readonly metricsFrom?: string;

  /**
   * Prevents every plan from deleting it: its volumes would be deleted with it.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * PriorityClass of its pods, which determines which pods are preempted first.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace, CloudNativePG, cert-manager, and Barman if there is a backup. */
  readonly after?: readonly ITerraformDependable[];
}

/** Synchronous replication: number of standbys, and behavior without them. */
export interface Synchronous {
  readonly standbys: number;

  /**
   * `required`: writes wait while too few standbys are available. `preferred`: writes continue without a second copy, and are lost if the
   * primary is lost.
   */
  readonly durability: "required" | "preferred";
}

/** Time in UTC (`2026-11-21T02:15:00Z`), or position in the write-ahead log (`0/5000060`): the last that is restored. */
export type RecoveryTarget = { readonly time: string } | { readonly lsn: string };

/** Location in object storage. */
export interface BackupPlace {
  /** `s3://bucket/path`. */
  readonly destination: string;

  /**
   * Endpoint of a storage other than AWS: `https://minio.backup.svc:9000`.
   * @default - AWS
   */
  readonly endpoint?: string;

  /**
   * Secret of the namespace with the keys `access-key-id` and `secret-access-key`.
   * @default - the AWS role of its service account, which has the name of the cluster
   */
  readonly credentials?: { readonly secretName: string };

  /**
   * Secret of the namespace with the CA certificate of the endpoint.
   * @default - the CAs of the image
   */
  readonly authority?: { readonly secretName: string; readonly key: string };

  /**
   * Region in the signatures of a storage other than AWS.
   * @default "us-east-1"
   */
  readonly region?: string;

  /**
   * Retention in days, after which the plugin deletes backups and WAL. For a bucket that doesn't expire them itself; the credentials must
   * allow deletion.
   * @default - the bucket expires them
   */
  readonly keepDays?: number;
}

/** Namespace of CloudNativePG, from which the operator queries the status of each server. */
const OPERATOR = "cnpg-system";

const PORTS = { postgres: 5432, status: 8000, metrics: 9187, poolerMetrics: 9127 } as const;

/** Generated by the operator. To rotate it, change it in the Secret: the operator applies it to the server. */
const administratorSecret = (name: string): SecretSpec => ({
  name: `${name}-app`,
  purpose: `Administrator of ${name}, drawn by CloudNativePG`,
  keys: { password: { length: 64 } },
  fixed: { username: "administrator" },
  rotation: { method: "engine-first", clients: "read-again", engine: "the operator sets the value of the Secret" },
});

/**
 * PostgreSQL on Kubernetes, operated by CloudNativePG: a primary, standbys for failover, TLS for all clients, point-in-time recovery from
 * object storage. Volumes are deleted with the object, so its release is protected. More storage, more instances, other parameters and
 * other resources are changes in place, one server after the other, the primary last.
 */
export class PostgresCluster extends Construct {
  /** Dependencies of workloads. They wait until the server is available. */
  readonly ready: ITerraformDependable[];

  /** Its connection values. */
  readonly postgres: Postgres;

  /** Service account that writes its backups, to which a role is bound. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };

  constructor(scope: Construct, id: string, props: PostgresClusterProps) {
    super(scope, id);
    const { cluster, namespace, name, backup, recoverFrom, metricsFrom, protect = true, after = [] } = props;
    const found = Object.entries(postgresProblems(props));
    for (const [property, problems] of found) refuse(this, problems, property);
    const settings = resolvePostgres(props);
    const settled = { props, settings };
    this.serviceAccount = { namespace, name };

    const release = (part: string, objects: readonly ApiObject[], before: readonly ITerraformDependable[], guarded = false) =>
      new CustomResources(this, part, {
        cluster,
        namespace,
        name: part === "servers" ? name : `${name}-${part}`,
        objects,
        protect: guarded,
        after: before,
      }).release;

    const poolers = poolersOf(settings);
    const certificate = new ServerCertificate(this, "certificate", {
      cluster,
      namespace,
      name,
      dnsNames: ["rw", "ro", "r", ...poolers.map((type) => `pool-${type}`)].flatMap((service) =>
        serviceNames(`${name}-${service}`, namespace),
      ),
      labels: { "cnpg.io/reload": "true" },
      after,
    });
    const traffic = new PodTraffic(this, "traffic", { namespace, name, labels: labelsOf(name), ...openings(props), after });
    const stores = [
      ...(backup ? [objectStore(`${name}-backup`, settled, backup)] : []),
      ...(recoverFrom ? [objectStore(`${name}-origin`, settled, recoverFrom)] : []),
    ];
    const storage = stores.length > 0 ? [release("stores", stores, after)] : [];
    const before = [...after, certificate.release, traffic.policy, ...storage];
    const servers = release("servers", [clusterObject(settled, certificate.secretName)], before, protect);
    const around = [
      ...poolers.flatMap((type) => [poolerObject(type, settled), ...(settings.poolers > 1 ? [poolerBudget(type, settled)] : [])]),
      ...(backup ? [scheduledBackup(settled)] : []),
      ...(metricsFrom ? [podMonitor(settled)] : []),
    ];
    this.ready = [servers, ...(around.length > 0 ? [release("around", around, [servers])] : [])];
    cluster.ledger.add(...podGroupsOf(settled));
    this.postgres = postgresOfCluster(props);
  }
}

/** Poolers: also for the standbys, if there are any. */
function poolersOf({ poolers, instances }: ResolvedPostgres): readonly ("rw" | "ro")[] {
  if (poolers === 0) return [];
  return instances > 1 ? ["rw", "ro"] : ["rw"];
}

/** Network policy rules of a cluster's pods. */
export function openings({ cluster, namespace, name, clients, backup, recoverFrom, metricsFrom }: PostgresClusterProps) {
  const own: TrafficRule = { name: "servers", peer: { namespace, labels: labelsOf(name) }, ports: [PORTS.postgres, PORTS.status] };
  const places = [backup, recoverFrom].flatMap((place) => (place?.endpoint ? [Number(new URL(place.endpoint).port) || 443] : []));
  const ingress: TrafficRule[] = [
    own,
    { name: "operator", peer: { namespace: OPERATOR }, ports: [PORTS.status, PORTS.postgres] },
    ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: [PORTS.postgres] }] : []),
    ...(metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORTS.metrics, PORTS.poolerMetrics] }] : []),
  ];
  // Each server queries the Kubernetes API for the current primary. Object storage uses the same port.
  const egress: TrafficRule[] = [own, API_SERVER];
  if (places.length > 0) egress.push({ name: "object-storage", peer: "anywhere", ports: [...new Set(places)] });
  if (cluster.aws && (backup || recoverFrom)) egress.push(ROLE_AGENT);
  return { ingress, egress };
}

/** Pods of a cluster, the servers first. */
export function podGroupsOf({
  props,
  settings,
}: {
  readonly props: PostgresClusterProps;
  readonly settings: ResolvedPostgres;
}): readonly PodGroup[] {
  const { namespace, name, cluster, backup, recoverFrom } = props;
  const priority = cluster.ledger.priorityOf(props.priority);
  const amounts = [{ cpu: settings.cpu, memory: settings.memory }, ...(backup || recoverFrom ? [SIDECAR] : [])];
  if (amounts.some(({ cpu, memory }) => typeof millicores(cpu) !== "number" || typeof bytes(memory) !== "number")) return [];
  const zoned = cluster.zones.length > 1;
  const apart: readonly Spread[] = [
    { over: "node", how: "apart", required: zoned },
    { over: "zone", how: "even", required: zoned },
  ];
  return [
    { name: `${namespace}/${name}`, pods: settings.instances, request: { ...requested(amounts), volumes: 2 }, spread: apart, ...priority },
    // The job that creates a server's volumes runs before the server.
    { name: `${namespace}/${name}-join`, pods: 1, request: requested(amounts), passing: true },
    ...poolersOf(settings).map((type) => ({
      name: `${namespace}/${name}-pool-${type}`,
      pods: settings.poolers,
      request: requested([POOLER]),
      surge: 1,
      spread: evenly(false),
      ...priority,
    })),
  ];
}

/** Connection values of a PostgreSQL of CloudNativePG, for any stack, from its props. */
export function postgresOfCluster(props: Omit<PostgresClusterProps, "cluster" | "clients">): Postgres {
  const { namespace, name, users } = props;
  const settings = resolvePostgres(props);
  const host = (service: string) => `${name}-${service}.${namespace}.svc`;
  const secret = administratorSecret(name);
  const [writer, reader] = [host("rw"), settings.instances > 1 ? host("ro") : host("rw")];
  const pooled = poolersOf(settings);
  return {
    name,
    database: settings.database,
    writer,
    reader,
    ...(pooled.length > 0 ? { pool: { writer: host("pool-rw"), reader: pooled.includes("ro") ? host("pool-ro") : host("pool-rw") } } : {}),
    authority: serverAuthority(name, namespace),
    peers: [{ namespace, labels: labelsOf(name) }],
    administrator: { user: { secret, home: namespace, key: "username" }, password: { secret, home: namespace, key: "password" } },
    users,
  };
}
