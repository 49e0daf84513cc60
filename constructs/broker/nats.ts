import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ContainerRequest, evenly, type PodGroup, requested } from "../capacity";
import { ServerCertificate, serverAuthority, serviceNames } from "../certificates";
import { refuse } from "../core/errors";
import { type Bytes, bytes, known } from "../core/quantities";
import { type KubernetesTarget, type Peer, PodTraffic, Release, STAYS, storeLabel, VolumeClaims } from "../kubernetes";
import { exempt } from "../policy/contract";
import { OVERLAP_HOURS, OVERLAP_SCRIPT, type OverlapProps, overlapProblems, RestartOnRotation } from "../rotation";
import { type SecretSpec, WorkloadSecret } from "../secrets";
import type { Size } from "../sizing";
import type { Broker } from "./contract";
import { type BrokerPurpose, NATS_SIZES, type NatsSettings, natsProblems, SYNC } from "./nats-settings";
import { natsUsers } from "./nats-users";

export interface NatsProps extends Partial<NatsSettings>, OverlapProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Its name and that of its Service: `broker`. */
  readonly name: string;

  /** Purpose: `events` or `messages`, which determines when a message is acknowledged. */
  readonly purpose: BrokerPurpose;

  /** @default "medium" */
  readonly size?: Size;

  /**
   * The Secret of the namespace with the passwords of its users: of the two workload users, under `a` and `b`, and of the system account's
   * user, under `system`. The user names are `workloads-a`, `workloads-b`, `system`. A Secret passed here is created by the caller, before
   * this.
   * @default - `natsUsers(name)`, which this creates as a `WorkloadSecret`
   */
  readonly users?: SecretSpec;

  /**
   * The user as which workloads sign in. To rotate: write a new password for the other user, wait until the job `<name>-passwords` has
   * restarted the servers, then change this and restart the clients. After `overlapHours` the servers reject the former user, and close its
   * sessions, until its password changes.
   * @default "a"
   */
  readonly active?: "a" | "b";

  /** Pods or addresses that may connect. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * Other pods that may query pending messages of consumers: KEDA, if workloads scale on them.
   * @default - none
   */
  readonly watchers?: readonly Exclude<Peer, "anywhere">[];

  /**
   * Namespace of Prometheus. Creates a PodMonitor and allows scraping from there; requires the CRDs of the Prometheus operator.
   * @default - not scraped
   */
  readonly metricsFrom?: string;

  /**
   * Prevents every plan from deleting its volumes.
   * @default - true for `events`
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

const PORTS = { clients: 4222, routes: 6222, metrics: 7777, monitoring: 8222 } as const;

const SIDECARS = { reloader: { cpu: "10m", memory: "32Mi" }, exporter: { cpu: "20m", memory: "64Mi" } } as const;

const RESTRICTED = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } as const;

/** Account of the workloads, which owns their streams. */
const ACCOUNT = "WORKLOADS";

/** Path of the file with the workload users, relative to the chart's configuration in /etc/nats-config. */
const [USERS, USERS_FILE] = ["/nats-users", "users.conf"] as const;

/** Share of a volume for streams. The rest is for writes while old messages are deleted. */
const STREAMS_SHARE = 0.9;

/** Share of the memory limit that Go's garbage collector targets, to avoid an OOM kill (NATS, memory on Kubernetes). */
const GO_SHARE = 0.8;

/**
 * NATS with JetStream on Kubernetes: servers spread over zones with a volume each, TLS between servers and to clients, one account for
 * workloads and one for administration.
 *
 * The CronJob `<name>-passwords` restarts the servers when a password in the Secret has changed, and rejects the former user after the
 * overlap, without a restart. A person starts `<name>-revoke`: it does both at once.
 *
 * The client that creates a stream sets its number of replicas, which is one by default: set `num_replicas` 3.
 */
export class Nats extends Construct {
  /** Dependencies for workloads. */
  readonly ready: ITerraformDependable[];

  /** Its connection values. */
  readonly broker: Broker;

  constructor(scope: Construct, id: string, props: NatsProps) {
    super(scope, id);
    const { cluster, namespace, name, purpose, active, users = natsUsers(name), clients, watchers = [] } = props;
    const { metricsFrom, priority, protect = purpose === "events", overlapHours = OVERLAP_HOURS } = props;
    const secrets = props.users ? [] : [new WorkloadSecret(this, "users", { ...props, spec: users }).release];
    const after = [...(props.after ?? []), ...secrets];
    refuse(this, overlapProblems(overlapHours), "overlapHours");
    const settings = resolve(props);
    const found = Object.entries(natsProblems(settings, purpose));
    for (const [property, problems] of found) refuse(this, problems, property);
    const sound = found.every(([, problems]) => problems.length === 0);

    const labels = labelsOf(name);
    const routes = { name: "routes", peer: { namespace, labels }, ports: [PORTS.routes] };
    const traffic = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels,
      ingress: [
        routes,
        ...(clients.length > 0 ? [{ name: "clients", peer: clients, ports: [PORTS.clients] }] : []),
        ...(watchers.length > 0 ? [{ name: "monitoring", peer: watchers, ports: [PORTS.monitoring] }] : []),
        ...(metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORTS.metrics] }] : []),
      ],
      egress: [routes],
      after,
    });
    const certificate = new ServerCertificate(this, "certificate", {
      cluster,
      namespace,
      name,
      dnsNames: [...serviceNames(name, namespace), `*.${name}-headless.${namespace}.svc.cluster.local`],
      client: true,
      after,
    });
    const { claims } = new VolumeClaims(this, "volumes", {
      cluster,
      namespace,
      template: `${name}-js`,
      set: name,
      count: sound ? settings.servers : 0,
      size: settings.storage,
      protect,
      after,
    });
    if (purpose === "messages") for (const claim of claims) exempt(claim, "data-is-kept", "a broker of messages holds nothing for good");
    const rotation = new RestartOnRotation(this, "rotation", {
      cluster,
      namespace,
      set: name,
      secretName: users.name,
      script: {
        files: [join(__dirname, "nats-users.sh"), OVERLAP_SCRIPT],
        settings: { ACTIVE: active ?? "a", OVERLAP: String(overlapHours * 3600) },
      },
      state: { [USERS_FILE]: usersFile() },
      after,
    });
    const { release } = new Release(this, "servers", {
      cluster,
      chart: "nats",
      name,
      namespace,
      // A server is ready when it has caught up with the others; the chart allows 15 minutes for it.
      timeout: "20m",
      after: [...after, traffic.policy, certificate.release, ...claims, ...rotation.ready],
      values: sound ? valuesOf({ ...props, users }, settings, certificate.secretName, rotation.state) : {},
      pods: sound
        ? [{ ...podsOf(name, settings, metricsFrom !== undefined, cluster.zones.length > 1), ...cluster.ledger.priorityOf(priority) }]
        : [],
    });
    rotation.jobs(release);
    this.ready = [release];
    this.broker = natsBroker({ name, namespace, users, ...(active ? { active } : {}) });
  }
}

function labelsOf(name: string) {
  return { "app.kubernetes.io/name": "nats", "app.kubernetes.io/instance": name, "app.kubernetes.io/component": "nats" };
}

/** Connection values of the NATS of this name, computed in any stack from its names. */
export function natsBroker({
  name,
  namespace,
  users = natsUsers(name),
  active = "a",
}: Pick<NatsProps, "name" | "namespace" | "users" | "active">): Broker {
  return {
    name,
    protocol: "nats",
    host: `${name}.${namespace}.svc`,
    authority: serverAuthority(name, namespace),
    // The client Service doesn't expose this port, and has no DNS name for each server.
    monitoring: { address: `${name}-headless.${namespace}.svc.cluster.local:${PORTS.monitoring}`, account: ACCOUNT },
    peers: [{ namespace, labels: labelsOf(name) }],
    user: `workloads-${active}`,
    password: { secret: users, home: namespace, key: active },
  };
}

function resolve({ size = "medium", ...said }: NatsProps): NatsSettings {
  const { servers, cpu, memory, storage } = NATS_SIZES[size];
  return {
    servers: said.servers ?? servers,
    cpu: said.cpu ?? cpu,
    memory: said.memory ?? memory,
    storage: said.storage ?? storage,
  };
}

function valuesOf(
  { cluster, name, purpose, users, metricsFrom, priority }: NatsProps & { readonly users: SecretSpec },
  settings: NatsSettings,
  secretName: string,
  state: string,
) {
  const { servers, cpu, memory, storage } = settings;
  const zoned = cluster.zones.length > 1;
  const mebibytes = (value: Bytes, share: number) => Math.floor((known(bytes(value)) * share) / 2 ** 20);
  const limited = (asked: { readonly cpu: string; readonly memory: Bytes }) => ({
    resources: { requests: { ...asked }, limits: { memory: asked.memory } },
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
  });
  const tls = { enabled: true, secretName };
  return {
    fullnameOverride: name,
    ...(cluster.mirror ? { global: { image: { registry: cluster.mirror } } } : {}),
    tlsCA: { enabled: true, secretName },
    config: {
      cluster: {
        enabled: servers > 1,
        replicas: servers,
        routeURLs: { useFQDN: true },
        // Mutual TLS between servers.
        tls: { ...tls, merge: { verify: true } },
      },
      nats: { tls },
      jetstream: {
        enabled: true,
        fileStore: {
          // The claims exist already. The template's own claim is never created, and the template must never change.
          pvc: { size: "1Gi", storageClassName: cluster.storageClass },
          maxSize: `${mebibytes(storage, STREAMS_SHARE)}Mi`,
        },
        merge: { sync_interval: SYNC[purpose] },
      },
      merge: {
        accounts: {
          // The reloader watches the file, and reloads it on a change.
          [ACCOUNT]: { jetstream: "enabled", users$include: `..${USERS}/${USERS_FILE}` },
          SYSTEM: { users: [{ user: "system", password: reference("system") }] },
        },
        system_account: "SYSTEM",
      },
    },
    container: {
      env: { GOMEMLIMIT: `${mebibytes(memory, GO_SHARE)}MiB`, ...passwords(users.name) },
      merge: { ...limited({ cpu: String(cpu), memory }) },
      patch: [{ op: "add", path: "/volumeMounts/-", value: { name: "users", mountPath: `/etc${USERS}` } }],
    },
    reloader: { merge: limited(SIDECARS.reloader) },
    promExporter: {
      enabled: metricsFrom !== undefined,
      podMonitor: metricsFrom
        ? { enabled: true, patch: [{ op: "add", path: "/spec/podMetricsEndpoints/0/relabelings", value: [storeLabel(name)] }] }
        : { enabled: false },
      merge: limited(SIDECARS.exporter),
    },
    podDisruptionBudget: { enabled: servers > 1 },
    podTemplate: {
      topologySpreadConstraints: Object.fromEntries(
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((key) => [
          key,
          { maxSkew: 1, whenUnsatisfiable: zoned ? "DoNotSchedule" : "ScheduleAnyway" },
        ]),
      ),
      patch: [
        {
          op: "add",
          path: "/spec/volumes/-",
          value: { name: "users", configMap: { name: state, items: [{ key: USERS_FILE, path: USERS_FILE }] } },
        },
      ],
      merge: {
        ...(servers === 1 ? { metadata: { annotations: STAYS } } : {}),
        spec: {
          automountServiceAccountToken: false,
          ...(priority ? { priorityClassName: priority } : {}),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            fsGroupChangePolicy: "OnRootMismatch",
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      },
    },
    natsBox: { enabled: false },
  };
}

/** Both users, as before any rotation. The job rewrites it with the same variables, so it contains no password. */
function usersFile(): string {
  return `users: [${["a", "b"].map((key) => `{user: workloads-${key}, password: $WORD_${key.toUpperCase()}}`).join(", ")}]\n`;
}

/** The chart's syntax for a raw value in NATS configuration: here, an environment variable. */
function reference(key: string): string {
  return `<< $WORD_${key.toUpperCase()} >>`;
}

/** Environment variables with quoted passwords: NATS parses a variable as configuration, so digits alone would be a number. */
function passwords(secret: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    ["a", "b", "system"].flatMap((key) => {
      // The chart sorts variables by name, and Kubernetes expands only those defined before.
      const [plain, quoted] = [`SECRET_${key.toUpperCase()}`, `WORD_${key.toUpperCase()}`];
      return [
        [plain, { valueFrom: { secretKeyRef: { name: secret, key } } }],
        [quoted, `"$(${plain})"`],
      ];
    }),
  );
}

function podsOf(name: string, { servers, cpu, memory }: NatsSettings, scraped: boolean, zoned: boolean): PodGroup {
  const containers: readonly ContainerRequest[] = [{ cpu, memory }, SIDECARS.reloader, ...(scraped ? [SIDECARS.exporter] : [])];
  return {
    name,
    pods: servers,
    request: { ...requested(containers), volumes: 1 },
    spread: evenly(zoned),
  };
}
