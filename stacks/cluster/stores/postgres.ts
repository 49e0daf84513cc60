import type { ITerraformDependable } from "cdktf";
import type { SecretFact } from "../../../constructs/connection";
import type { KubernetesTarget, Peer } from "../../../constructs/kubernetes";
import {
  administratorSecret,
  type Postgres,
  PostgresCluster,
  PostgresRoles,
  postgresOfCluster,
  rdsAuthority,
} from "../../../constructs/postgres";
import { WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import type { Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { backupsOf, identitiesOf } from "../../model/derive/identities";
import { NAMESPACES } from "../../model/derive/namespaces";
import { priorityClass } from "../../model/derive/priorities";
import { databaseOf, outputName, postgresSecrets, usersOf } from "../../model/derive/servers";
import type { CloudNativePgSettings, PostgresSettings } from "../../model/stores/postgres";

/** Where on a cluster a server of PostgreSQL, or what sets up its users, is put. */
export interface PostgresPlace {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Where the environment describes it: `production.readDatabase`. */
  readonly path: string;

  /** Who uses it, beside the jobs that set up users. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /** What has to be there before: the namespace. */
  readonly after: readonly ITerraformDependable[];
}

/** A server, and what comes after it. */
interface Found {
  readonly postgres: Postgres;
  readonly ready: readonly ITerraformDependable[];
}

/** A server as its users know it, from wherever they are: nothing is made for it. */
export function postgresAt(site: Site, stack: PlatformStack, namespace: string, name: string, settings: PostgresSettings): Postgres {
  return settings.engine === "cloudnative-pg"
    ? postgresOfCluster(clusterSettings(site, namespace, name, settings))
    : onAws(site, stack, namespace, name);
}

/** A server as its users know it: made here where it runs on the cluster, read from the data stack where AWS runs it. */
export function postgresOn(place: PostgresPlace, name: string, settings: PostgresSettings): Found {
  return settings.engine === "cloudnative-pg" ? madeHere(place, name, settings) : letIn(place, name);
}

function madeHere(
  { site, stack, cluster, namespace, path, clients, after }: PostgresPlace,
  name: string,
  settings: CloudNativePgSettings,
): Found {
  const { environment, foundation, key } = site;
  const identity = identitiesOf(environment).find(
    (one) => one.cluster === key && one.namespace === namespace && one.serviceAccount === name,
  );
  const { postgres, ready } = describedAt(
    path,
    new PostgresCluster(stack, name, {
      cluster,
      ...clusterSettings(site, namespace, name, settings),
      ...(identity && foundation
        ? { backup: { destination: `s3://${stack.read(foundation.backup).backupBucket}/${backupsOf(identity)}` } }
        : {}),
      clients: [{ namespace }, ...clients],
      ...(environment.monitoring?.prometheus ? { metricsFrom: NAMESPACES.observability } : {}),
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
  return { postgres, ready };
}

/** What it is made with, as far as its users have to know. */
function clusterSettings({ environment }: Site, namespace: string, name: string, settings: CloudNativePgSettings) {
  const { engine: _, name: __, pooler, size = environment.size ?? "medium", ...said } = settings;
  return {
    namespace,
    name,
    size,
    ...said,
    database: databaseOf(name),
    users: usersOf(name, namespace),
    ...(pooler ? { pooler: {} } : {}),
  };
}

/** The administrator's secret, for the job that sets up its users. */
function letIn({ site, stack, cluster, namespace, after }: PostgresPlace, name: string): Found {
  const postgres = onAws(site, stack, namespace, name);
  const { secret: spec } = postgres.administrator.password;
  return { postgres, ready: [new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after }).release] };
}

function onAws({ environment, foundation }: Site, stack: PlatformStack, namespace: string, name: string): Postgres {
  const { aws } = environment;
  if (!foundation?.data || !aws) throw new Error(`${environment.name}: nobody makes ${name}`);
  const outputs = stack.read(foundation.data);
  const key = outputName(name);
  const administrator = administratorSecret(name);
  const fact = (keyOf: string): SecretFact => ({ secret: administrator, home: namespace, key: keyOf });
  return {
    name,
    database: databaseOf(name),
    writer: outputs[`${key}Writer`] ?? "",
    reader: outputs[`${key}Reader`] ?? "",
    authority: { pem: rdsAuthority(aws.region) },
    peers: [{ cidr: stack.read(foundation.network).vpcCidr }],
    administrator: { user: fact("user"), password: fact("password") },
    users: usersOf(name, namespace),
  };
}

/** Its database, roles and users, and the secrets by which workloads sign in. */
export function rolesOn(
  { stack, cluster, namespace, after }: PostgresPlace,
  name: string,
  { postgres, ready }: Found,
): readonly ITerraformDependable[] {
  const secrets = postgresSecrets(name).map((spec) => new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after }).release);
  return new PostgresRoles(stack, `${name}-roles`, { cluster, namespace, postgres, after: [...after, ...ready, ...secrets] }).ready;
}
