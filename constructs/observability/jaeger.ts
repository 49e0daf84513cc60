import { createHash } from "node:crypto";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes, type Cores, type Duration, daysIn, known, millicores, seconds } from "../core/quantities";
import {
  CustomResources,
  disruptionBudget,
  type KubernetesTarget,
  type Peer,
  PodTraffic,
  RESTRICTED,
  Release,
  VolumeClaims,
} from "../kubernetes";
import { replicas as availableReplicas, deployed, labels, passing, resources, spread } from "../platform";
import { exempt } from "../policy/contract";
import { ownTelemetry } from "./collector-config";
import { destinationProblems, type ElasticsearchDestination, egressOf } from "./telemetry-destinations";

/** User of the images. */
const USER = 10_001;

const RESTRICTED_POD = { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, seccompProfile: { type: "RuntimeDefault" } } as const;

/** Default name. */
export const JAEGER = "jaeger";

/** Ports of Jaeger: OTLP over gRPC, user interface, own metrics. */
export const JAEGER_PORTS = { otlp: 4317, ui: 16_686, metrics: 8888 } as const;

/** Storage of traces. */
export type JaegerStorage = JaegerElasticsearch | JaegerBadger;

/** Daily indices `<prefix>-jaeger-*`, each of one shard, in an Elasticsearch of version 8.19 or 9. */
export interface JaegerElasticsearch extends Pick<ElasticsearchDestination, "endpoint" | "peer" | "authority"> {
  readonly engine: "elasticsearch";

  /**
   * Secret of the namespace with its user, under `username` and `password`. The user must be allowed to manage, write, read and delete
   * indices `<prefix>-jaeger-*` and to manage index templates.
   */
  readonly secretName: string;

  /**
   * Prefix of its indices, that of the environment.
   * @default - the construct's name
   */
  readonly indexPrefix?: string;

  /**
   * Copies of each index in addition to the primary.
   * @default 1
   */
  readonly copies?: number;

  /**
   * Number of pods.
   * @default 2, or 1 on a cluster with a single zone
   */
  readonly replicas?: number;
}

/** Files on a volume of one pod: while it restarts, spans wait in the queues of collectors. */
export interface JaegerBadger {
  readonly engine: "badger";

  /**
   * Size of the volume. It grows in place and never shrinks.
   * @default "20Gi"
   */
  readonly volume?: Bytes;
}

export interface JaegerProps {
  readonly cluster: KubernetesTarget;

  /** A namespace has one Jaeger: the chart's ConfigMap is always called `user-config`. */
  readonly namespace: string;

  /**
   * Its name, and the name of its Service.
   * @default "jaeger"
   */
  readonly name?: string;

  readonly storage: JaegerStorage;

  /**
   * Retention of traces, in whole days.
   * @default "7d"
   */
  readonly keep?: Duration;

  /** Pods that may send spans: collectors. */
  readonly senders: readonly Exclude<Peer, "anywhere">[];

  /** Pods that may read traces: Grafana, an ingress gateway. The page itself has no authentication. */
  readonly readers: readonly Exclude<Peer, "anywhere">[];

  /**
   * Namespace of Prometheus, which then scrapes Jaeger. Requires the CRDs of the Prometheus operator.
   * @default - not scraped
   */
  readonly metricsFrom?: string;

  /** @default "200m" */
  readonly cpu?: Cores;

  /**
   * Request and limit.
   * @default "512Mi", or "1Gi" with Badger, which keeps tables and a cache of blocks in memory
   */
  readonly memory?: Bytes;

  /** Resources that must exist first: the namespace, the Secrets, Elasticsearch. */
  readonly after?: readonly ITerraformDependable[];
}

/** Mount paths of the volume and of Secrets in a pod. */
const PATHS = { badger: "/badger", user: "/etc/jaeger-user", authority: "/etc/jaeger-authority" } as const;

const TEMPLATE = "badger";

const CLEANER = { cpu: "20m", memory: "64Mi" } as const;

/** Jaeger 2: receives spans by OTLP, stores them, and shows them. */
export class Jaeger extends Construct {
  readonly ready: readonly ITerraformDependable[];

  /** Address to which collectors send spans. */
  readonly otlp: `http://${string}`;

  /** Address at which Grafana reads traces. */
  readonly query: `http://${string}`;

  readonly peer: Exclude<Peer, "anywhere">;

  constructor(scope: Construct, id: string, props: JaegerProps) {
    super(scope, id);
    const { cluster, namespace, name = JAEGER, storage, senders, readers, metricsFrom, after = [] } = props;
    const problems = jaegerProblems(props);
    for (const [property, found] of Object.entries(problems)) refuse(this, found, property);
    const sound = Object.values(problems).every((found) => found.length === 0);
    const release = labels("jaeger", name);
    const matchLabels = { ...release, "app.kubernetes.io/component": "all-in-one" };
    this.otlp = `http://${name}.${namespace}.svc:${JAEGER_PORTS.otlp}`;
    this.query = `http://${name}.${namespace}.svc:${JAEGER_PORTS.ui}`;
    this.peer = { namespace, labels: release };
    const badger = storage.engine === "badger";
    const pods = badger ? 1 : (storage.replicas ?? availableReplicas({ cluster }, 2));
    const asked = { cpu: props.cpu ?? "200m", memory: props.memory ?? (badger ? "1Gi" : "512Mi") } as const;
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name,
      // Also the labels of the job that deletes old indices.
      labels: release,
      ingress: [
        ...(senders.length > 0 ? [{ name: "senders", peer: senders, ports: [JAEGER_PORTS.otlp] }] : []),
        ...(readers.length > 0 ? [{ name: "readers", peer: readers, ports: [JAEGER_PORTS.ui] }] : []),
        ...(metricsFrom ? [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [JAEGER_PORTS.metrics] }] : []),
      ],
      egress: badger || !sound ? [] : [egressOf("storage", { ...storage, protocol: "elasticsearch" })],
      after,
    });
    const { claims } = new VolumeClaims(this, "volumes", {
      cluster,
      namespace,
      template: TEMPLATE,
      set: name,
      count: badger && sound ? 1 : 0,
      size: badger ? (storage.volume ?? "20Gi") : "1Gi",
      protect: false,
      after,
    });
    for (const claim of claims) {
      exempt(claim, "data-is-kept", "traces are kept for days, and nothing is made of them");
      exempt(claim, "data-lives-apart", "traces are kept for days, and nothing is made of them");
    }
    const config = sound ? configOf(props, name) : {};
    const kept = sound ? keptDays(props) : 1;
    const chart = new Release(this, "chart", {
      cluster,
      chart: "jaeger",
      name,
      namespace,
      // With Elasticsearch, it starts only when Elasticsearch is available.
      timeout: "15m",
      after: [...after, policy, ...claims],
      values: {
        fullnameOverride: name,
        nameOverride: "jaeger",
        ...(cluster.mirror ? { global: { imageRegistry: cluster.mirror } } : {}),
        userconfig: config,
        jaeger: {
          replicas: pods,
          strategy: badger ? { type: "Recreate" } : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          // The chart doesn't restart the pods if its configuration changes.
          podLabels: { "config-hash": hashOf(config) },
          extraEnv: [...memoryLimit(asked.memory), ...user(storage)],
          serviceAccount: { automountServiceAccountToken: false },
          resources: resources(asked),
          podSecurityContext: { ...RESTRICTED_POD, fsGroup: USER, fsGroupChangePolicy: "OnRootMismatch" },
          securityContext: RESTRICTED,
          topologySpreadConstraints: spread(matchLabels),
          ...volumesOf(storage, name),
        },
        ...(badger || !sound ? {} : { storage: { type: "elasticsearch", elasticsearch: { url: storage.endpoint } } }),
        esIndexCleaner: badger ? { enabled: false } : { enabled: true, ...cleaner(storage, name, kept) },
      },
      pods: sound ? podsOf(name, pods, asked, badger) : [],
    });
    disruptionBudget(this, { cluster, namespace, name, most: pods, matchLabels });
    if (metricsFrom)
      new CustomResources(this, "monitor", {
        cluster,
        namespace,
        name: `${name}-monitor`,
        objects: [monitor(name, namespace, matchLabels)],
        after: [chart.release],
      });
    this.ready = [chart.release];
  }
}

function configOf({ storage, keep = "7d" }: JaegerProps, name: string) {
  const backend = "kept";
  return {
    extensions: {
      // The chart's probes use it.
      healthcheckv2: { use_v2: true, http: { endpoint: "0.0.0.0:13133" } },
      jaeger_storage: { backends: { [backend]: BACKENDS[storage.engine](storage as never, keep, name) } },
      jaeger_query: { storage: { traces: backend }, http: { endpoint: "0.0.0.0:16686" }, grpc: { endpoint: "0.0.0.0:16685" } },
    },
    receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317" } } } },
    processors: { memory_limiter: { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 25 } },
    // No queue and no batches: acknowledged spans have been passed to the storage, all others wait in the collectors.
    exporters: { jaeger_storage_exporter: { trace_storage: backend } },
    service: {
      extensions: ["healthcheckv2", "jaeger_storage", "jaeger_query"],
      pipelines: { traces: { receivers: ["otlp"], processors: ["memory_limiter"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { resource: { "service.name": "jaeger" }, ...ownTelemetry("0.0.0.0", JAEGER_PORTS.metrics) },
    },
  };
}

const BACKENDS = {
  elasticsearch: ({ endpoint, authority, indexPrefix, copies = 1 }: JaegerElasticsearch, keep: Duration, name: string) => {
    const index = { shards: 1, replicas: copies };
    return {
      elasticsearch: {
        server_urls: [endpoint],
        auth: { basic: { username: "${env:STORAGE_USER}", password_file: `${PATHS.user}/password` } },
        tls: { insecure: endpoint.startsWith("http:"), ...(authority ? { ca_file: authorityFile(authority) } : {}) },
        create_mappings: true,
        // Maximum age of traces that the page searches.
        max_span_age: hours(keep),
        indices: { index_prefix: indexPrefix ?? name, spans: index, services: index, dependencies: index, sampling: index },
      },
    };
  },
  badger: (_storage: JaegerBadger, keep: Duration) => ({
    badger: {
      directories: { keys: `${PATHS.badger}/keys`, values: `${PATHS.badger}/values` },
      ephemeral: false,
      ttl: { spans: hours(keep) },
    },
  }),
} as const;

function hours(keep: Duration): string {
  return `${known(seconds(keep)) / 3600}h`;
}

function keptDays({ keep = "7d" }: Pick<JaegerProps, "keep">): number {
  return daysIn(keep);
}

function authorityFile({ key = "ca.crt" }: NonNullable<JaegerElasticsearch["authority"]>): string {
  return `${PATHS.authority}/${key}`;
}

/** Soft memory limit of Go, at 80% of the container's limit: garbage collection runs more often near it. */
function memoryLimit(memory: Bytes) {
  const size = bytes(memory);
  return typeof size === "number" ? [{ name: "GOMEMLIMIT", value: `${Math.floor((size * 0.8) / 2 ** 20)}MiB` }] : [];
}

function secretValue(name: string, secretName: string, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

function user(storage: JaegerStorage) {
  return storage.engine === "elasticsearch" ? [secretValue("STORAGE_USER", storage.secretName, "username")] : [];
}

function volumesOf(storage: JaegerStorage, name: string) {
  const mounted = storage.engine === "badger" ? [volume(name)] : secretVolumes(storage);
  const all = [{ name: "tmp", mountPath: "/tmp", source: { emptyDir: {} } }, ...mounted];
  return {
    extraVolumes: all.map(({ name: volumeName, source }) => ({ name: volumeName, ...source })),
    extraVolumeMounts: all.map(({ source, ...mount }) => mount),
  };
}

function volume(name: string) {
  return { name: TEMPLATE, mountPath: PATHS.badger, source: { persistentVolumeClaim: { claimName: `${TEMPLATE}-${name}-0` } } };
}

function secretVolumes({ secretName, authority }: JaegerElasticsearch) {
  const secret = (name: string, mountPath: string, of: string) => ({
    name,
    mountPath,
    readOnly: true,
    source: { secret: { secretName: of, defaultMode: 0o440 } },
  });
  return [secret("user", PATHS.user, secretName), ...(authority ? [secret("authority", PATHS.authority, authority.secretName)] : [])];
}

/** A job that deletes indices after the retention. */
function cleaner({ secretName, authority, indexPrefix }: JaegerElasticsearch, name: string, days: number) {
  const { key = "ca.crt" } = authority ?? {};
  const tls = [
    { name: "ES_TLS_ENABLED", value: "true" },
    { name: "ES_TLS_CA", value: `${PATHS.authority}/${key}` },
  ];
  return {
    numberOfDays: days,
    cmdlineParams: { "index-prefix": indexPrefix ?? name },
    extraEnv: [
      secretValue("ES_USERNAME", secretName, "username"),
      secretValue("ES_PASSWORD", secretName, "password"),
      ...(authority ? tls : []),
    ],
    extraSecretMounts: authority
      ? [{ name: "authority", mountPath: `${PATHS.authority}/${key}`, subPath: key, secretName: authority.secretName, readOnly: true }]
      : [],
    activeDeadlineSeconds: 600,
    ttlSecondsAfterFinished: 86_400,
    resources: resources(CLEANER),
    podSecurityContext: RESTRICTED_POD,
    securityContext: RESTRICTED,
  };
}

function podsOf(name: string, pods: number, asked: { readonly cpu: Cores; readonly memory: Bytes }, badger: boolean): readonly PodGroup[] {
  const group = deployed({ name, replicas: pods, asked: [asked], surge: badger ? 0 : 1 });
  return badger ? [{ ...group, request: { ...group.request, volumes: 1 } }] : [group, passing(`${name}-es-index-cleaner`, [CLEANER])];
}

/** Creates a monitor, because the chart has none. */
function monitor(name: string, namespace: string, matchLabels: Readonly<Record<string, string>>) {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { ...matchLabels } }, endpoints: [{ port: "internal-metrics" }] },
  };
}

function hashOf(config: object): string {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16);
}

type Found = readonly Omit<Problem, "path">[];

function jaegerProblems({ storage, keep = "7d", cpu, memory }: JaegerProps): Readonly<Record<string, Found>> {
  const kept = seconds(keep);
  const [cores, size] = [millicores(cpu ?? "200m"), bytes(memory ?? "512Mi")];
  return {
    keep:
      typeof kept !== "number"
        ? [{ value: keep, ...kept }]
        : kept % 86_400 === 0
          ? []
          : [{ value: keep, rule: "must be whole days: indices are daily", remedy: "write it like 7d" }],
    cpu: typeof cores === "number" ? [] : [{ value: cpu, ...cores }],
    memory: typeof size === "number" ? [] : [{ value: memory, ...size }],
    storage: STORAGE_PROBLEMS[storage.engine](storage as never),
  };
}

const STORAGE_PROBLEMS = {
  badger: ({ volume: size = "20Gi" }: JaegerBadger): Found => {
    const reading = bytes(size);
    return typeof reading === "number" ? [] : [{ value: size, ...reading }];
  },
  elasticsearch: (storage: JaegerElasticsearch): Found => {
    const { copies = 1, replicas = 1, indexPrefix = "jaeger", secretName } = storage;
    const whole = (value: number, least: number, what: string) =>
      Number.isInteger(value) && value >= least
        ? []
        : [{ value, rule: `must be a whole number of ${what}`, remedy: `use ${least} or more` }];
    return [
      ...destinationProblems({ ...storage, protocol: "elasticsearch", credentials: { secretName } }),
      ...whole(copies, 0, "copies"),
      ...whole(replicas, 1, "pods"),
      ...(/^[a-z][a-z0-9-]*$/.test(indexPrefix)
        ? []
        : [{ value: indexPrefix, rule: "must begin the name of an index", remedy: "use lower-case letters, digits and hyphens" }]),
    ];
  },
} as const;
