import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes, type Duration, seconds } from "../core/quantities";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";
import { type Backend, PREVIEW_HEADER } from "./contract";

export interface RoutesProps {
  readonly cluster: KubernetesTarget;

  /** The Gateway; services and routes are in its namespace. */
  readonly gateway: { readonly name: string; readonly namespace: string; readonly ready: readonly ITerraformDependable[] };

  /** Name of the routes, and prefix of their objects' names: `command-api`. */
  readonly name: string;

  /**
   * Host names of the requests: `["commands.orders.example.com"]`.
   * @default - any
   */
  readonly hostnames?: readonly string[];

  /**
   * Path prefixes: `["/orders"]`.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /** Backends with their traffic weights. Name both slots of a release, the idle one with weight 0: a switch changes weights only. */
  readonly backends: readonly Backend[];

  /**
   * Backends for requests with the header `x-preview`, by its value: `{ green: … }`.
   * @default - none
   */
  readonly previews?: Readonly<Record<string, Omit<Backend, "weight">>>;

  /**
   * Retries by nginx at another backend after a failed or broken connection. `never` is for commands: the first backend may have executed
   * the command, and only the client can make a retry safe (`Idempotency-Key`, which is passed on unchanged). `once` is for queries; POST
   * or PATCH requests that were sent are still not retried.
   * @default "never"
   */
  readonly retries?: "never" | "once";

  /**
   * Maximum silence of a backend, before and during its response. A whole response may take longer: nginx doesn't limit that.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * Maximum size of a request body: whole kibibytes, mebibytes or gibibytes.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * Rate limit per client address: `{ requests: "100/s" }`. Excess requests get status 429. Each nginx pod of the Gateway counts
   * separately, so a client with several connections may reach the limit at each.
   * @default - no limit
   */
  readonly rateLimit?: RateLimit;

  /**
   * The Secret of type `nginx.org/htpasswd`, in the Gateway's namespace, whose key `auth` has the allowed users with their passwords (basic
   * authentication).
   * @default - none: no authentication
   */
  readonly users?: string;
}

/** Maximum rate of requests of one client address, above which nginx rejects requests. */
export interface RateLimit {
  readonly requests: `${number}/${"s" | "m"}`;

  /**
   * Requests above the rate that are accepted at once, without delay.
   * @default - the requests of one second, or 10 if the rate is per minute
   */
  readonly burst?: number;
}

/** Timeout for opening a connection to a pod, in seconds; normally it takes much less. */
const CONNECT = 5;

/**
 * Keep-alive of idle connections to backends. If the backend closed first, a command in transit would get 502 without a retry; gunicorn
 * closes after 2 s, Node and uvicorn after 5 (their defaults).
 */
const KEEPS_CONNECTIONS = "1s";

/** nginx's retry directives, by a backend's maximum silence in seconds. */
const REPEATS: Readonly<Record<NonNullable<RoutesProps["retries"]>, (silence: number) => readonly string[]>> = {
  never: () => ["proxy_next_upstream off;"],
  // Pods of a failed node don't refuse connections; they time out. A slow response is not retried, because
  // that would add load: its timeout expires after the retry limit.
  once: (silence) => [
    `proxy_next_upstream error${silence > CONNECT + 1 ? " timeout" : ""};`,
    `proxy_next_upstream_timeout ${CONNECT + 1}s;`,
    "proxy_next_upstream_tries 2;",
  ],
};

const MOST_WEIGHT = 1_000_000;

/**
 * Routes of a Gateway to services, in a separate release, so that a switch between two slots changes nothing else. NGINX Gateway Fabric
 * ignores timeouts and retries of an HTTPRoute, so its own policies set them.
 */
export class Routes extends Construct {
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, props: RoutesProps) {
    super(scope, id);
    const { cluster, gateway, name } = props;
    for (const [property, problems] of Object.entries(problemsOf(props))) refuse(this, problems, property);
    const { release } = new CustomResources(this, "objects", {
      cluster,
      namespace: gateway.namespace,
      name: `${name}-routes`,
      objects: objectsOf(props),
      tested: objectsOf(withoutShares(props)),
      after: gateway.ready,
    });
    this.release = release;
  }
}

/**
 * Returns the traffic weights of a deployed HTTPRoute as a JSON patch, for `kubectl patch --type json`. The patch fails if the route has
 * other backends, or another order.
 */
export function sharesPatch(backends: readonly Backend[]): readonly object[] {
  return backends.flatMap(({ service, weight = 1 }, index) => {
    const at = `/spec/rules/0/backendRefs/${index}`;
    return [
      { op: "test", path: `${at}/name`, value: service },
      { op: "replace", path: `${at}/weight`, value: weight },
    ];
  });
}

type Spec = ApiObject & { readonly spec: object };

function objectsOf(props: RoutesProps): readonly Spec[] {
  return [repeats(props), ...authentication(props), route(props), ...policies(props)];
}

/** Returns what a switch of slots leaves unchanged: the backends without their weights. */
function withoutShares({ previews: _, backends, ...props }: RoutesProps): RoutesProps {
  return { ...props, backends: backends.map(({ service, port }) => ({ service, port })) };
}

function route({ gateway, name, hostnames, paths = ["/"], backends, previews = {}, users }: RoutesProps): Spec {
  const path = (value: string) => ({ path: { type: "PathPrefix", value } });
  const extension = (kind: string, filter: string) => ({
    type: "ExtensionRef",
    extensionRef: { group: "gateway.nginx.org", kind, name: filter },
  });
  const filters = [...(users ? [extension("AuthenticationFilter", name)] : []), extension("SnippetsFilter", filterOf(name))];
  const asked = Object.entries(previews).map(([version, { service, port }]) => ({
    matches: paths.map((value) => ({ ...path(value), headers: [{ type: "Exact", name: PREVIEW_HEADER, value: version }] })),
    filters,
    backendRefs: [{ name: service, port, weight: 1 }],
  }));
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: gateway.namespace },
    spec: {
      parentRefs: [{ name: gateway.name }],
      ...(hostnames ? { hostnames } : {}),
      // The first rule has the weights, so that operators find them without Terraform. A header match wins in any position.
      rules: [
        {
          matches: paths.map(path),
          filters,
          backendRefs: backends.map(({ service, port, weight = 1 }) => ({ name: service, port, weight })),
        },
        ...asked,
      ],
    },
  };
}

/** Sets retries: by default nginx tries as many servers as there are; no policy of NGINX Gateway Fabric 2.6 changes that. */
function repeats({ gateway, name, retries: wanted = "never", timeout = "30s" }: RoutesProps): Spec {
  const silence = seconds(timeout);
  const value = REPEATS[wanted](typeof silence === "number" ? silence : 0).join("\n");
  return {
    apiVersion: "gateway.nginx.org/v1alpha1",
    kind: "SnippetsFilter",
    metadata: { name: filterOf(name), namespace: gateway.namespace },
    spec: { snippets: [{ context: "http.server.location", value }] },
  };
}

function authentication({ gateway, name, users }: RoutesProps): readonly Spec[] {
  if (users === undefined) return [];
  return [
    {
      apiVersion: "gateway.nginx.org/v1alpha1",
      kind: "AuthenticationFilter",
      metadata: { name, namespace: gateway.namespace },
      spec: { type: "Basic", basic: { realm: name, secretRef: { name: users } } },
    },
  ];
}

function policies(props: RoutesProps): readonly Spec[] {
  const { gateway, name, backends, previews = {}, timeout = "30s", maxBodySize = "1Mi", rateLimit } = props;
  const services = [...new Set([...backends, ...Object.values(previews)].map(({ service }) => service))].sort();
  const target = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", name };
  const policy = (kind: string, spec: object): Spec => ({
    apiVersion: "gateway.nginx.org/v1alpha1",
    kind,
    metadata: { name, namespace: gateway.namespace },
    spec,
  });
  const silence = `${seconds(timeout)}s`;
  return [
    policy("ClientSettingsPolicy", { targetRef: target, body: { maxSize: sizeOf(maxBodySize) ?? maxBodySize, timeout: silence } }),
    policy("ProxySettingsPolicy", { targetRefs: [target], timeout: { connect: `${CONNECT}s`, read: silence, send: silence } }),
    policy("UpstreamSettingsPolicy", {
      targetRefs: services.map((service) => ({ group: "", kind: "Service", name: service })),
      keepAlive: { timeout: KEEPS_CONNECTIONS },
    }),
    ...(rateLimit ? [policy("RateLimitPolicy", { targetRefs: [target], rateLimit: limit(rateLimit) })] : []),
  ];
}

function limit({ requests, burst }: RateLimit) {
  const [, count, unit] = /^(\d+)\/([sm])$/.exec(requests) ?? [];
  return {
    rejectCode: 429,
    local: {
      rules: [
        { key: "$binary_remote_addr", rate: `${count}r/${unit}`, burst: burst ?? (unit === "s" ? Number(count) : 10), noDelay: true },
      ],
    },
  };
}

function filterOf(name: string): string {
  return `${name}-repeats`;
}

/** Returns a size in nginx's syntax, with at most four digits. */
function sizeOf(size: Bytes): string | undefined {
  const read = bytes(size);
  if (typeof read !== "number") return undefined;
  const fits = ([unit, factor]: readonly [string, number]) =>
    read % factor === 0 && read / factor <= 9999 ? `${read / factor}${unit}` : undefined;
  return (
    [
      ["g", 2 ** 30],
      ["m", 2 ** 20],
      ["k", 2 ** 10],
    ] as const
  )
    .map(fits)
    .find((found) => found !== undefined);
}

/** Plain segments: the CRD of HTTPRoute refuses empty ones, `.` and `..`. */
const PATH_PREFIX = /^(?=\/)(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)*\/?$/;

type Found = readonly Omit<Problem, "path">[];

function problemsOf({ backends, previews = {}, hostnames = [], timeout = "30s", maxBodySize = "1Mi", rateLimit, paths = [] }: RoutesProps) {
  const weights = backends.map(({ weight = 1 }) => weight);
  const span = seconds(timeout);
  return {
    backends: [
      ...weights
        .filter((weight) => !(Number.isInteger(weight) && weight >= 0 && weight <= MOST_WEIGHT))
        .map((value) => ({ value, rule: "must be a traffic weight", remedy: `use a whole number from 0 to ${MOST_WEIGHT}` })),
      ...(weights.some((weight) => weight > 0)
        ? []
        : [{ rule: "has no backend with traffic", remedy: "give one backend at least a weight above 0" }]),
    ],
    previews: Object.keys(previews)
      .filter((version) => !/^[a-z0-9][a-z0-9.-]{0,62}$/.test(version))
      .map((value) => ({
        value,
        rule: "must be printable ASCII",
        remedy: "use lower-case letters, digits, dots and hyphens",
      })),
    hostnames: hostnames
      .filter(
        (hostname) => !/\$\{/.test(hostname) && !/^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(hostname),
      )
      .map((value) => ({
        value,
        rule: "must be a host name",
        remedy: "write it in lower case, without scheme and port, like commands.example.com",
      })),
    paths: paths
      .filter((path) => !PATH_PREFIX.test(path))
      .map((value) => ({ value, rule: "must be a path prefix", remedy: "write one like /orders, without empty segments, . and .." })),
    timeout: [
      ...(typeof span !== "number" ? [{ value: timeout, ...span }] : []),
      ...(typeof span === "number" && !(Number.isInteger(span) && span > 0 && span <= 9999)
        ? [{ value: timeout, rule: "is not a timeout that nginx accepts", remedy: "use whole seconds, up to 9999s" }]
        : []),
    ],
    maxBodySize: sizeProblems(maxBodySize),
    rateLimit: rateLimit ? rateProblems(rateLimit) : [],
  } satisfies Record<string, Found>;
}

function sizeProblems(value: Bytes): Found {
  const read = bytes(value);
  if (typeof read !== "number") return [{ value, ...read }];
  if (sizeOf(value) !== undefined && read > 0) return [];
  return [{ value, rule: "is not a size that nginx accepts", remedy: "use up to four digits of Ki, Mi or Gi, like 10Mi" }];
}

function rateProblems({ requests, burst }: RateLimit): Found {
  return [
    ...(/^[1-9]\d{0,5}\/[sm]$/.test(requests)
      ? []
      : [{ value: requests, rule: "must be a rate", remedy: "write whole requests by the second or the minute, like 100/s" }]),
    ...(burst === undefined || (Number.isInteger(burst) && burst >= 0)
      ? []
      : [{ value: burst, rule: "must be a whole number of requests", remedy: "use a whole number, or leave it out" }]),
  ];
}
