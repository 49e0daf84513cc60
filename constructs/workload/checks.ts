import type { SecretReference } from "../connection";
import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";
import type { Backend } from "./contract";

/** A check of a deployment's test, in addition to the rollout of its workloads. */
export type Check = HttpCheck | TcpCheck | QueryCheck | ObjectCheck;

/** A request and its expected response. A failed check is retried until the test's timeout. */
export interface HttpCheck {
  /** Name of the check in a failure: `health of the command API`. */
  readonly name: string;

  readonly url: string;

  /** @default "GET", or "POST" with a body */
  readonly method?: string;

  /**
   * `{run}` in a value is replaced by the run's name: it is the same in all attempts for one release, so it can serve as an idempotency
   * key.
   * @default - curl's own
   */
  readonly headers?: Readonly<Record<string, string>>;

  /**
   * Sent unchanged, except that `{run}` is replaced by the run's name.
   * @default - none
   */
  readonly body?: string;

  /**
   * A token to send as `Authorization: Bearer`, from a Secret in the namespace of the test.
   * @default - none
   */
  readonly bearer?: SecretReference;

  /**
   * The host to connect to instead of the URL's, which stays in the request: for a gateway that is not in DNS yet.
   * @default - the host of its URL
   */
  readonly through?: Through;

  /**
   * The expected status, or `any` from the service itself: below 500, and not an error page of the gateway's nginx. Redirects are not
   * followed.
   * @default 200
   */
  readonly expect?: number | "any";

  /**
   * Text that the response must contain.
   * @default - any
   */
  readonly contains?: string;

  /**
   * Upper limit (exclusive) of a field in a JSON response, for every field of that name; at least one must exist. For projections:
   * `{ field: "lag", limit: 1000 }`.
   * @default - any
   */
  readonly below?: { readonly field: string; readonly limit: number };
}

/** A gateway to send a request through. */
export interface Through {
  readonly host: string;
  readonly port: number;

  /**
   * Sends the PROXY protocol, which the gateway expects from a load balancer in front of it.
   * @default false
   */
  readonly proxyProtocol?: boolean;
}

/** A port that must accept connections. */
export interface TcpCheck {
  readonly name: string;
  readonly tcp: { readonly host: string; readonly port: number };
}

/** Check of a service's `health`: a request to its path, or a connection with `tcp`. */
export function healthCheck({ service, port }: Pick<Backend, "service" | "port">, namespace: string, health: string): Check {
  const host = `${service}.${namespace}.svc`;
  const name = `health of ${service}`;
  return health === "tcp" ? { name, tcp: { host, port } } : { name, url: `http://${host}:${port}${health}` };
}

/**
 * A query of the test's database that must return true. Any other result is reported, so it can say how far it is from success:
 * `select case when behind < 1000 then 't' else behind || ' events behind' end from …`.
 */
export interface QueryCheck {
  readonly name: string;
  readonly query: string;
}

/**
 * A Deployment or StatefulSet whose pods must be of its newest version and ready, a Job that must have succeeded and is deleted with a
 * failed test, or a custom resource whose conditions must be fulfilled for its newest generation.
 */
export interface ObjectCheck {
  readonly name: string;
  readonly object: {
    readonly kind: Kind;
    readonly namespace: string;
    readonly name: string;

    /**
     * Labels of its pods.
     * @default - none, for an object without pods
     */
    readonly labels?: Readonly<Record<string, string>>;

    /**
     * Minimum of pods, if something other than Terraform sets the number.
     * @default 1
     */
    readonly least?: number;

    /**
     * The StatefulSet in the same namespace whose pods a job waits for. They are checked together with the job's own pods: if the
     * StatefulSet can't start, the job is stopped within minutes, with the cause.
     * @default - none
     */
    readonly waitsFor?: WaitedFor;
  };
}

/** A StatefulSet, and the labels of its pods. */
export interface WaitedFor {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Kind of an object that a check waits for. */
export type Kind =
  | "Deployment"
  | "StatefulSet"
  | "Job"
  | "Certificate"
  | "Gateway"
  | "HTTPRoute"
  | "SnippetsFilter"
  | "ClientSettingsPolicy"
  | "ProxySettingsPolicy"
  | "RateLimitPolicy"
  | "UpstreamSettingsPolicy";

/** A kind's group, version and resource in the API, and how the script checks it. */
interface Looked {
  readonly group: string;
  readonly version: string;
  readonly resource: string;

  /** The script's function. */
  readonly look: "rollout" | "job" | "conditions";

  /** Required conditions, by their path, with `*` for each element of a list; `!` marks a condition that must not be true. */
  readonly wants?: Readonly<Record<string, readonly string[]>>;

  /** Other objects of its namespace that explain a missing condition. */
  readonly asks?: readonly Pick<Looked, "group" | "version" | "resource">[];
}

/** NGINX Gateway Fabric reports for each target of a policy whether the policy is applied in nginx. */
const policy = (resource: string): Looked => ({
  group: "gateway.nginx.org",
  version: "v1alpha1",
  resource,
  look: "conditions",
  wants: { "status.ancestors.*.conditions": ["Accepted"] },
});

export const OBJECTS: Readonly<Record<Kind, Looked>> = {
  Deployment: { group: "apps", version: "v1", resource: "deployments", look: "rollout" },
  StatefulSet: { group: "apps", version: "v1", resource: "statefulsets", look: "rollout" },
  Job: { group: "batch", version: "v1", resource: "jobs", look: "job" },
  Certificate: {
    group: "cert-manager.io",
    version: "v1",
    resource: "certificates",
    look: "conditions",
    wants: { "status.conditions": ["Ready"] },
    // A Certificate reports only that none is issued yet; these wait for a CA, and for names that the CA can resolve.
    asks: [
      { group: "cert-manager.io", version: "v1", resource: "certificaterequests" },
      { group: "acme.cert-manager.io", version: "v1", resource: "challenges" },
    ],
  },
  Gateway: {
    group: "gateway.networking.k8s.io",
    version: "v1",
    resource: "gateways",
    look: "conditions",
    wants: {
      "status.conditions": ["Accepted", "Programmed"],
      "status.listeners.*.conditions": ["Accepted", "Programmed", "ResolvedRefs"],
    },
  },
  HTTPRoute: {
    group: "gateway.networking.k8s.io",
    version: "v1",
    resource: "httproutes",
    look: "conditions",
    wants: { "status.parents.*.conditions": ["Accepted", "ResolvedRefs", "!PartiallyInvalid"] },
  },
  SnippetsFilter: { ...policy("snippetsfilters"), wants: { "status.controllers.*.conditions": ["Accepted"] } },
  ClientSettingsPolicy: policy("clientsettingspolicies"),
  ProxySettingsPolicy: policy("proxysettingspolicies"),
  RateLimitPolicy: policy("ratelimitpolicies"),
  UpstreamSettingsPolicy: policy("upstreamsettingspolicies"),
};

/** Checks as files for the script, and the bearer tokens by the variables that hold them. */
export interface CheckFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly bearers: Readonly<Record<string, SecretReference>>;
}

export function checkFiles(checks: readonly Check[]): CheckFiles {
  const files: Record<string, string> = {};
  const bearers: Record<string, SecretReference> = {};
  const list = checks.map((check, index) => {
    if ("object" in check) return line(check, index, ...lineOfObject(check));
    if ("tcp" in check) return line(check, index, "tcp", check.tcp.host, String(check.tcp.port));
    if ("query" in check) {
      files[`${index}.sql`] = `${check.query}\n`;
      return line(check, index, "query");
    }
    const { url, headers = {}, body, bearer, through, expect = 200, contains, below } = check;
    const options = Object.entries(headers).map(([name, value]) => `header = ${quoted(`${name}: ${value}`)}`);
    if (through) options.push(`connect-to = ${quoted(`::${through.host}:${through.port}`)}`);
    if (through?.proxyProtocol) options.push("haproxy-protocol");
    files[`${index}.curl`] = options.map((option) => `${option}\n`).join("");
    if (body !== undefined) files[`${index}.body`] = body;
    if (contains !== undefined) files[`${index}.contains`] = contains;
    if (below) files[`${index}.below`] = `${below.field} ${below.limit}\n`;
    if (bearer) bearers[`BEARER_${index}`] = bearer;
    return line(check, index, "http", check.method ?? (body === undefined ? "GET" : "POST"), url, String(expect));
  });
  return { files: { list: list.join(""), ...files }, bearers };
}

/** Returns the problems of checks. The script reads their texts as lines with tab-separated fields. */
export function checkProblems(checks: readonly Check[]): readonly Omit<Problem, "path">[] {
  const names = checks.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !/^[^\p{Cc}]{1,80}$/u.test(name))
      .map((value) => ({ value, rule: "is not a valid check name", remedy: "use up to 80 characters on one line" })),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((value) => ({ value, rule: "is the name of two checks", remedy: "give one of them another" })),
    ...checks.flatMap((check) => ("url" in check ? httpProblems(check) : [])),
  ];
}

function httpProblems({ url, method, below, expect = 200 }: HttpCheck): readonly Omit<Problem, "path">[] {
  const found: Omit<Problem, "path">[] = [];
  // Outputs of other stacks are not known at synthesis.
  if (!/^https?:\/\/[^\s"]+$/.test(url.replaceAll(TOKEN, "token"))) {
    found.push({
      value: url,
      rule: "must be an address to probe",
      remedy: "begin with http:// or https://, and leave out spaces and quotes",
    });
  }
  if (method !== undefined && !/^[A-Z]+$/.test(method)) {
    found.push({ value: method, rule: "must be an HTTP method", remedy: "write it in capitals, like POST" });
  }
  if (expect !== "any" && (!Number.isInteger(expect) || expect < 200 || expect > 599)) {
    found.push({ value: expect, rule: "must be a final HTTP status", remedy: "use 200 to 599" });
  }
  if (below && !/^[A-Za-z0-9_-]+$/.test(below.field)) {
    found.push({ value: below.field, rule: "is not a valid field name", remedy: "use letters, digits, _ and -" });
  }
  return found;
}

/** Returns the problems of a test's timeout. */
export function timeProblems(within: Duration, longest: number): readonly Omit<Problem, "path">[] {
  const time = seconds(within);
  if (typeof time !== "number") return [{ value: within, ...time }];
  return time <= longest
    ? []
    : [{ value: within, rule: "exceeds the maximum wait for a deployment", remedy: `use ${longest / 60}m or less` }];
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

function lineOfObject({
  object: { kind, namespace, name, labels = {}, least = 1, waitsFor },
}: ObjectCheck): readonly [string, ...string[]] {
  const { look, wants = {}, asks = [], ...listed } = OBJECTS[kind];
  if (look === "conditions") {
    const wanted = Object.entries(wants).map(([place, types]) => `${place}=${types.join(",")}`);
    return [look, `${listOf(listed, namespace)}/${name}`, wanted.join(" "), asks.map((asked) => listOf(asked, namespace)).join(" ")];
  }
  const more = look === "rollout" ? [String(least)] : waitsFor ? [`${waitsFor.name} ${selectorOf(waitsFor.labels)}`] : [];
  return [look, namespace, listed.resource, name, selectorOf(labels), ...more];
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  const selector = Object.entries(labels).map(([label, value]) => encodeURIComponent(`${label}=${value}`));
  return selector.sort().join(",");
}

function listOf({ group, version, resource }: Pick<Looked, "group" | "version" | "resource">, namespace: string): string {
  return `/apis/${group}/${version}/namespaces/${namespace}/${resource}`;
}

function line({ name }: { readonly name: string }, index: number, kind: string, ...rest: readonly string[]): string {
  return `${[kind, index, name, ...rest].join("\t")}\n`;
}

/** A quoted string in a curl configuration file. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
