import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ServerCertificate, serviceNames } from "../certificates";
import type { RequestedConnection } from "../connection";
import { bundled } from "../core/bundles";
import { refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import { drillJob, drillMetrics } from "../drill";
import { API_SERVER, CustomResources, PodTraffic } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { API_CLIENT, ownRights, PodTemplate, podsOf, scheduleProblems, withToken } from "../workload";
import { openings, type PostgresClusterProps, podGroupsOf } from "./cloud-native-pg";
import { clusterObject, labelsOf, objectStore } from "./cloud-native-pg-objects";
import { resolvePostgres } from "./cloud-native-pg-settings";
import { type Postgres, postgresConnection } from "./contract";

export interface PostgresDrillProps {
  /** The server that is drilled, as it was created. Its `backup` is restored. */
  readonly server: Omit<PostgresClusterProps, "clients"> & Required<Pick<PostgresClusterProps, "backup">>;

  /** Its connection values. The job connects as the migrator. */
  readonly postgres: Postgres;

  /**
   * SQL for psql that computes number and hash of the events up to `:until`, for an event store.
   * @default - no events: all tables are read
   */
  readonly digest?: string;

  /** Bucket of the results, an object in JSON for each drill. */
  readonly results: S3Location & {
    /** `drills/read-store/read-database`. */
    readonly prefix: string;
  };

  /** Cron schedule (UTC): `"30 5 * * 0"`. */
  readonly schedule: string;

  /** Maximum time until a transaction is archived, in seconds. */
  readonly rpo: number;

  /** Maximum duration of the restore, in seconds. */
  readonly rto: number;

  /**
   * Namespace of Prometheus, which scrapes the result. Requires the CRDs of its operator.
   * @default - the result is only in the bucket
   */
  readonly metricsFrom?: string;

  /** Resources to create first: the server with its users, roles of the service accounts. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the job and of the service account of a server's drills: `read-database-drill`. */
export function postgresDrillName(server: string): string {
  return `${server}-drill`;
}

/** Name of the server that a drill creates, and of its service account: `read-database-scratch`. */
export function postgresScratchName(server: string): string {
  return `${server}-scratch`;
}

/** Resource requests of the job's pod. */
export const POSTGRES_DRILL_POD = { cpu: "50m", memory: "256Mi" } as const;

/** Time for images, volumes and the deletion of servers, in seconds, in addition to the RPO and to twice the RTO. */
const OTHER = 2400;

const PROGRAM = "/app/postgres-drill.mjs";
const MANIFEST = "/app/cluster.json";
const DIGEST = "/app/digest.sql";

const URL = "postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={ca}";

/**
 * Restore drills of a server of CloudNativePG: a CronJob records the end of the log, waits until it is archived, creates a server of one
 * instance from the newest backup up to there, reads and compares its data, measures data loss and duration, and deletes the server. The
 * server belongs to the job's pod: Kubernetes deletes it with the pod, also if the job is killed.
 */
export class PostgresDrill extends Construct {
  constructor(scope: Construct, id: string, props: PostgresDrillProps) {
    super(scope, id);
    const { server, postgres, digest, results, schedule, rpo, rto, metricsFrom, after = [] } = props;
    refuse(this, scheduleProblems(schedule), "schedule");
    const { cluster, namespace } = server;
    const [name, scratchName] = [postgresDrillName(server.name), postgresScratchName(server.name)];
    const access = s3Access(results);
    const scratch = scratchOf(server, scratchName);
    const settings = resolvePostgres(scratch);
    const dnsNames = serviceNames(`${scratchName}-rw`, namespace);
    const certificate = new ServerCertificate(this, "certificate", { cluster, namespace, name: scratchName, dnsNames, after });
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name: scratchName,
      labels: labelsOf(scratchName),
      ...openings({ ...scratch, clients: [podsOf(namespace, name)] }),
      after,
    });
    const origin = new CustomResources(this, "origin", {
      cluster,
      namespace,
      name: `${scratchName}-origin`,
      objects: scratch.recoverFrom ? [objectStore(`${scratchName}-origin`, { props: scratch, settings }, scratch.recoverFrom)] : [],
      after,
    });
    const [instance] = podGroupsOf({ props: scratch, settings });
    if (instance) cluster.ledger.add({ name: instance.name, pods: 1, request: instance.request, passing: true });
    cluster.ledger.addScratch(settings.storage, settings.walStorage);

    const { env, metrics } = drillMetrics(metricsFrom);
    const pod = new PodTemplate(this, "pod", {
      cluster,
      namespace,
      name,
      component: "drill",
      ends: true,
      command: ["bun", "--smol", PROGRAM],
      files: {
        [PROGRAM]: bundled(__dirname, "postgres-drill.mjs"),
        [MANIFEST]: JSON.stringify(
          onScratchVolumes(clusterObject({ props: scratch, settings }, certificate.secretName), cluster.scratchClass),
        ),
        ...(digest === undefined ? {} : { [DIGEST]: digest }),
      },
      connections: [
        { connection: postgresConnection(postgres, "migrator"), variables: { SOURCE_URL: URL } },
        scratchConnection(postgres, scratchName, namespace, certificate),
      ],
      env: {
        ...access.env,
        ...env,
        ...API_CLIENT,
        ...(digest === undefined ? {} : { DIGEST }),
        HOME: "/tmp",
        MANIFEST,
        RESULTS: results.prefix,
        RPO: String(rpo),
        RTO: String(rto),
      },
      fields: { POD: "metadata.name", POD_UID: "metadata.uid" },
      secrets: access.secrets,
      secretFiles: access.secretFiles,
      egress: [API_SERVER, ...access.egress],
      ...(metrics ? { metrics } : {}),
      ...POSTGRES_DRILL_POD,
      after,
    });
    const binding = this.rights(name, namespace, scratchName, after);
    new CronJobV1(this, "job", {
      ...drillJob({
        namespace,
        name,
        labels: pod.selector(),
        schedule,
        deadline: rpo + 2 * rto + OTHER,
        template: withToken(pod.version({ image: TOOLS.bun })),
      }),
      dependsOn: [...pod.ready, binding, policy, origin.release, certificate.release],
    });
  }

  /** Rights to create Clusters in the namespace, and to read and delete this one: names of new objects can't be restricted. */
  private rights(name: string, namespace: string, scratchName: string, after: readonly ITerraformDependable[]): RoleBindingV1 {
    const clusters = { apiGroups: ["postgresql.cnpg.io"], resources: ["clusters"] };
    const rule = [
      { ...clusters, verbs: ["create"] },
      { ...clusters, resourceNames: [scratchName], verbs: ["get", "delete"] },
    ];
    return ownRights(this, { name, namespace, rule, after });
  }
}

/** The same server with one instance, from its backup. It archives nothing. */
function scratchOf(server: PostgresDrillProps["server"], name: string): PostgresClusterProps {
  const { backup, recoverFrom: _, pooler: __, metricsFrom: ___, synchronous: ____, priority: _____, ...same } = server;
  const { serverName } = resolvePostgres(server);
  const { schedule: ______, keepDays: _______, ...place } = backup;
  // The drill replaces the target.
  const recoverFrom = { ...place, serverName, target: { lsn: "0/0" } };
  return { ...same, name, instances: 1, recoverFrom, clients: [], protect: false };
}

interface Volume {
  readonly storageClass?: string;
}

/** Volumes of the class for scratch data: those of data may be retained. */
function onScratchVolumes(object: ReturnType<typeof clusterObject>, storageClass: string): object {
  const spec = object.spec as { readonly storage: Volume; readonly walStorage: Volume };
  return {
    ...object,
    spec: { ...spec, storage: { ...spec.storage, storageClass }, walStorage: { ...spec.walStorage, storageClass } },
  };
}

/** Connection to the restored server, with the users of its source. It doesn't exist when the job starts. */
function scratchConnection(postgres: Postgres, name: string, namespace: string, { authority }: ServerCertificate): RequestedConnection {
  const writer = `${name}-rw.${namespace}.svc`;
  const restored = { ...postgres, name, writer, authority, peers: [{ namespace, labels: labelsOf(name) }] };
  const { ready: _, ...connection } = postgresConnection(restored, "migrator");
  return { connection, variables: { SCRATCH_URL: URL } };
}
