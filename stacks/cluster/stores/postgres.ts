import type { ITerraformDependable } from "cdktf";
import type { SecretReference } from "../../../constructs/connection";
import { daysIn } from "../../../constructs/core/quantities";
import { eventsDigest } from "../../../constructs/event-store";
import type { KubernetesTarget, Peer } from "../../../constructs/kubernetes";
import {
  administratorSecret,
  type BackupPlace,
  baseBackupSchedule,
  type Postgres,
  PostgresCluster,
  type PostgresClusterProps,
  PostgresDrill,
  PostgresRoles,
  postgresDrillName,
  postgresOfCluster,
  rdsAuthority,
} from "../../../constructs/postgres";
import { WorkloadSecret } from "../../../constructs/secrets";
import type { S3Location } from "../../../constructs/storage";
import { archiveOnAws, archiveOutside, bucketOutside } from "../../base/archives";
import { describedAt } from "../../base/refusals";
import type { Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { pathOf } from "../../model/check/paths";
import { isExistingCluster } from "../../model/cluster";
import { serverDrills } from "../../model/derive/drills";
import { backupsOf, drillsPrefix, identitiesOf, outsidePrefix } from "../../model/derive/identities";
import { runsAt } from "../../model/derive/members";
import { priorityClass } from "../../model/derive/priorities";
import { credentialsOf, outputName } from "../../model/derive/servers";
import { DEFAULT_KEEP } from "../../model/derive/store-backups";
import { metricsReader } from "../../model/monitoring";
import type { CloudNativePgSettings, PostgresSettings } from "../../model/stores/postgres";
import { DEFAULT_BASE_BACKUP, databaseOf, serverSecrets } from "../../model/stores/postgres";
import { targetOf } from "../../model/stores/restore";
import type { ServerOf } from "../../model/system";
import { providedSecrets } from "./provided-secrets";

/** Location of a store, or of its setup jobs, on a cluster. */
export interface StorePlace {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;

  /** Clients of the store, in addition to its setup jobs. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /** Dependencies: the namespace. */
  readonly after: readonly ITerraformDependable[];
}

/** Server, and the resources to wait for. */
interface Found {
  readonly postgres: Postgres;
  readonly ready: readonly ITerraformDependable[];
}

type OnCluster = ServerOf<CloudNativePgSettings>;

function isOnCluster(server: ServerOf): server is OnCluster {
  return runsAt(server) === "cluster";
}

/** Connection values of a server for its users, from any stack. Creates nothing. */
export function postgresAt(site: Site, stack: PlatformStack, server: ServerOf): Postgres {
  return isOnCluster(server) ? postgresOfCluster(clusterSettings(site, server)) : onAws(site, stack, server);
}

/** Creates a server on the cluster, or sets up one on AWS, with its database, roles and users. */
export function postgresOn(place: StorePlace, server: ServerOf): Found {
  const { stack, cluster, after } = place;
  const { name, namespace } = server;
  const { postgres, ready } = isOnCluster(server) ? madeHere(place, server) : letIn(place, server);
  const secrets = serverSecrets(name, server.settings).map(
    (spec) => new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after }).release,
  );
  const roles = new PostgresRoles(stack, `${name}-roles`, {
    cluster,
    namespace,
    postgres,
    after: [...after, ...ready, ...secrets],
  });
  if (isOnCluster(server)) drillsOf(place, server, postgres, roles.ready);
  return { postgres, ready: roles.ready };
}

/** Creates the restore drills of a server, if it has any. */
function drillsOf(
  { site, stack, cluster }: StorePlace,
  server: OnCluster,
  postgres: Postgres,
  after: readonly ITerraformDependable[],
): void {
  const { environment } = site;
  const { name, keys } = server;
  const drill = serverDrills(environment).find((one) => one.server.keys.join() === keys.join());
  const archive = archiveOf(site, stack, server);
  if (!drill || !archive) return;
  const { schedule, rpo, rto } = drill;
  const reader = metricsReader(environment.monitoring);
  describedAt(
    `${pathOf(environment, keys)}.backup`,
    new PostgresDrill(stack, postgresDrillName(name), {
      server: { cluster, ...clusterSettings(site, server), backup: archive },
      postgres,
      ...(server.holdsEvents ? { digest: eventsDigest() } : {}),
      results: resultsOf(site, stack, server),
      schedule,
      rpo,
      rto,
      ...(reader ? { metricsFrom: reader } : {}),
      after,
    }),
  );
}

/** Place of the results of drills: in the bucket of the backups. */
function resultsOf({ environment, foundation }: Site, stack: PlatformStack, server: OnCluster): S3Location & { readonly prefix: string } {
  const { bucket } = environment.backup ?? {};
  const prefix = drillsPrefix(server);
  if (foundation && environment.aws) return { name: stack.read(foundation.backup).backupBucket, region: environment.aws.region, prefix };
  if (!bucket) throw new Error(`${environment.name}: ${server.name} has no backups`);
  return { ...bucketOutside(bucket, server.namespace), prefix: `${outsidePrefix(environment)}/${prefix}` };
}

function madeHere(place: StorePlace, server: OnCluster): Found {
  const { site, stack, cluster, clients, after } = place;
  const { environment } = site;
  const reader = metricsReader(environment.monitoring);
  const { name, namespace, keys } = server;
  const { every = DEFAULT_BASE_BACKUP } = server.settings.backup ?? {};
  const schedule = baseBackupSchedule(every);
  const archive = archiveOf(site, stack, server);
  const origin = originOf(site, server);
  const secrets = providedSecrets(place, namespace, [archive, origin].flatMap(secretsOf));
  const { postgres, ready } = describedAt(
    pathOf(environment, keys),
    new PostgresCluster(stack, name, {
      cluster,
      ...clusterSettings(site, server),
      ...(archive ? { backup: { ...archive, ...(schedule ? { schedule } : {}) } } : {}),
      ...(origin ? { recoverFrom: origin } : {}),
      clients: [{ namespace }, ...clients],
      ...(reader ? { metricsFrom: reader } : {}),
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      after: [...after, ...secrets],
    }),
  );
  return { postgres, ready };
}

function secretsOf(place: BackupPlace | undefined): readonly (string | undefined)[] {
  return [place?.credentials?.secretName, place?.authority?.secretName];
}

/** Archive of a server: in the environment's bucket on EKS, in the bucket outside of AWS on an existing cluster, or none. */
function archiveOf({ environment, key, foundation }: Site, stack: PlatformStack, server: OnCluster): BackupPlace | undefined {
  const { name, namespace } = server;
  const identity = identitiesOf(environment).find(
    (one) => one.cluster === key && one.namespace === namespace && one.serviceAccount === name,
  );
  if (identity && foundation) return { destination: `s3://${stack.read(foundation.backup).backupBucket}/${backupsOf(identity)}` };
  const { bucket, keep = DEFAULT_KEEP } = environment.backup ?? {};
  return bucket && { ...archiveOutside(environment, server, bucket), keepDays: daysIn(keep) };
}

/** Archive that a server is restored from, and the target. */
function originOf({ environment, origins }: Site, server: OnCluster): PostgresClusterProps["recoverFrom"] {
  const origin = origins.get(server.name);
  const target = server.settings.restore && targetOf(server.settings.restore);
  if (!origin || !target) return undefined;
  const { system, server: source } = origin;
  const cluster = system[source.cluster];
  const bucket = cluster && isExistingCluster(cluster) ? system.backup?.bucket : undefined;
  const place = bucket
    ? archiveOutside(system, source, bucket)
    : (({ bucket: named, prefix }) => ({ destination: `s3://${named}/${prefix}` }))(
        archiveOnAws(system, source, environment.aws?.region ?? ""),
      );
  return { ...place, serverName: source.name, target: target.kind === "lsn" ? { lsn: target.value } : { time: target.value } };
}

/** Server settings that its users must know. */
function clusterSettings({ environment }: Site, server: OnCluster) {
  const { name, namespace, settings } = server;
  const { engine: _, name: __, backup: ___, restore: ____, pooler, size = environment.size ?? "medium", ...said } = settings;
  return {
    namespace,
    name,
    size,
    ...said,
    database: databaseOf(server),
    users: credentialsOf(server),
    ...(pooler ? { pooler: {} } : {}),
  };
}

/** Provides the administrator's secret to the job that sets up the server's users. */
function letIn({ site, stack, cluster, after }: StorePlace, server: ServerOf): Found {
  const postgres = onAws(site, stack, server);
  const { secret: spec } = postgres.administrator.password;
  return { postgres, ready: [new WorkloadSecret(stack, spec.name, { cluster, namespace: server.namespace, spec, after }).release] };
}

function onAws({ environment, foundation }: Site, stack: PlatformStack, server: ServerOf<PostgresSettings>): Postgres {
  const { name, namespace } = server;
  const { aws } = environment;
  if (!foundation?.data || !aws) throw new Error(`${environment.name}: nobody makes ${name}`);
  const outputs = stack.read(foundation.data);
  const key = outputName(name);
  const administrator = administratorSecret(name);
  const fact = (keyOf: string): SecretReference => ({ secret: administrator, home: namespace, key: keyOf });
  return {
    name,
    database: databaseOf(server),
    writer: outputs[`${key}Writer`] ?? "",
    reader: outputs[`${key}Reader`] ?? "",
    authority: { pem: rdsAuthority(aws.region) },
    peers: [{ cidr: stack.read(foundation.network).vpcCidr }],
    administrator: { user: fact("user"), password: fact("password") },
    users: credentialsOf(server),
  };
}
