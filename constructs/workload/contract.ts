import type { ITerraformDependable } from "cdktf";
import type { RequestedConnection, SecretReference } from "../connection";
import type { Bytes, Cores, Duration } from "../core/quantities";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";

/** Settings of every process of a system. Only the image has no default. */
export interface WorkloadProps extends PodProps {
  /** Image by version or digest; a floating tag is rejected. */
  readonly image: string;
}

/** Settings of a pod, except its image. */
export interface PodProps {
  /** The cluster that runs it. */
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  /**
   * Name in the cluster, at most 40 characters.
   * @default - the construct's id
   */
  readonly name?: string;

  /** @default - the image's entrypoint */
  readonly command?: readonly string[];

  /** @default - the image's arguments */
  readonly args?: readonly string[];

  /**
   * CPU request, the base of autoscaling by CPU.
   * @default "250m"
   */
  readonly cpu?: Cores;

  /**
   * CPU limit.
   * @default - none: on a node with spare CPU a limit only throttles, and requests already share CPU fairly
   */
  readonly cpuLimit?: Cores;

  /**
   * Memory limit, and the request unless `memoryRequest` is set: a node reclaims overcommitted memory by killing pods.
   * @default "512Mi"
   */
  readonly memory?: Bytes;

  /**
   * Memory request, if it is less than `memory`, the limit. A pod that uses more than it requests is killed first when its node runs out of
   * memory. Autoscaling by memory and the capacity check count requests.
   * @default - the limit
   */
  readonly memoryRequest?: Bytes;

  /**
   * Environment variables. `$(OTHER)` expands to the value of another variable, as in Kubernetes. They override the variables of telemetry
   * and of the trust bundle (`SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`, …).
   * @default - those of its connections and its telemetry
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Environment variables from Secrets, by name: `{ JWT_KEY: { secret, home: "write-side", key: "key" } }`.
   * @default - those of its connections
   */
  readonly secrets?: Readonly<Record<string, SecretReference>>;

  /**
   * Files by path, read-only: `{ "/app/appsettings.json": "{…}" }`. A change restarts the pods.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /**
   * Backing services to connect to. Each adds its variables, CA certificate, egress rules and a wait until it responds. If one uses TLS, an
   * init container writes a bundle of all CA certificates and the public roots, and variables name the bundle.
   * @default - none: egress is allowed to DNS only
   */
  readonly connections?: readonly RequestedConnection[];

  /**
   * Egress rules in addition to those of its connections.
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * Ingress rules in addition to those of its kind of workload.
   * @default - none
   */
  readonly ingress?: readonly TrafficRule[];

  /**
   * The destination of traces, metrics and logs, by OTLP.
   * @default - none
   */
  readonly telemetry?: Telemetry;

  /**
   * The endpoint that Prometheus scrapes.
   * @default - none
   */
  readonly metrics?: Metrics;

  /**
   * Containers that run for the lifetime of the pod. The Terraform provider doesn't support native sidecars (init containers with
   * `restartPolicy: Always`): if the workload needs a sidecar first, let it wait, or use an init container.
   * @default - none
   */
  readonly sidecars?: readonly Container[];

  /**
   * Containers that run to completion before it starts, in this order, after its connections respond.
   * @default - none
   */
  readonly initContainers?: readonly Container[];

  /** Differences from the default health probes. */
  readonly probes?: Probes;

  /**
   * Time to finish in-flight work, between SIGTERM and SIGKILL.
   * @default "30s" for services, "60s" otherwise
   */
  readonly terminationGracePeriod?: Duration;

  /**
   * Writable directories by path, and the size limit of each. They are deleted with the pod. All others are read-only.
   * @default - `/tmp` with 256Mi, which always exists
   */
  readonly scratch?: Readonly<Record<string, Bytes>>;

  /**
   * Persistent directories by path, each a PersistentVolumeClaim for a single instance. Only a `Worker` or an `HttpService` with
   * `replicas: 1` and without slots can have any: a release stops the old pod before the new one starts, and a pod can run only in the zone
   * of its volume. Sizes grow in place if the storage class allows it.
   * @default - none: written data is lost with the pod
   */
  readonly volumes?: Readonly<Record<string, Volume>>;

  /**
   * Secrets as files, by path, read-only: `{ "/run/secrets/signing-key": { secret, home: "write-side", key: "key" } }`. A running pod never
   * sees a change: restart it after a rotation.
   * @default - none
   */
  readonly secretFiles?: Readonly<Record<string, SecretReference>>;

  /**
   * Required labels of its nodes: `{ "example.com/pool": "memory" }`. The capacity check doesn't know node labels: it counts these pods as
   * if every node had them, and reports that.
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;

  /**
   * Taints of nodes that the pods tolerate. A toleration attracts nothing: add `nodeSelector` for that.
   * @default - none
   */
  readonly tolerations?: readonly Toleration[];

  /**
   * Pull secrets for its images: Secrets of the namespace, of type `kubernetes.io/dockerconfigjson`.
   * @default - none: the nodes' own credentials
   */
  readonly pullSecrets?: readonly string[];

  /**
   * Numeric user and group of the processes; never 0.
   * @default 65532, "nonroot" of distroless images
   */
  readonly user?: number;

  /**
   * Pod labels in addition to the platform's, such as those that distinguish metrics: `{ domain: "marketplace" }`.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * The PriorityClass, which decides which pods are preempted first.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /**
   * Waits in the apply until new pods are ready. If a `SmokeTest` verifies them, the wait is not needed: the test reports the cause of a
   * failure, Terraform only the failure.
   * @default true
   */
  readonly waitForRollout?: boolean;

  /** Resources to create first: its namespace, a migration. */
  readonly after?: readonly ITerraformDependable[];
}

/** A directory whose data outlives the pod. */
export interface Volume {
  readonly size: Bytes;

  /** @default - the cluster's class for data */
  readonly storageClass?: string;

  /**
   * Protects the volume from deletion by any plan. Set it to false before you remove the volume or its workload.
   * @default true
   */
  readonly protect?: boolean;
}

/** A toleration of a taint. */
export interface Toleration {
  readonly key: string;

  /** @default - any value */
  readonly value?: string;

  /** @default - all effects */
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";

  /**
   * Time that it stays on a node that gets the taint while it runs there; for `NoExecute` only.
   * @default - unlimited
   */
  readonly within?: Duration;
}

/** A collector that accepts OTLP. */
export interface Telemetry {
  /** URL with port: `http://collector.observability:4317`. Port 4318 uses OTLP over HTTP, every other port gRPC. */
  readonly endpoint: string;

  /** The namespace of the collector. */
  readonly namespace: string;

  /**
   * Other ports of the collector to allow, for clients with another protocol: 14268 for Jaeger's Thrift.
   * @default - none
   */
  readonly otherPorts?: readonly number[];

  /**
   * Attributes of all its telemetry, in addition to its name, version, namespace and pod.
   * @default - none
   */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Endpoint from which Prometheus scrapes a container's metrics. */
export interface Metrics {
  readonly port: number;

  /** @default "/metrics" */
  readonly path?: string;

  /** The namespace of the scraping Prometheus. */
  readonly from: string;

  /**
   * Creates a PodMonitor for Prometheus. Requires the CRDs of its operator.
   * @default false
   */
  readonly monitor?: boolean;
}

/** A container in the workload's pod, with the same files and directories. */
export interface Container {
  readonly name: string;

  /** @default - the workload's */
  readonly image?: string;

  /** @default - the image's entrypoint */
  readonly command?: readonly string[];

  /** @default - the image's arguments */
  readonly args?: readonly string[];

  /** @default "20m" */
  readonly cpu?: Cores;

  /** @default "64Mi" */
  readonly memory?: Bytes;

  /** @default - none */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Adds the workload's variables, secrets and certificates.
   * @default false
   */
  readonly connected?: boolean;
}

/** The health endpoint of a pod. */
export interface Health {
  readonly port: number;

  /**
   * Path that responds with success while the pod is healthy: `/health`.
   * @default - none: a pod that accepts TCP connections is healthy
   */
  readonly path?: string;
}

/** Health probes of a pod. Omitted fields keep their defaults. */
export interface Probes {
  /** Delays the other probes until its first success. By default every 5 s for 3 minutes. */
  readonly startup?: Probe;

  /** Removes the pod from load balancing while it fails. By default every 10 s; three failures in a row remove the pod. */
  readonly readiness?: Probe;

  /**
   * Restarts the container if it fails. By default a TCP connection every 20 s, 6 failures in a row, and not the health path: that may
   * depend on a database, which a restart doesn't fix.
   */
  readonly liveness?: Probe;
}

/** Health probe of a container: path, port and timing. */
export interface Probe {
  /** Path that must respond with success; a liveness probe without one only opens a TCP connection. */
  readonly path?: string;
  readonly port?: number;

  /** Initial delay after the container's start. */
  readonly delay?: Duration;
  readonly every?: Duration;
  readonly timeout?: Duration;

  /** Failures in a row until the probe counts as failed. */
  readonly failures?: number;
}

/** Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). */
export type Replicas = number | { readonly min: number; readonly max: number };

/**
 * Metrics that an autoscaled workload follows. If there are several, the highest demand wins. If a signal is lost, the number of instances
 * stays; no signal scales below the minimum.
 */
export interface Scaling {
  /**
   * Target of average CPU utilization, in percent of the request.
   * @default 70
   */
  readonly cpu?: number;

  /**
   * Target of memory utilization, in percent of the request. Useful only if the process returns memory.
   * @default - not followed
   */
  readonly memory?: number;

  /**
   * Pending work as reported by other systems, read by KEDA.
   * @default - none
   */
  readonly signals?: readonly Signal[];

  /**
   * Adds egress rules to signals in KEDA's namespace. Right if that namespace denies egress by default, like the platform's; otherwise the
   * added rules would become the only egress allowed.
   * @default true
   */
  readonly isolated?: boolean;
}

/** A measure of pending work, and how much of it one instance handles. */
export type Signal = NatsSignal | PrometheusSignal | PostgresSignal;

/** Server that KEDA queries for a scaling signal. */
export interface Watched {
  /** Location of the server, for KEDA's egress. The server's own namespace must allow KEDA. */
  readonly peer: Exclude<TrafficRule["peer"], "anywhere">;
}

/** Pending messages of a stream's consumer. */
export interface NatsSignal extends Watched {
  readonly kind: "nats";

  /**
   * The servers' monitoring port: `broker-headless.read-store.svc.cluster.local:8222`. In a cluster KEDA queries the consumer's leader,
   * with its server name prepended to this host.
   */
  readonly monitoring: string;

  /**
   * The account that owns the stream.
   * @default "$G", the account if none are configured
   */
  readonly account?: string;
  readonly stream: string;
  readonly consumer: string;

  /** Messages per instance. */
  readonly targetPerReplica: number;
}

/** The result of a Prometheus query, with one element. */
export interface PrometheusSignal extends Watched {
  readonly kind: "prometheus";

  /** `http://prometheus.observability:9090` */
  readonly server: string;

  /** An empty result counts as a lost signal, not as zero. */
  readonly query: string;

  /** Target value per instance. */
  readonly targetPerReplica: number;
}

/** The result of a PostgreSQL query, one integer: `SELECT count(*) FROM outbox WHERE sent_at IS NULL`. */
export interface PostgresSignal extends Watched {
  readonly kind: "postgres";
  readonly host: string;

  /** @default 5432 */
  readonly port?: number;
  readonly database: string;

  /** User with read access to what the query reads. */
  readonly user: SecretReference;
  readonly password: SecretReference;
  readonly query: string;

  /** Target value per instance. */
  readonly targetPerReplica: number;
}

/** One of the two slots of a service with blue-green releases. */
export type Slot = "blue" | "green";

/** Target of requests to a service. */
export interface Backend {
  /** @default - the service has no slots */
  readonly slot?: Slot;

  /** The Kubernetes Service, in the workload's namespace. */
  readonly service: string;
  readonly port: number;
}
