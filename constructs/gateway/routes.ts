import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes, type Duration, seconds } from "../core/quantities";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";
import { type Backend, PREVIEW_HEADER } from "./contract";

export interface RoutesProps {
  readonly cluster: KubernetesTarget;

  /** The Gateway, and where it is: services and routes are there too. */
  readonly gateway: { readonly name: string; readonly namespace: string; readonly ready: readonly ITerraformDependable[] };

  /** What the routes are called; the beginning of the names of their objects: `command-api`. */
  readonly name: string;

  /**
   * Names under which it is asked for: `["commands.orders.example.com"]`.
   * @default - any
   */
  readonly hostnames?: readonly string[];

  /**
   * Beginnings of paths: `["/orders"]`.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /** Who answers, each its share. Both slots of a release are named, the idle one with weight 0: a switch changes weights only. */
  readonly backends: readonly Backend[];

  /**
   * Who answers a request that asks for a version by the header `x-preview`, by what it asks for: `{ green: … }`.
   * @default - nobody is asked so
   */
  readonly previews?: Readonly<Record<string, Omit<Backend, "weight">>>;

  /**
   * How often nginx asks another backend where one was not reached, or broke off. Never, as for commands: nobody knows whether the first
   * one carried it out, and only the client has the key by which a second time is known (`Idempotency-Key`, which is
   * passed on as it came). Once, as for queries; what has arrived by POST or PATCH is not sent again even then.
   * @default "never"
   */
  readonly retries?: "never" | "once";

  /**
   * How long a backend may be silent, before and while it answers. The whole of an answer may take longer: nginx does
   * not limit that.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * The largest request: whole kibibytes, mebibytes or gibibytes.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * What one client, known by its address, may send: `{ requests: "100/s" }`. What is above is answered with 429. Each
   * nginx of the Gateway counts on its own, so that a client with several connections gets at most that of each.
   * @default - as much as it can
   */
  readonly rateLimit?: RateLimit;

  /**
   * The Secret of type `nginx.org/htpasswd`, in the Gateway's namespace, whose key `auth` has the users that may ask, each with a password
   * (basic authentication).
   * @default - anybody may ask
   */
  readonly users?: string;
}

export interface RateLimit {
  readonly requests: `${number}/${"s" | "m"}`;

  /**
   * How many may come at once beyond the rate, and are answered at once.
   * @default - a second's worth, or 10 of a rate by the minute
   */
  readonly burst?: number;
}

/** How long it takes to open a connection to a pod that is there, in seconds: much less. */
const CONNECT = 5;

/**
 * How long nginx keeps a connection that nobody uses. Where the backend closed it first, a command that is on its way would
 * be answered with 502 and not sent again; gunicorn does so after 2 s, Node and uvicorn after 5 (their defaults).
 */
const KEEPS_CONNECTIONS = "1s";

/** By how long a backend may be silent, in seconds. */
const REPEATS: Readonly<Record<NonNullable<RoutesProps["retries"]>, (silence: number) => readonly string[]>> = {
  never: () => ["proxy_next_upstream off;"],
  // The pods of a node that is lost refuse nothing, and are not reached in time. A slow answer is not asked for again, as
  // that would make the slow slower: its time is over later.
  once: (silence) => [
    `proxy_next_upstream error${silence > CONNECT + 1 ? " timeout" : ""};`,
    `proxy_next_upstream_timeout ${CONNECT + 1}s;`,
    "proxy_next_upstream_tries 2;",
  ],
};

const MOST_WEIGHT = 1_000_000;

/**
 * Which requests go to which services of a Gateway: one release of their own, so that a switch between two slots
 * changes nothing else. NGINX Gateway Fabric ignores timeouts and retries of an HTTPRoute, so that what they would say
 * is in its own policies.
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
 * The shares of a deployed HTTPRoute as a JSON patch, for `kubectl patch --type json`. It is refused where the route has other
 * backends, or in another order.
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

/** What stays the same when slots are switched: who may answer, and not who does. */
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
      // The first one has the shares: a person finds them there without Terraform. A header wins wherever it stands.
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

/** nginx asks another server by itself, as often as there are servers; no policy of NGINX Gateway Fabric 2.6 says otherwise. */
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

/** A size as nginx writes it, of at most four digits. */
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

type Found = readonly Omit<Problem, "path">[];

function problemsOf({ backends, previews = {}, hostnames = [], timeout = "30s", maxBodySize = "1Mi", rateLimit, paths = [] }: RoutesProps) {
  const weights = backends.map(({ weight = 1 }) => weight);
  const span = seconds(timeout);
  return {
    backends: [
      ...weights
        .filter((weight) => !(Number.isInteger(weight) && weight >= 0 && weight <= MOST_WEIGHT))
        .map((value) => ({ value, rule: "is no weight", remedy: `use a whole number from 0 to ${MOST_WEIGHT}` })),
      ...(weights.some((weight) => weight > 0) ? [] : [{ rule: "nobody answers", remedy: "give one backend at least a weight above 0" }]),
    ],
    previews: Object.keys(previews)
      .filter((version) => !/^[a-z0-9][a-z0-9.-]{0,62}$/.test(version))
      .map((value) => ({
        value,
        rule: "is no value for a header that everybody can type",
        remedy: "use lower-case letters, digits, dots and hyphens",
      })),
    hostnames: hostnames
      .filter(
        (hostname) => !/\$\{/.test(hostname) && !/^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(hostname),
      )
      .map((value) => ({
        value,
        rule: "is no host name",
        remedy: "write it in lower case, without scheme and port, like commands.example.com",
      })),
    paths: paths
      .filter((path) => !/^\/[A-Za-z0-9/._~-]*$/.test(path))
      .map((value) => ({ value, rule: "is no beginning of a path", remedy: "begin with /, like /orders" })),
    timeout: [
      ...(typeof span !== "number" ? [{ value: timeout, ...span }] : []),
      ...(typeof span === "number" && !(Number.isInteger(span) && span > 0 && span <= 9999)
        ? [{ value: timeout, rule: "is no time that nginx waits", remedy: "use whole seconds, up to 9999s" }]
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
  return [{ value, rule: "is no size that nginx can be told", remedy: "use up to four digits of Ki, Mi or Gi, like 10Mi" }];
}

function rateProblems({ requests, burst }: RateLimit): Found {
  return [
    ...(/^[1-9]\d{0,5}\/[sm]$/.test(requests)
      ? []
      : [{ value: requests, rule: "is no rate", remedy: "write whole requests by the second or the minute, like 100/s" }]),
    ...(burst === undefined || (Number.isInteger(burst) && burst >= 0)
      ? []
      : [{ value: burst, rule: "is no number of requests", remedy: "use a whole number, or leave it out" }]),
  ];
}
