import type { Problem } from "../core/errors";
import type { TrafficRule } from "../kubernetes";

/** Destination of one signal. */
export type TelemetryDestination = OtlpDestination | ElasticsearchDestination;

/** Any receiver of OTLP: Jaeger, Prometheus, another collector, a vendor. */
export interface OtlpDestination extends DestinationAddress {
  /** For `http`, the endpoint is the address without `/v1/traces`, `/v1/metrics` and `/v1/logs`. */
  readonly protocol: "grpc" | "http";
}

/** An Elasticsearch of version 8.16 or later, which has templates for data streams `logs-*.otel-*`. */
export interface ElasticsearchDestination extends DestinationAddress {
  readonly protocol: "elasticsearch";
}

/** Address of a destination, and how to connect to it. */
export interface DestinationAddress {
  /** `http://jaeger.observability.svc:4317`. Plaintext for `http://`, TLS for `https://`. */
  readonly endpoint: `http://${string}` | `https://${string}`;

  /** Pods or networks at that address, for the egress policy. */
  readonly peer: TrafficRule["peer"];

  /**
   * CA of its certificate.
   * @default - the CAs that the image trusts
   */
  readonly authority?: AuthorityFile;

  /**
   * User and password. A changed Secret is read again without a restart.
   * @default - none are sent
   */
  readonly credentials?: BasicCredentials;
}

/** A CA in a Secret of the namespace. Pods read it when they start: restart them after the CA is replaced. */
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

/** Batch sizes in bytes: below 4 MiB, the default limit of an OTLP receiver over gRPC (gRPC, default). */
const BATCH = { min: 1_000_000, max: 3_000_000 } as const;

/** Parts of an exporter: its own configuration, an authenticator, and the Secrets mounted in the pod. */
export interface Exporter {
  readonly id: string;
  readonly config: object;
  readonly authenticators: Readonly<Record<string, object>>;
  readonly secretNames: readonly string[];
}

/** Queue of an exporter, on the volume. */
export interface QueueOptions {
  /** Size in bytes. */
  readonly bytes: number;

  /** Behaviour of a full queue: the sender waits, or is told to retry. */
  readonly whenFull: "wait" | "refuse";

  /** Time after which an incomplete batch is sent. @default "1s" */
  readonly flush?: string;
}

/** Exporter of one signal. Its queue is on the volume, so accepted data that was not sent survives a restart. */
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
    // This exporter ignores the common retries: after its own retries, the data is lost (elasticsearchexporter 0.157, factory.go).
    retry: {
      enabled: true,
      max_retries: 10_000,
      initial_interval: "1s",
      max_interval: "30s",
      // 401 and 403 occur until the user is created.
      retry_on_status: [401, 403, 429, 502, 503, 504],
      retry_on_document_status: [429],
    },
    // For all attempts together.
    timeout: "24h",
    ...sendingQueue({ flush: "5s", ...options }),
  }),
};

/** Retries without a time limit; a request that can never be accepted is not retried. */
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

/** Mount path of Secrets in a pod. */
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

/** Replaces outputs of other stacks in an address, which are not valid host names, so that it can be parsed. */
function known(endpoint: string): string {
  return endpoint.replace(/\$\{TfToken\[[^\]]*\]\}/g, "output");
}
