import type { ITerraformDependable } from "cdktf";
import { auditBuckets } from "../../constructs/audit";
import type { RequestedConnection, SecretReference } from "../../constructs/connection";
import { callEgress, callVariables, connectionsOf } from "../../constructs/domain";
import { HTTPS, ROLE_AGENT, type TrafficRule } from "../../constructs/kubernetes";
import { parseBlock } from "../../constructs/network";
import { telemetryEndpoints } from "../../constructs/observability";
import { ProvidedSecret, type SecretSpec } from "../../constructs/secrets";
import { type PodProps, podsOf, WORKLOAD_DEFAULTS } from "../../constructs/workload";
import { connectionTo } from "../lookup/stores";
import type { Authentication } from "../model/authentication";
import { auditPath, auditWritersOf, subjectKeyRecovery, subjectKeyRights, subjectKeysAt } from "../model/derive/audit";
import { NAMESPACES } from "../model/derive/namespaces";
import { podNames } from "../model/derive/pod-names";
import { FIELD_KEYS, fieldKeysHome, generatedSecret, workloadSecrets } from "../model/derive/secrets";
import { workloadsIn } from "../model/derive/workloads";
import { metricsReader, tracingOf } from "../model/monitoring";
import type { DomainOf, ServiceOf, System, UseOf, WorkloadOf } from "../model/system";
import type { Egress, SecretUse, Workload } from "../model/workloads/workload";
import type { WorkloadPlace } from "./place";

/** Connections to the stores that a workload uses, with its variable names. */
function storesOf({ site, stack }: WorkloadPlace, uses: readonly UseOf[]): readonly RequestedConnection[] {
  return connectionsOf(
    uses.map((use) => ({ connection: connectionTo(site, stack, use), ...(use.variables ? { variables: use.variables } : {}) })),
  );
}

/** Common settings of an environment's workloads. */
export function podOf(place: WorkloadPlace, workload: Pick<WorkloadOf<object>, "name" | "settings" | "uses" | "calls">): PodProps {
  const { cluster, namespace, priority, after } = place;
  const { environment } = place.site;
  const { command, args, cpu, cpuLimit, memory, memoryRequest, env, files, probes, terminationGracePeriod, user, metrics, ...settings } =
    workload.settings as Workload;
  const {
    labels,
    scratch,
    sidecars,
    nodeSelector,
    tolerations,
    pullSecrets,
    egress: further = [],
    secrets = {},
    secretFiles = {},
  } = settings;
  const { volumes } = workload.settings as Pick<PodProps, "volumes">;
  const told = callsOf(environment, workload.calls);
  const audit = auditOf(environment, workload.name);
  const egress = [...told.egress, ...audit.egress, ...egressOf(further)];
  const variables = { ...told.env, ...audit.env, ...env };
  const given = secretsOf(place, secrets);
  const givenFiles = secretsOf(place, secretFiles);
  return {
    cluster,
    namespace,
    connections: storesOf(place, workload.uses),
    ...(priority ? { priority } : {}),
    ...(command ? { command } : {}),
    ...(args ? { args } : {}),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory ? { memory } : {}),
    ...(memoryRequest ? { memoryRequest } : {}),
    ...(cpuLimit === undefined ? {} : { cpuLimit }),
    ...(probes ? { probes } : {}),
    ...(terminationGracePeriod ? { terminationGracePeriod } : {}),
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(variables).length > 0 || env ? { env: variables } : {}),
    ...(files ? { files } : {}),
    ...(labels ? { labels } : {}),
    ...(scratch ? { scratch } : {}),
    ...(sidecars ? { sidecars } : {}),
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(pullSecrets ? { pullSecrets } : {}),
    ...(volumes ? { volumes: withProtection(volumes, place.stack.protect) } : {}),
    ...(egress.length > 0 ? { egress } : {}),
    ...(Object.keys(given.facts).length > 0 ? { secrets: given.facts } : {}),
    ...(Object.keys(givenFiles.facts).length > 0 ? { secretFiles: givenFiles.facts } : {}),
    ...metricsOf(environment, metrics),
    ...telemetryOf(environment),
    // The test at the end of each stack waits instead.
    waitForRollout: false,
    after: [...after, ...given.after, ...givenFiles.after],
  };
}

/** Addresses of the audit trail and of data keys for a workload that writes records, or uses or deletes keys, and egress to them. */
function auditOf(environment: System, workload: string): Pick<ReturnType<typeof callsOf>, "env" | "egress"> {
  const { system, name, aws } = environment;
  const writer = auditWritersOf(environment).find((one) => one.workload.name === workload);
  const { uses, erases } = subjectKeyRights(environment, workload);
  if (!(writer || uses) || !aws) return { env: {}, egress: [] };
  const settings = environment.audit?.subjectKeys;
  const { table, alias } = subjectKeysAt(environment, aws);
  const [bucket] = auditBuckets({ account: aws.account, region: aws.region, name: [system, name] });
  const env = {
    ...(writer ? { AUDIT_BUCKET: bucket, AUDIT_KINDS: writer.kinds.join(","), AUDIT_PATH: auditPath(writer) } : {}),
    ...(uses || erases
      ? {
          SUBJECT_KEYS_TABLE: table,
          SUBJECT_KEYS_KEY: alias,
          // A copy of the table doesn't tell it.
          ...(settings?.of !== undefined && erases ? { SUBJECT_KEYS_RECOVERY_DAYS: String(subjectKeyRecovery(settings)) } : {}),
        }
      : {}),
    AWS_REGION: aws.region,
  };
  return { env, egress: [ROLE_AGENT, HTTPS] };
}

/** Protects volumes as the environment specifies, unless the volume has its own setting. */
function withProtection(volumes: NonNullable<PodProps["volumes"]>, protect: boolean): NonNullable<PodProps["volumes"]> {
  return Object.fromEntries(Object.entries(volumes).map(([path, volume]) => [path, { protect, ...volume }]));
}

/** Service and its domain. */
interface Found {
  readonly domain: DomainOf;
  readonly service: ServiceOf;
}

function serviceNamed({ domains }: System, name: string): Found | undefined {
  return domains.flatMap((domain) => domain.services.flatMap((service) => (service.name === name ? [{ domain, service }] : [])))[0];
}

/** Pod ports of a service: `port`, and additional ports. */
function portsOf({ settings: { port = WORKLOAD_DEFAULTS.port, ports = {} } }: ServiceOf): readonly [number, ...number[]] {
  return [port, ...Object.values(ports)];
}

/** Variables for the services that a workload calls, and egress to them. */
function callsOf(
  system: System,
  calls: WorkloadOf["calls"],
): { readonly env: Record<string, string>; readonly egress: readonly TrafficRule[] } {
  const env: Record<string, string> = {};
  const egress = calls.flatMap(({ service: name, variables }): readonly TrafficRule[] => {
    const found = serviceNamed(system, name);
    if (!found) return [];
    const { domain, service } = found;
    const { servicePort, health } = service.settings;
    const called = {
      name,
      namespace: domain.namespace,
      ports: portsOf(service),
      ...(servicePort === undefined ? {} : { servicePort }),
      tcp: health === "tcp",
    };
    Object.assign(env, callVariables(called, variables));
    return [callEgress(called)];
  });
  return { env, egress };
}

/** Pods of the workloads that call a service. */
export function callersOf(system: System, { name }: Pick<ServiceOf, "name">) {
  return workloadsIn(system)
    .filter(({ workload: { calls } }) => calls.some(({ service }) => service === name))
    .flatMap(({ domain, workload }) => podNames(domain, workload).map((pods) => podsOf(domain.namespace, pods)));
}

/** Network policies only support addresses: a host name means any address outside of private networks. */
function egressOf(egress: readonly Egress[]): readonly TrafficRule[] {
  return egress.map(({ host, ports = [443] }) => ({ name: host, peer: parseBlock(host) ? { cidr: host } : INTERNET, ports }));
}

const INTERNET = {
  cidr: "0.0.0.0/0",
  except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
} as const;

/** Locations of a workload's secrets, and the resources that provide those that an operator creates. */
function secretsOf(place: WorkloadPlace, uses: Readonly<Record<string, SecretUse>>) {
  const generated = workloadSecrets(place.site.environment);
  const after: ITerraformDependable[] = [];
  const facts = Object.entries(uses).map(([key, use]): readonly [string, SecretReference] => {
    if (typeof use === "string") {
      const home = generated.find(({ spec }) => spec.name === use)?.namespace ?? place.namespace;
      return [key, { secret: generatedSecret(use), home, key: "value" }];
    }
    const secret = provided(place, use.secret);
    after.push(...secret.ready);
    return [key, secret.key(use.key)];
  });
  return { facts: Object.fromEntries(facts), after };
}

/** Secret that an operator creates, once per namespace. */
function provided({ stack, cluster, namespace, after }: WorkloadPlace, name: string): ProvidedSecret {
  const id = `provided-${name}`;
  const there = stack.node.tryFindChild(id) as ProvidedSecret | undefined;
  return there ?? new ProvidedSecret(stack, id, { cluster, namespace, name, after });
}

function metricsOf({ monitoring }: System, metrics: Workload["metrics"]): Pick<PodProps, "metrics"> {
  const from = metricsReader(monitoring);
  return metrics && from ? { metrics: { ...metrics, from, monitor: true } } : {};
}

function telemetryOf({ name, monitoring }: System): Pick<PodProps, "telemetry"> {
  const own = tracingOf(monitoring) ? ownCollector() : undefined;
  const { telemetry = own } = monitoring ?? {};
  return telemetry ? { telemetry: { ...telemetry, attributes: { "deployment.environment.name": name } } } : {};
}

/** Collector of the environment. It also accepts OTLP over HTTP and Jaeger's Thrift. */
function ownCollector(): NonNullable<PodProps["telemetry"]> {
  const namespace = NAMESPACES.observability;
  const { otlpGrpc: endpoint, otlpHttp, jaegerThrift } = telemetryEndpoints({ namespace });
  return { endpoint, namespace, otherPorts: [otlpHttp, jaegerThrift].map((address) => Number(new URL(address).port)) };
}

/** Path of an API's permissions by role. */
const ROLES_FILE = "/etc/authorization/roles.json";

/** Path of the public key of tokens in an API. */
const KEY_FILE = "/etc/authentication/public-key.pem";

/** Issuers can publish their keys at any address. */
const ISSUER: TrafficRule = { name: "issuer", peer: "anywhere", ports: [443] };

/** Adds the settings for authentication and authorization to an API's pods. */
export function withAccess(pod: PodProps, { authentication, authorization }: System): PodProps {
  const tokens = authentication ? tokensOf(authentication) : undefined;
  const roles = authorization ? { [ROLES_FILE]: `${JSON.stringify(authorization, null, 2)}\n` } : {};
  return {
    ...pod,
    env: { ...tokens?.env, ...(authorization ? { AUTH_ROLES_FILE: ROLES_FILE } : {}), ...pod.env },
    files: { ...tokens?.files, ...roles, ...pod.files },
    egress: [...(pod.egress ?? []), ...(tokens?.egress ?? [])],
  };
}

/** Settings of the tokens that an API accepts. */
function tokensOf(authentication: Authentication): Required<Pick<PodProps, "env" | "files" | "egress">> {
  const env = { AUTH_ISSUER: authentication.issuer, AUTH_AUDIENCE: authentication.audience, AUTH_ALGORITHMS: "RS256" };
  return "jwks" in authentication
    ? { env: { ...env, AUTH_JWKS_URL: authentication.jwks }, files: {}, egress: [ISSUER] }
    : { env: { ...env, AUTH_PUBLIC_KEY_FILE: KEY_FILE }, files: { [KEY_FILE]: authentication.publicKey }, egress: [] };
}

/** Adds the names and keys of encrypted fields to a workload of the read side. */
export function withFieldKeys(pod: PodProps, system: System): PodProps {
  const { encryptedFields = [] } = system;
  if (encryptedFields.length === 0) return pod;
  const namespace = fieldKeysHome(system)?.namespace ?? pod.namespace;
  const keys = Object.keys(FIELD_KEYS.keys).map((key) => [
    `FIELD_${key}`.toUpperCase().replaceAll("-", "_"),
    { secret: FIELD_KEYS as SecretSpec, home: namespace, key },
  ]);
  return {
    ...pod,
    env: { ENCRYPTED_FIELDS: encryptedFields.join(","), ...pod.env },
    secrets: { ...Object.fromEntries(keys), ...pod.secrets },
  };
}
