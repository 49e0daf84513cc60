import type { Problem } from "../core/errors";
import type { TrafficRule } from "../kubernetes";

/** Where a collector sends one signal. */
export type TelemetryDestination = OtlpDestination | ElasticsearchDestination;

/** Any receiver of OTLP: Jaeger, Prometheus, another collector, a vendor. */
export interface OtlpDestination extends DestinationAddress {
  /** Of `http` the endpoint is the address before `/v1/traces`, `/v1/metrics` and `/v1/logs`. */
  readonly protocol: "grpc" | "http";
}

/** An Elasticsearch of version 8.16 or later, which has templates for data streams `logs-*.otel-*`. */
export interface ElasticsearchDestination extends DestinationAddress {
  readonly protocol: "elasticsearch";
}

/** How a destination is reached. */
export interface DestinationAddress {
  /** `http://jaeger.observability.svc:4317`. Plaintext for `http://`, TLS for `https://`. */
  readonly endpoint: `http://${string}` | `https://${string}`;

  /** Who answers there, for the egress policy. */
  readonly peer: TrafficRule["peer"];

  /**
   * The CA of its certificate.
   * @default - those that the image trusts
   */
  readonly authority?: AuthorityFile;

  /**
   * User and password. A changed Secret is read again without a restart.
   * @default - none are sent
   */
  readonly credentials?: BasicCredentials;
}

/** A CA in a Secret of the namespace. Pods read it at their start: restart them after the CA is replaced. */
export interface AuthorityFile {
  readonly secretName: string;

  /** @default "ca.crt" */
  readonly key?: string;
}

/** A user in a Secret of the namespace. */
export interface BasicCredentials {
  readonly secretName: string;

  /** @default "username" */
  readonly usernameKey?: string;

  /** @default "password" */
  readonly passwordKey?: string;
}

/** Bytes of a batch: below 4 MiB, the most that a receiver of OTLP over gRPC takes (gRPC, default). */
const BATCH = { min: 1_000_000, max: 3_000_000 } as const;

/** What an exporter needs: its own configuration, an authenticator, and files in the pod. */
export interface Exporter {
  readonly id: string;
  readonly config: object;
  readonly authenticators: Readonly<Record<string, object>>;
  readonly secretNames: readonly string[];
}

/** The queue of an exporter, on the volume. */
export interface QueueOptions {
  /** Bytes that it may hold. */
  readonly bytes: number;

  /** Whether whoever sends more than fits waits, or is told to send it again. */
  readonly whenFull: "wait" | "refuse";

  /** The least time between batches. @default "1s" */
  readonly flush?: string;
}

/** The exporter of one signal. Its queue is on the volume, so that a restart finds there what was accepted and not sent. */
export function exporter(signal: string, to: TelemetryDestination, options: QueueOptions): Exporter {
  const authenticator = `basicauth/${signal}`;
  const { credentials, authority } = to;
  const authenticators = credentials ? { [authenticator]: { client_auth: filesOf(credentials) } } : {};
  const tls = { insecure: to.endpoint.startsWith("http:"), ...(authority ? { ca_file: caFile(authority) } : {}) };
  const common = { tls, ...(credentials ? { auth: { authenticator } } : {}) };
  return {
    id: `${TYPES[to.protocol]}/${signal}`,
    config: { ...common, ...SETTINGS[to.protocol](to.endpoint, options) },
    authenticators,
    secretNames: [...new Set([credentials?.secretName, authority?.secretName].filter((name) => name !== undefined))],
  };
}

const TYPES = { grpc: "otlp_grpc", http: "otlp_http", elasticsearch: "elasticsearch" } as const;

const SETTINGS: Readonly<Record<TelemetryDestination["protocol"], (endpoint: string, options: QueueOptions) => object>> = {
  grpc: (endpoint, options) => ({ endpoint: hostOf(endpoint), timeout: "30s", retry_on_failure: UNTIL_SENT, ...sendingQueue(options) }),
  http: (endpoint, options) => ({ endpoint, timeout: "30s", retry_on_failure: UNTIL_SENT, ...sendingQueue(options) }),
  elasticsearch: (endpoint, options) => ({
    endpoints: [endpoint],
    // This exporter does not use the common retries: after its own, what it holds is lost (elasticsearchexporter 0.157, factory.go).
    retry: {
      enabled: true,
      max_retries: 10_000,
      initial_interval: "1s",
      max_interval: "30s",
      // 401 and 403 end when the user has been created.
      retry_on_status: [401, 403, 429, 502, 503, 504],
      retry_on_document_status: [429],
    },
    // For all attempts together.
    timeout: "24h",
    ...sendingQueue({ flush: "5s", ...options }),
  }),
};

/** Sends again until it is accepted; a request that can never be accepted is not sent again. */
const UNTIL_SENT = { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "0s" } as const;

export const QUEUE = "file_storage/queue";

export function sendingQueue({ bytes, whenFull, flush = "1s" }: QueueOptions) {
  return {
    sending_queue: {
      enabled: true,
      storage: QUEUE,
      sizer: "bytes",
      queue_size: bytes,
      num_consumers: 4,
      block_on_overflow: whenFull === "wait",
      batch: { flush_timeout: flush, sizer: "bytes", min_size: BATCH.min, max_size: BATCH.max },
    },
  };
}

/** Where Secrets lie in a pod. */
export const SECRETS_PATH = "/etc/otelcol-secrets";

function filesOf({ secretName, usernameKey = "username", passwordKey = "password" }: BasicCredentials) {
  const at = (key: string) => `${SECRETS_PATH}/${secretName}/${key}`;
  return { username_file: at(usernameKey), password_file: at(passwordKey) };
}

function caFile({ secretName, key = "ca.crt" }: AuthorityFile): string {
  return `${SECRETS_PATH}/${secretName}/${key}`;
}

/** The egress rule of a destination. */
export function egressOf(signal: string, { endpoint, peer }: TelemetryDestination): TrafficRule {
  return { name: signal, peer, ports: [portOf(endpoint)] };
}

export function destinationProblems(to: TelemetryDestination): readonly Omit<Problem, "path">[] {
  const { endpoint, credentials, protocol } = to;
  const written = known(endpoint);
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return [
      { value: endpoint, rule: "must be an address of http:// or https://", remedy: "write one like http://jaeger.observability.svc:4317" },
    ];
  return [
    ...(url.username || url.password
      ? [
          {
            value: url.host,
            rule: "must not carry a user or a password: everyone who reads the release reads it",
            remedy: "use credentials",
          },
        ]
      : []),
    ...(credentials && url.protocol === "http:"
      ? [{ value: endpoint, rule: "would get the password in plaintext", remedy: "use https://, and the CA as authority" }]
      : []),
    ...(protocol === "grpc" && url.pathname !== "/"
      ? [{ value: endpoint, rule: "has a path, which gRPC does not use", remedy: "leave it out, or use protocol http" }]
      : []),
  ];
}

function hostOf(endpoint: string): string {
  const [, host = ""] = /^https?:\/\/([^/]*?)(?::\d+)?(?:\/.*)?$/.exec(endpoint) ?? [];
  return `${host}:${portOf(endpoint)}`;
}

function portOf(endpoint: string): number {
  const { port, protocol } = new URL(known(endpoint));
  return port ? Number(port) : protocol === "https:" ? 443 : 80;
}

/** An address in which outputs of other stacks, which no parser accepts as names of hosts, are replaced by one. */
function known(endpoint: string): string {
  return endpoint.replace(/\$\{TfToken\[[^\]]*\]\}/g, "output");
}
