import type { ITerraformDependable } from "cdktf";
import type { RequestedConnection, SecretReference } from "../connection";
import type { Bytes, Cores, Duration } from "../core/quantities";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";

/** What every process of a system is told, whatever it does. Only the image is without a default. */
export interface WorkloadProps extends PodProps {
  /** Image by version or digest; a floating tag is refused. */
  readonly image: string;
}

/** What is said of a pod beside its image. */
export interface PodProps {
  /** The cluster that runs it. */
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /**
   * What it is called in the cluster, at most 40 characters.
   * @default - the construct's id
   */
  readonly name?: string;

  /** @default - what the image runs */
  readonly command?: readonly string[];

  /** @default - what the image says */
  readonly args?: readonly string[];

  /**
   * What it asks for, and what autoscaling by CPU is measured by.
   * @default "250m"
   */
  readonly cpu?: Cores;

  /**
   * What it may use at most.
   * @default - none: where a node has CPU to spare a limit only slows down, and requests already share it fairly
   */
  readonly cpuLimit?: Cores;

  /**
   * What it asks for and uses at most. Both are one: what a node has promised twice it takes back by killing.
   * @default "512Mi"
   */
  readonly memory?: Bytes;

  /**
   * Memory that it requests, if that is less than `memory`, its limit. A pod that uses more than it requests is killed first
   * when its node runs out of memory. Autoscaling by memory and the capacity check count requests.
   * @default - the limit
   */
  readonly memoryRequest?: Bytes;

  /**
   * Variables. `$(OTHER)` stands for the value of another one, as in Kubernetes. They replace those of its telemetry and those
   * that name the trust bundle (`SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`, …).
   * @default - those of its connections and its telemetry
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Variables out of secrets, by name: `{ JWT_KEY: { secret, home: "write-side", key: "key" } }`.
   * @default - those of its connections
   */
  readonly secrets?: Readonly<Record<string, SecretReference>>;

  /**
   * Files by path, read-only: `{ "/app/appsettings.json": "{…}" }`. Running pods never see a change: it restarts them.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /**
   * Backing services it talks to. Each brings its variables, its authority, the ways out, and the wait until it answers. If one
   * uses TLS, an init container writes one file with all authorities and the public roots, and variables tell runtimes of it.
   * @default - none: it reaches DNS and nothing else
   */
  readonly connections?: readonly RequestedConnection[];

  /**
   * Ways out of it beside those to its connections.
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * Ways into it beside those that its kind opens.
   * @default - none
   */
  readonly ingress?: readonly TrafficRule[];

  /**
   * Where its traces, metrics and logs go, by OTLP.
   * @default - nowhere
   */
  readonly telemetry?: Telemetry;

  /**
   * Where Prometheus reads its metrics.
   * @default - nowhere
   */
  readonly metrics?: Metrics;

  /**
   * Containers beside it for as long as it runs. The provider knows no sidecar of Kubernetes' own, which would start
   * before it and end after it: what has to be there first waits for it, or is an initial container.
   * @default - none
   */
  readonly sidecars?: readonly Container[];

  /**
   * Containers that run to their end before it starts, in this order, once its connections answer.
   * @default - none
   */
  readonly initContainers?: readonly Container[];

  /** What differs from the usual questions of whether it is well. */
  readonly probes?: Probes;

  /**
   * How long it may take to end what it has begun once it is told to stop; then it is killed.
   * @default "30s" of a service, "60s" of all others
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * Directories that it may write, by path, and how much each may hold. They end with the pod. Everything else is read-only.
   * @default - `/tmp` with 256Mi, which it has in any case
   */
  readonly scratch?: Readonly<Record<string, Bytes>>;

  /**
   * Directories that keep their data, by path, each a PersistentVolumeClaim of this one instance. Only a `Worker` or an
   * `HttpService` with `replicas: 1` and without slots can have any: a release stops its pod before the next one starts, and a
   * pod can run only in the zone of its volume. Sizes grow in place if the storage class allows it.
   * @default - none: what it writes ends with the pod
   */
  readonly volumes?: Readonly<Record<string, Volume>>;

  /**
   * Secrets as files, by path, read-only: `{ "/run/secrets/signing-key": { secret, home: "write-side", key: "key" } }`. A running
   * pod never sees a change: restart it after a rotation.
   * @default - none
   */
  readonly secretFiles?: Readonly<Record<string, SecretReference>>;

  /**
   * Labels of nodes that it may run on: `{ "example.com/pool": "memory" }`. The capacity check doesn't know labels of nodes: it
   * counts these pods as if every node had them, and says so.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Taints of nodes that don't keep it away. A toleration attracts nothing: add `nodeSelector` for that.
   * @default - none
   */
  readonly tolerations?: readonly Toleration[];

  /**
   * Secrets of the namespace, of type `kubernetes.io/dockerconfigjson`, by which its images are pulled.
   * @default - none: the nodes may pull its images
   */
  readonly pullSecrets?: readonly string[];

  /**
   * The user and group that it runs as, by number; never 0.
   * @default 65532, "nonroot" of distroless images
   */
  readonly user?: number;

  /**
   * Labels of its pods beside the platform's, such as those by which metrics are told apart: `{ domain: "marketplace" }`.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * The PriorityClass that decides who goes first when room is short.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /**
   * Whether Terraform waits until new pods have taken over. Where a `SmokeTest` looks at them it need not: that says what is
   * wrong with them, and Terraform only that something is.
   * @default true
   */
  readonly waitForRollout?: boolean;

  /** What has to be there before: its namespace, a migration. */
  readonly after?: readonly ITerraformDependable[];
}

/** A directory that keeps its data when its pod is replaced. */
export interface Volume {
  readonly size: Bytes;

  /** @default - the cluster's class for data */
  readonly storageClass?: string;

  /**
   * Whether no plan may delete it. Set it to false before the volume or its workload is removed.
   * @default true
   */
  readonly protect?: boolean;
}

/** A taint that is tolerated. */
export interface Toleration {
  readonly key: string;

  /** @default - any value */
  readonly value?: string;

  /** @default - every effect */
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";

  /**
   * How long it stays on a node that gets the taint while it runs there; of `NoExecute` only.
   * @default - as long as it likes
   */
  readonly within?: Duration;
}

/** A collector that takes OTLP. */
export interface Telemetry {
  /** With its port: `http://collector.observability:4317`. 4318 is spoken in HTTP, every other port in gRPC. */
  readonly endpoint: string;

  /** The namespace of the collector. */
  readonly namespace: string;

  /**
   * Other ports of the collector that the pods may reach, for clients with another protocol: 14268 for Thrift of Jaeger.
   * @default - none
   */
  readonly otherPorts?: readonly number[];

  /**
   * Attributes of everything it sends, beside its name, version, namespace and pod.
   * @default - none
   */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Metrics {
  readonly port: number;

  /** @default "/metrics" */
  readonly path?: string;

  /** The namespace from which they are read. */
  readonly from: string;

  /**
   * Whether a PodMonitor tells Prometheus of it, which needs the definitions of its operator.
   * @default false
   */
  readonly monitor?: boolean;
}

/** A container beside the workload's own, in the same pod, with the same files and directories. */
export interface Container {
  readonly name: string;

  /** @default - the workload's */
  readonly image?: string;

  /** @default - what the image runs */
  readonly command?: readonly string[];

  /** @default - what the image says */
  readonly args?: readonly string[];

  /** @default "20m" */
  readonly cpu?: Cores;

  /** @default "64Mi" */
  readonly memory?: Bytes;

  /** @default - none */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Whether it has the workload's variables, secrets and certificates too.
   * @default false
   */
  readonly connected?: boolean;
}

/** Where a pod answers whether it is well. */
export interface Health {
  readonly port: number;

  /** It answers there with success as long as it is: `/health`. */
  readonly path: string;
}

/** How a pod is asked whether it is well. What is not said stays as it is. */
export interface Probes {
  /** Until it has answered once nothing else is asked. By default every 5 s for 3 minutes. */
  readonly startup?: Probe;

  /** Whether it gets requests. By default every 10 s; three refusals in a row take it out. */
  readonly readiness?: Probe;

  /**
   * Whether it is started anew. By default whether it still takes connections, every 20 s for 2 minutes, and not its
   * health: that may speak of a database, and no restart mends one.
   */
  readonly liveness?: Probe;
}

export interface Probe {
  /** What it answers to with success; of liveness none asks for a connection alone. */
  readonly path?: string;
  readonly port?: number;

  /** How long after the start of the container it is asked first. */
  readonly delay?: Duration;
  readonly every?: Duration;
  readonly timeout?: Duration;

  /** Refusals in a row that count. */
  readonly failures?: number;
}

/** Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). */
export type Replicas = number | { readonly min: number; readonly max: number };

/**
 * What an autoscaled workload follows. Of several it follows the one that asks for most. A signal that is lost holds the
 * number of instances where it is, and none makes it fewer than the minimum.
 */
export interface Scaling {
  /**
   * How much of the CPU that its pods ask for they use on average, in percent.
   * @default 70
   */
  readonly cpu?: number;

  /**
   * How much of the memory that they ask for, in percent. Only of what gives memory back.
   * @default - it is not looked at
   */
  readonly memory?: number;

  /**
   * What it has to do, told by others; read by KEDA.
   * @default - none
   */
  readonly signals?: readonly Signal[];

  /**
   * Whether the namespace of KEDA lets nothing out that nobody opens, as the platform's own does: then the ways to signals are
   * opened there. In any other one they would be the only ways out.
   * @default true
   */
  readonly isolated?: boolean;
}

/** A number that grows with what there is to do, and how much of it one instance is for. */
export type Signal = NatsSignal | PrometheusSignal | PostgresSignal;

export interface Watched {
  /** Where the server is, so that KEDA is let out to it. Its own namespace has to let KEDA in. */
  readonly peer: Exclude<TrafficRule["peer"], "anywhere">;
}

/** Messages that wait for a consumer of a stream. */
export interface NatsSignal extends Watched {
  readonly kind: "nats";

  /**
   * The servers' monitoring port: `broker-headless.read-store.svc.cluster.local:8222`. Of several servers the one is asked
   * that leads the consumer, by its own name before this one.
   */
  readonly monitoring: string;

  /**
   * The account that has the stream.
   * @default "$G", where there are no accounts
   */
  readonly account?: string;
  readonly stream: string;
  readonly consumer: string;

  /** Messages for one instance. */
  readonly targetPerReplica: number;
}

/** The answer to a query of Prometheus, of one element. */
export interface PrometheusSignal extends Watched {
  readonly kind: "prometheus";

  /** `http://prometheus.observability:9090` */
  readonly server: string;

  /** No answer counts as a lost signal, not as nothing to do. */
  readonly query: string;

  /** How much of it is for one instance. */
  readonly targetPerReplica: number;
}

/** The answer to a query of PostgreSQL, one whole number: `SELECT count(*) FROM outbox WHERE sent_at IS NULL`. */
export interface PostgresSignal extends Watched {
  readonly kind: "postgres";
  readonly host: string;

  /** @default 5432 */
  readonly port?: number;
  readonly database: string;

  /** Who asks, and may read what the query reads. */
  readonly user: SecretReference;
  readonly password: SecretReference;
  readonly query: string;

  /** How much of it is for one instance. */
  readonly targetPerReplica: number;
}

/** One of the two places of a service that is released by switching between them. */
export type Slot = "blue" | "green";

/** Where requests to a service go. */
export interface Backend {
  /** @default - the service has no slots */
  readonly slot?: Slot;

  /** The Kubernetes Service, in the workload's namespace. */
  readonly service: string;
  readonly port: number;
}
