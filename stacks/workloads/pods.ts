import type { ITerraformDependable } from "cdktf";
import { brokerConnection } from "../../constructs/broker";
import type { Connection, Wanted } from "../../constructs/connection";
import type { EventStoreRole } from "../../constructs/event-store";
import type { KubernetesTarget, Opening } from "../../constructs/kubernetes";
import { type PostgresRole, postgresConnection } from "../../constructs/postgres";
import { redisConnection } from "../../constructs/redis";
import type { PodProps } from "../../constructs/workload";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { brokerOf, eventStoreOf, postgresOf, redisOf } from "../lookup/stores";
import type { Authentication } from "../model/authentication";
import { all, type OneOrMore } from "../model/common";
import { NAMESPACES } from "../model/derive/namespaces";
import { fieldKeys } from "../model/derive/secrets";
import type { Environment } from "../model/environment";
import type { Migrations } from "../model/workloads/job";
import type { Projections } from "../model/workloads/projection";
import type { QueryApi, Service } from "../model/workloads/service";
import type { Processors } from "../model/workloads/worker";
import type { Workload } from "../model/workloads/workload";

/** Where the workloads of a stack are. */
export interface WorkloadPlace {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /**
   * The PriorityClass of what runs there for good.
   * @default - none: nothing does
   */
  readonly priority?: string;
  readonly after: readonly ITerraformDependable[];
}

/** What the workloads of a role are connected to, and as whom. */
export function connectionsOf({ site, stack }: WorkloadPlace, role: keyof typeof CONNECTIONS): readonly Connection[] {
  const { events, models, cache } = CONNECTIONS[role];
  const eventStore = events && eventStoreOf(site, stack);
  const redis = cache && redisOf(site, stack);
  const broker = brokerOf(site);
  return [
    ...(events && eventStore ? [eventStore.connections[events]] : []),
    ...(models ? postgresOf(site, stack).map((postgres) => postgresConnection(postgres, models)) : []),
    ...(redis ? [redisConnection(redis)] : []),
    ...(broker ? [brokerConnection(broker)] : []),
  ];
}

interface Connected {
  readonly events?: EventStoreRole;
  readonly models?: PostgresRole;
  readonly cache: boolean;
}

const CONNECTIONS: Readonly<Record<"commandApi" | "commandProcessors" | "queryApi" | "projections", Connected>> = {
  commandApi: { events: "commands", cache: false },
  commandProcessors: { events: "commands", cache: false },
  queryApi: { models: "reader", cache: true },
  projections: { events: "subscriptions", models: "writer", cache: true },
};

/** Connections under the names that a workload has for them. Of several databases each has a variable of its own. */
export function named(connections: readonly Connection[], { variables = {} }: Pick<Workload, "variables">): readonly Wanted[] {
  const databases = connections.filter((connection) => "DATABASE_URL" in connection.variables);
  return connections.map((connection) => {
    const told = variables[connection.name];
    if (told) return { connection, variables: told };
    if (databases.length < 2 || !databases.includes(connection)) return { connection };
    return { connection, variables: { [`${connection.name}-url`.toUpperCase().replaceAll("-", "_")]: "{DATABASE_URL}" } };
  });
}

/** What every workload of an environment is told. */
export function podOf(place: WorkloadPlace, workload: Workload, connections: readonly Connection[]): PodProps {
  const { cluster, namespace, priority, after } = place;
  const { command, cpu, cpuLimit, memory, env, files, probes, grace, user } = workload;
  return {
    cluster,
    namespace,
    connections: named(connections, workload),
    ...(priority ? { priority } : {}),
    ...(command ? { command } : {}),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory ? { memory } : {}),
    ...(cpuLimit === undefined ? {} : { cpuLimit }),
    ...(probes ? { probes } : {}),
    ...(grace ? { grace } : {}),
    ...(user === undefined ? {} : { user }),
    ...(env ? { env } : {}),
    ...(files ? { files } : {}),
    ...metricsOf(place.site.environment, workload.metrics),
    ...telemetryOf(place.site.environment),
    // The test at the end of each stack does.
    waits: false,
    after,
  };
}

function metricsOf({ monitoring }: Environment, metrics: Workload["metrics"]): Pick<PodProps, "metrics"> {
  return metrics && monitoring?.prometheus ? { metrics: { ...metrics, from: NAMESPACES.observability, monitor: true } } : {};
}

function telemetryOf({ name, monitoring }: Environment): Pick<PodProps, "telemetry"> {
  const { telemetry } = monitoring ?? {};
  return telemetry ? { telemetry: { ...telemetry, attributes: { "deployment.environment.name": name } } } : {};
}

/** Where an API finds who may do what. */
const ROLES_FILE = "/etc/authorization/roles.json";

/** Where an API finds the key that tokens are signed with. */
const KEY_FILE = "/etc/authentication/public-key.pem";

/** The keys of issuers are fetched from wherever they are published. */
const ISSUER: Opening = { name: "issuer", peer: "anywhere", ports: [443] };

/** What an API is told of who may do what, on top of what every workload is told. */
export function withAccess(pod: PodProps, { authentication, authorization }: Environment): PodProps {
  const tokens = authentication ? tokensOf(authentication) : undefined;
  const roles = authorization ? { [ROLES_FILE]: `${JSON.stringify(authorization, null, 2)}\n` } : {};
  return {
    ...pod,
    env: { ...tokens?.env, ...(authorization ? { AUTH_ROLES_FILE: ROLES_FILE } : {}), ...pod.env },
    files: { ...tokens?.files, ...roles, ...pod.files },
    reaches: [...(pod.reaches ?? []), ...(tokens?.reaches ?? [])],
  };
}

/** What an API is told of tokens that it accepts. */
function tokensOf(authentication: Authentication): Required<Pick<PodProps, "env" | "files" | "reaches">> {
  const env = { AUTH_ISSUER: authentication.issuer, AUTH_AUDIENCE: authentication.audience, AUTH_ALGORITHMS: "RS256" };
  return "jwks" in authentication
    ? { env: { ...env, AUTH_JWKS_URL: authentication.jwks }, files: {}, reaches: [ISSUER] }
    : { env: { ...env, AUTH_PUBLIC_KEY_FILE: KEY_FILE }, files: { [KEY_FILE]: authentication.publicKey }, reaches: [] };
}

/** What a workload of the read side is told of fields that are encrypted one by one. */
export function withFieldKeys(pod: PodProps, { encryptedFields = [] }: Environment): PodProps {
  if (encryptedFields.length === 0) return pod;
  const { spec, namespace } = fieldKeys;
  const keys = Object.keys(spec.keys).map((key) => [
    `FIELD_${key}`.toUpperCase().replaceAll("-", "_"),
    { secret: spec, home: namespace, key },
  ]);
  return {
    ...pod,
    env: { ENCRYPTED_FIELDS: encryptedFields.join(","), ...pod.env },
    secrets: { ...Object.fromEntries(keys), ...pod.secrets },
  };
}

/** The workloads of a role, each with where the environment describes it. */
export function described<R extends keyof Described>(
  environment: Environment,
  role: R,
): readonly (readonly [path: string, workload: Described[R]])[] {
  const said = environment[role] as OneOrMore<Described[R]> | undefined;
  return all<Described[R]>(said).map((workload, index) => [
    `${environment.name}.${role}${Array.isArray(said) ? `[${index}]` : ""}`,
    workload,
  ]);
}

interface Described {
  readonly commandApi: Service;
  readonly commandProcessors: Processors;
  readonly queryApi: QueryApi;
  readonly projections: Projections;
  readonly migrations: Migrations;
}
