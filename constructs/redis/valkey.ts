import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ContainerRequest, evenly, type PodGroup, requested } from "../capacity";
import { ServerCertificate, serverAuthority, serviceNames } from "../certificates";
import { refuse } from "../core/errors";
import { bytes, known } from "../core/quantities";
import { TOOLS } from "../core/versions";
import {
  imageFrom,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  RESTRICTED,
  Release,
  STAYS,
  storeLabel,
  VolumeClaims,
} from "../kubernetes";
import { exempt } from "../policy/contract";
import {
  OVERLAP_HOURS,
  OVERLAP_SCRIPT,
  type OverlapProps,
  overlapProblems,
  rotationJobs,
  rotationLabels,
  rotationScript,
} from "../rotation";
import { type SecretSpec, WorkloadSecret } from "../secrets";
import type { Size } from "../sizing";
import { BY_THE_CLOCK } from "../workload";
import type { Redis, RedisPurpose } from "./contract";
import { redisUsers } from "./users";
import {
  DATA_SHARE,
  type Eviction,
  type LogSync,
  type ResolvedValkey,
  resolveValkey,
  type ValkeySettings,
  valkeyProblems,
} from "./valkey-settings";

export interface ValkeyProps extends Partial<ValkeySettings>, OverlapProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Its name and that of its Service: `cache`. */
  readonly name: string;

  /** Purpose, which determines what data may be lost. */
  readonly purpose: RedisPurpose;

  /** @default "medium" */
  readonly size?: Size;

  /**
   * Keys that are evicted when memory is full. For a store: none.
   * @default "allkeys-lru" for a cache, "noeviction" for a store
   */
  readonly eviction?: Eviction;

  /**
   * Time at which the log is synced to disk. For a store: before a write is acknowledged.
   * @default "everysec" for a cache, "always" for a store
   */
  readonly sync?: LogSync;

  /**
   * The Secret of the namespace with the password of the user `default`, under that key. A rotation adds the new password under `next`:
   * both are accepted. Then the new one moves to `default` and the old one to `former`, which ends after `overlapHours`, or earlier in a
   * pod that is replaced. A Secret passed here is created by the caller, before this.
   * @default - `redisUsers(name)`, which this creates as a `WorkloadSecret`
   */
  readonly users?: SecretSpec;

  /** Pods or addresses that may connect. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * Namespace of Prometheus. Creates a PodMonitor and allows scraping from there; requires the CRDs of the Prometheus operator.
   * @default - not scraped
   */
  readonly metricsFrom?: string;

  /**
   * Prevents every plan from deleting its volumes.
   * @default - true for a store
   */
  readonly protect?: boolean;

  /**
   * PriorityClass of its pods, which determines which pods are preempted first.
   * @default - the cluster's default
   */
  readonly priority?: string;

  /** Resources created before it: its namespace, cert-manager, external-secrets, and the Secret if it is passed. */
  readonly after?: readonly ITerraformDependable[];
}

const PORTS = { valkey: 6379, metrics: 9121 } as const;
const [TEMPLATE, USER] = ["valkey-data", "default"] as const;
const EXPORTER = { cpu: "20m", memory: "64Mi" } as const;

/**
 * Rights of clients: everything except commands that change settings, persistence or replication, which the platform manages. `ACL` is
 * allowed, for the rotation of passwords.
 */
const PERMISSIONS = "~* &* +@all -config|set -config|rewrite -debug -module -replicaof -slaveof -shutdown -failover";

/** User of the probes, which can do nothing else. It has no password, because one would fail probes during a rotation. */
const PROBE = "user probe on nopass -@all +ping";

/**
 * User of the exporter, which can't read keys. It has no password: the exporter would read it only at its start, and after a rotation
 * report nothing until the pod restarts.
 */
const METRICS =
  "user metrics on nopass -@all +ping +info +client|setname +command|info +slowlog|len +slowlog|get +latency|latest +latency|histogram";

/**
 * Valkey on Kubernetes, with its data in an append-only log on a volume. One server accepts writes. It is a StatefulSet at every size, so
 * that a change never moves it to another volume.
 *
 * As a `store` it is one server that syncs every write to disk before acknowledging it, and rejects writes when it is full. It doesn't
 * survive a zone failure: it waits until its volume is available again, and loses nothing. The volume has the only copy of the data: back
 * it up.
 *
 * The CronJob `<name>-passwords` applies rotated passwords to the servers. An operator starts `<name>-revoke`: it immediately ends all
 * passwords except those of the Secret, and every session.
 */
export class Valkey extends Construct {
  /** Dependencies for workloads. */
  readonly ready: ITerraformDependable[];

  /** Its connection values. */
  readonly redis: Redis;

  constructor(scope: Construct, id: string, props: ValkeyProps) {
    super(scope, id);
    const { cluster, namespace, name, clients, metricsFrom, purpose, protect = purpose === "store", users = redisUsers(name) } = props;
    const secrets = props.users ? [] : [new WorkloadSecret(this, "users", { ...props, spec: users }).release];
    const after = [...(props.after ?? []), ...secrets];
    const { overlapHours = OVERLAP_HOURS } = props;
    refuse(this, overlapProblems(overlapHours), "overlapHours");
    const settings = resolveValkey(props);
    const found = Object.entries(valkeyProblems(settings));
    for (const [property, problems] of found) refuse(this, problems, property);
    const sound = found.every(([, problems]) => problems.length === 0);

    const labels = labelsOf(name);
    const passwords = `${name}-passwords`;
    const own = { name: "servers", peer: { namespace, labels }, ports: [PORTS.valkey] };
    const traffic = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels,
      ingress: [
        ...(settings.replicas > 0 ? [own] : []),
        ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: [PORTS.valkey] }] : []),
        { name: "passwords", peer: { namespace, labels: rotationLabels(passwords) }, ports: [PORTS.valkey] },
        ...(metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORTS.metrics] }] : []),
      ],
      egress: settings.replicas > 0 ? [own] : [],
      after,
    });
    const headless = `${name}-headless`;
    const certificate = new ServerCertificate(this, "certificate", {
      cluster,
      namespace,
      name,
      dnsNames: [
        ...[name, `${name}-read`].flatMap((service) => serviceNames(service, namespace)),
        `*.${headless}.${namespace}.svc.cluster.local`,
        "localhost",
      ],
      client: true,
      after,
    });
    const pods = settings.replicas + 1;
    const { claims } = new VolumeClaims(this, "volumes", {
      cluster,
      namespace,
      template: TEMPLATE,
      set: name,
      count: sound ? pods : 0,
      size: settings.storage,
      protect,
      after,
    });
    if (purpose === "cache") for (const claim of claims) exempt(claim, "data-is-kept", "a cache may forget what it holds");
    const { release } = new Release(this, "servers", {
      cluster,
      chart: "valkey",
      name,
      namespace,
      // It loads its log before it answers.
      timeout: "20m",
      after: [...after, traffic.policy, certificate.release, ...claims],
      values: sound ? valuesOf({ ...props, users }, settings, certificate.secretName, labels) : {},
      pods: sound
        ? [{ ...podsOf(name, settings, metricsFrom !== undefined, cluster.zones.length > 1), ...cluster.ledger.priorityOf(props.priority) }]
        : [],
    });
    const jobs = new Construct(this, "passwords");
    const { jobSpecOf, ready } = rotationScript(jobs, {
      cluster,
      namespace,
      name: passwords,
      // The servers' image, which has a client and a shell: no further image to trust.
      image: imageFrom(cluster, TOOLS.valkey),
      tool: "valkey",
      files: [join(__dirname, "valkey-passwords.sh"), OVERLAP_SCRIPT],
      settings: {
        OVERLAP: String(overlapHours * 3600),
        SERVERS: Array.from(
          { length: pods },
          (_, index) => `${name}-${index}.${headless}.${namespace}.svc.cluster.local:${PORTS.valkey}`,
        ).join(" "),
      },
      secretName: users.name,
      authority: certificate.secretName,
      egress: [{ name: "servers", peer: { namespace, labels }, ports: [PORTS.valkey] }],
      longestSeconds: 300,
      after,
    });
    rotationJobs(jobs, {
      namespace,
      names: { keep: passwords, revoke: `${name}-revoke` },
      clock: { ...BY_THE_CLOCK, schedule: "*/5 * * * *", failedJobsHistoryLimit: 1 },
      jobSpecOf,
      after: [release, ...ready],
    });
    this.ready = [release];
    this.redis = valkeyRedis({ name, namespace, users });
  }
}

/** Connection values of the Valkey of this name, computed in any stack. */
export function valkeyRedis({ name, namespace, users = redisUsers(name) }: Pick<ValkeyProps, "name" | "namespace" | "users">): Redis {
  return {
    name,
    host: `${name}.${namespace}.svc`,
    clustered: false,
    authority: serverAuthority(name, namespace),
    peers: [{ namespace, labels: labelsOf(name) }],
    user: USER,
    password: { secret: users, home: namespace, key: USER },
  };
}

function labelsOf(name: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": "valkey", "app.kubernetes.io/instance": name };
}

function valuesOf(
  { cluster, name, users, metricsFrom, priority }: ValkeyProps & { readonly users: SecretSpec },
  settings: ResolvedValkey,
  secretName: string,
  labels: object,
) {
  const { cpu, memory, replicas } = settings;
  return {
    fullnameOverride: name,
    ...(priority ? { priorityClassName: priority } : {}),
    ...(cluster.mirror ? { global: { imageRegistry: cluster.mirror } } : {}),
    resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
    initResources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "64Mi" } },
    auth: {
      enabled: true,
      usersExistingSecret: users.name,
      aclUsers: { [USER]: { permissions: PERMISSIONS } },
      aclConfig: metricsFrom ? `${PROBE}\n${METRICS}` : PROBE,
    },
    tls: { enabled: true, existingSecret: secretName, serverPublicKey: "tls.crt", serverKey: "tls.key", caPublicKey: "ca.crt" },
    valkeyConfig: configuration(settings),
    replica: {
      // Also without replicas: otherwise the chart creates a Deployment with a volume of another name.
      enabled: true,
      replicas,
      replicationUser: USER,
      // The claims exist already. The template's own claim is never created, and the template must never change.
      persistence: { size: "1Gi", storageClass: cluster.storageClass },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      service: { enabled: replicas > 0 },
    },
    startupProbe: { enabled: true, customProbe: { ...answers(), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 180 } },
    readinessProbe: { enabled: true, customProbe: { ...answers(), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 } },
    // Long, because a slow command is no reason to restart it.
    livenessProbe: { enabled: true, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
    ...(replicas === 0 ? { podAnnotations: STAYS } : {}),
    podDisruptionBudget: { enabled: replicas > 0, maxUnavailable: 1 },
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: cluster.zones.length > 1 ? "DoNotSchedule" : "ScheduleAnyway",
      labelSelector: { matchLabels: labels },
    })),
    ...(metricsFrom ? { metrics: metrics(name, settings.purpose) } : {}),
  };
}

/** A probe that reads the reply: while a server loads its log, it replies `LOADING` with exit status 0. */
function answers() {
  return {
    exec: {
      command: ["sh", "-c", "valkey-cli --tls --cacert /tls/ca.crt --no-auth-warning --user probe --pass probe ping | grep -q PONG"],
    },
  };
}

function configuration({ purpose, memory, eviction, sync }: ResolvedValkey): string {
  return [
    `maxmemory ${Math.floor(known(bytes(memory)) * DATA_SHARE[purpose])}`,
    `maxmemory-policy ${eviction}`,
    "appendonly yes",
    `appendfsync ${sync}`,
    "no-appendfsync-on-rewrite no",
    // The log is the only persistence: a snapshot would require another fork.
    'save ""',
    // A manually promoted replica must be made writable explicitly: nothing here does it automatically.
    "replica-read-only yes",
    "tls-replication yes",
    // Files that cert-manager renews are read again every hour.
    "tls-auto-reload-interval 3600",
    "",
  ].join("\n");
}

function metrics(name: string, purpose: RedisPurpose) {
  return {
    enabled: true,
    podMonitor: {
      enabled: true,
      // Alerts differ by purpose: a full cache is normal, but a store must not lose data.
      relabelings: [storeLabel(name), { targetLabel: "purpose", replacement: purpose }],
    },
    service: { enabled: false },
    exporter: {
      resources: { requests: { ...EXPORTER }, limits: { memory: EXPORTER.memory } },
      securityContext: RESTRICTED,
      extraEnvs: {
        REDIS_ADDR: "rediss://localhost:6379",
        REDIS_USER: "metrics",
        REDIS_EXPORTER_CONFIG_COMMAND: "-", // settings include the password of replicas
        REDIS_EXPORTER_TLS_CA_CERT_FILE: "/tls/ca.crt",
      },
      extraVolumeMounts: [{ name: `${name}-tls`, mountPath: "/tls", readOnly: true }],
    },
  };
}

function podsOf(name: string, { cpu, memory, replicas }: ResolvedValkey, scraped: boolean, zoned: boolean): PodGroup {
  const containers: readonly ContainerRequest[] = [{ cpu, memory }, ...(scraped ? [EXPORTER] : [])];
  return {
    name,
    pods: replicas + 1,
    request: { ...requested(containers), volumes: 1 },
    spread: evenly(zoned),
  };
}
