import type { ITerraformDependable } from "cdktf";
import type { SecretFact } from "../constructs/connection";
import type { KubernetesTarget, Peer } from "../constructs/kubernetes";
import {
  administratorSecret,
  type Postgres,
  PostgresCluster,
  type PostgresRole,
  PostgresRoles,
  postgresUser,
  rdsAuthority,
} from "../constructs/postgres";
import { type SecretSpec, WorkloadSecret } from "../constructs/secrets";
import type { CloudNativePgSettings, PostgresSettings } from "./environment";
import { backupsOf, identitiesOf } from "./identities";
import type { Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import { describedAt } from "./refusals";
import type { PlatformStack } from "./stack";

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

/** What a database and its roles begin with: names of PostgreSQL have no hyphens. */
export function databaseOf(server: string): string {
  return server.replaceAll("-", "_");
}

/** A server as its users know it: made here where it runs on the cluster, read from the data stack where AWS runs it. */
export function postgresOn(place: PostgresPlace, name: string, settings: PostgresSettings): Found {
  return settings.engine === "cloudnative-pg" ? madeHere(place, name, settings) : onAws(place, name);
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
  const { engine: _, name: __, pooler, size = environment.size ?? "medium", ...said } = settings;
  const { postgres, ready } = describedAt(
    path,
    new PostgresCluster(stack, name, {
      cluster,
      namespace,
      name,
      size,
      ...said,
      database: databaseOf(name),
      users: usersOf(name, namespace),
      ...(pooler ? { pooler: {} } : {}),
      ...(identity && foundation
        ? { backup: { destination: `s3://${stack.read(foundation.backup).backupBucket}/${backupsOf(identity)}` } }
        : {}),
      clients: [{ namespace }, ...clients],
      ...(environment.monitoring?.prometheus ? { metricsFrom: NAMESPACES.observability } : {}),
      protect: stack.protect,
      after,
    }),
  );
  return { postgres, ready };
}

function onAws({ site, stack, cluster, namespace, after }: PostgresPlace, name: string): Found {
  const { environment, foundation } = site;
  const { aws } = environment;
  if (!foundation?.data || !aws) throw new Error(`${environment.name}: nobody makes ${name}`);
  const outputs = stack.read(foundation.data);
  const key = outputName(name);
  const administrator = administratorSecret(name);
  const secret = new WorkloadSecret(stack, administrator.name, { cluster, namespace, spec: administrator, after });
  const fact = (keyOf: string): SecretFact => ({ secret: administrator, home: namespace, key: keyOf });
  return {
    postgres: {
      name,
      database: databaseOf(name),
      writer: outputs[`${key}Writer`] ?? "",
      reader: outputs[`${key}Reader`] ?? "",
      authority: { pem: rdsAuthority(aws.region) },
      peers: [{ cidr: stack.read(foundation.network).vpcCidr }],
      administrator: { user: fact("user"), password: fact("password") },
      users: usersOf(name, namespace),
    },
    ready: [secret.release],
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

const ROLES: readonly PostgresRole[] = ["migrator", "writer", "reader"];

/** The secrets of a server's users, one for each role. */
export function postgresSecrets(server: string): readonly SecretSpec[] {
  return ROLES.map((role) => postgresUser(databaseOf(server), role));
}

function usersOf(server: string, home: string): Postgres["users"] {
  const user = (role: PostgresRole) => {
    const fact = (key: string): SecretFact => ({ secret: postgresUser(databaseOf(server), role), home, key });
    return { user: fact("user"), password: fact("password") };
  };
  return { migrator: user("migrator"), writer: user("writer"), reader: user("reader") };
}

/** What the outputs about a store begin with: `read-database` is `readDatabase`. */
export function outputName(store: string): string {
  return store.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
