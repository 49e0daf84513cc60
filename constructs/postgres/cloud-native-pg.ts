import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup, Spread } from "../capacity";
import { ServerCertificate, serverAuthority, serviceNames } from "../certificates";
import { refuse } from "../core/errors";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
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

  /** What it is called, with its Services and, on AWS, the service account that its role is bound to: `read-database`. */
  readonly name: string;

  /** @default "medium" */
  readonly size?: Size;

  /**
   * PostgreSQL by its major version. A later one is an upgrade in place, offline for minutes, which the operator runs when
   * this changes: take a backup first, and try it on a recovery of it.
   * @default "17"
   */
  readonly version?: PostgresVersion;

  /** @default "app" */
  readonly database?: string;

  /**
   * How many standbys have a write before it is acknowledged, and what happens when they are away.
   * @default - with 3 instances or more one of them, required; with one none; with two it has to be said
   */
  readonly synchronous?: Synchronous | false;

  /** The users of each role, as the job that sets up roles makes them. */
  readonly users: Readonly<Record<PostgresRole, Credentials>>;

  /**
   * PgBouncer in transaction mode, for writers and readers. A session's own state doesn't outlive a transaction there:
   * `LISTEN`, `SET`, advisory locks of a session.
   * @default - everybody connects to the servers
   */
  readonly pooler?: {
    /** @default 2 */
    readonly instances?: number;
  };

  /**
   * Log and backups to object storage.
   * @default - none, which is right for what can be made anew
   */
  readonly backup?: BackupPlace & {
    /**
     * Under which name they lie there. A database that was recovered needs another than its predecessor.
     * @default - the name
     */
    readonly serverName?: string;

    /**
     * When a full backup is taken, with seconds first: `"0 30 2 * * *"`.
     * @default "10 0 2 * * *"
     */
    readonly schedule?: string;
  };

  /**
   * Makes it from a backup instead of empty. Read when it is made, and never again: to recover a database that exists, make
   * a second one beside it, under another name, and move the workloads.
   * @default - empty
   */
  readonly recoverFrom?: BackupPlace & {
    readonly serverName: string;

    /**
     * The moment to go back to: `"2026-11-21 02:15:00+00"`.
     * @default - the last that there is
     */
    readonly until?: string;
  };

  /** Who may connect to it. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * The namespace of Prometheus, which is told where to scrape it and let in. Takes the definitions of its operator.
   * @default - nobody scrapes it
   */
  readonly metricsFrom?: string;

  /**
   * Whether no plan may delete it: its volumes go with it.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * The PriorityClass that decides who goes first when room is short.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** What has to be there before: its namespace, CloudNativePG, cert-manager, with a backup Barman. */
  readonly after?: readonly ITerraformDependable[];
}

export interface Synchronous {
  readonly standbys: number;

  /**
   * `required`: while too few standbys answer, writes wait. `preferred`: they go on without a second copy, and the loss of
   * the one that writes then loses them.
   */
  readonly durability: "required" | "preferred";
}

/** A place in object storage. */
export interface BackupPlace {
  /** `s3://bucket/path`. */
  readonly destination: string;

  /**
   * Of storage that is not AWS's: `https://minio.backup.svc:9000`.
   * @default - AWS
   */
  readonly endpoint?: string;

  /**
   * A Secret of the namespace with the keys `access-key-id` and `secret-access-key`.
   * @default - the role that is bound to its service account, which has its name
   */
  readonly credentials?: { readonly secretName: string };
}

/** CloudNativePG's own namespace, from which the operator asks every server how it is. */
const OPERATOR = "cnpg-system";

const PORTS = { postgres: 5432, status: 8000, metrics: 9187, poolerMetrics: 9127 } as const;

/** Drawn and kept by the operator, renewed by whoever changes it there: the server follows. */
const administratorSecret = (name: string): SecretSpec => ({
  name: `${name}-app`,
  purpose: `Administrator of ${name}, drawn by CloudNativePG`,
  keys: { password: { length: 64 } },
  fixed: { username: "administrator" },
  rotation: { method: "engine-first", clients: "read-again", engine: "the operator sets what stands in the Secret" },
});

/**
 * PostgreSQL on Kubernetes, looked after by CloudNativePG: a server that writes, standbys that take over, TLS for everybody,
 * point-in-time recovery from object storage. Volumes belong to the object, so that its release is guarded. More storage,
 * more instances, other parameters and other resources are changes in place, one server after the other, the writer last.
 */
export class PostgresCluster extends Construct {
  /** What workloads come after. They wait by themselves until it answers. */
  readonly ready: ITerraformDependable[];

  /** How others know it. */
  readonly postgres: Postgres;

  /** Where its backups lie is written by this service account, which a role is bound to. */
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
    cluster.ledger.add(...podsOf(settled));
    this.postgres = postgresOfCluster(props);
  }
}

/** Standbys have poolers of their own, where there are standbys. */
function poolersOf({ poolers, instances }: ResolvedPostgres): readonly ("rw" | "ro")[] {
  if (poolers === 0) return [];
  return instances > 1 ? ["rw", "ro"] : ["rw"];
}

function openings({ cluster, namespace, name, clients, backup, recoverFrom, metricsFrom }: PostgresClusterProps) {
  const own: TrafficRule = { name: "servers", peer: { namespace, labels: labelsOf(name) }, ports: [PORTS.postgres, PORTS.status] };
  const places = [backup, recoverFrom].flatMap((place) => (place?.endpoint ? [Number(new URL(place.endpoint).port) || 443] : []));
  const ingress: TrafficRule[] = [
    own,
    { name: "operator", peer: { namespace: OPERATOR }, ports: [PORTS.status, PORTS.postgres] },
    ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: [PORTS.postgres] }] : []),
    ...(metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORTS.metrics, PORTS.poolerMetrics] }] : []),
  ];
  // Every server asks the API which of them writes. The same port leads to object storage.
  const egress: TrafficRule[] = [own, API_SERVER];
  if (places.length > 0) egress.push({ name: "object-storage", peer: "anywhere", ports: [...new Set(places)] });
  if (cluster.aws && (backup || recoverFrom)) egress.push(ROLE_AGENT);
  return { ingress, egress };
}

function podsOf({ props, settings }: { readonly props: PostgresClusterProps; readonly settings: ResolvedPostgres }): readonly PodGroup[] {
  const { namespace, name, cluster, backup, recoverFrom } = props;
  const priority = cluster.ledger.priorityOf(props.priority);
  const amounts = [{ cpu: settings.cpu, memory: settings.memory }, ...(backup || recoverFrom ? [SIDECAR] : [])];
  if (amounts.some(({ cpu, memory }) => typeof millicores(cpu) !== "number" || typeof bytes(memory) !== "number")) return [];
  const request = (asked: readonly { readonly cpu: Cores; readonly memory: Bytes }[]) => ({
    millicores: asked.reduce((sum, { cpu }) => sum + known(millicores(cpu)), 0),
    memoryBytes: asked.reduce((sum, { memory }) => sum + known(bytes(memory)), 0),
  });
  const zoned = cluster.zones.length > 1;
  const apart: readonly Spread[] = [
    { over: "node", how: "apart", required: zoned },
    { over: "zone", how: "even", required: zoned },
  ];
  const evenly: readonly Spread[] = [
    { over: "zone", how: "even", required: false },
    { over: "node", how: "even", required: false },
  ];
  return [
    { name: `${namespace}/${name}`, pods: settings.instances, request: { ...request(amounts), volumes: 2 }, spread: apart, ...priority },
    // The job that makes a server's volumes, before the server itself.
    { name: `${namespace}/${name}-join`, pods: 1, request: request(amounts), passing: true },
    ...poolersOf(settings).map((type) => ({
      name: `${namespace}/${name}-pool-${type}`,
      pods: settings.poolers,
      request: request([POOLER]),
      surge: 1,
      spread: evenly,
      ...priority,
    })),
  ];
}

/** A PostgreSQL of CloudNativePG as others know it, from wherever they are, by what was said to make it. */
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
