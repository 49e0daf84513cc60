import type { SecretReference } from "../connection";
import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";

/** What a test of a deployment asks, beside whether its workloads are rolled out. */
export type Check = HttpCheck | TcpCheck | QueryCheck | ObjectCheck;

/** A request and the answer that it has to get. What does not is tried again until the test's time is over. */
export interface HttpCheck {
  /** What is said of it where it fails: `health of the command API`. */
  readonly name: string;

  readonly url: string;

  /** @default "GET", or "POST" with a body */
  readonly method?: string;

  /**
   * `{run}` in a value stands for the name of the run: the same in all tries for one release, and so good as an
   * idempotency key.
   * @default - curl's own
   */
  readonly headers?: Readonly<Record<string, string>>;

  /**
   * Sent as it is; `{run}` stands for the name of the run.
   * @default - none
   */
  readonly body?: string;

  /**
   * A token that it shows as `Authorization: Bearer`, from a Secret in the namespace of the test.
   * @default - none
   */
  readonly bearer?: SecretReference;

  /**
   * Where it goes instead of to the host of its URL, whose name it still asks for: a gateway that the world does not know yet.
   * @default - to the host of its URL
   */
  readonly through?: Through;

  /**
   * The status of the answer, or any that the service itself gives: below 500, and no page of the gateway's nginx. Redirects are
   * not followed.
   * @default 200
   */
  readonly expect?: number | "any";

  /**
   * Text that the answer has to have.
   * @default - any
   */
  readonly contains?: string;

  /**
   * What has to be below a number in an answer of JSON: every field of that name, of which there has to be one. For
   * projections: `{ field: "lag", limit: 1000 }`.
   * @default - any
   */
  readonly below?: { readonly field: string; readonly limit: number };
}

/** A gateway, by which a request goes. */
export interface Through {
  readonly host: string;
  readonly port: number;

  /**
   * Whether it expects the PROXY protocol, which a load balancer before it speaks.
   * @default false
   */
  readonly proxyProtocol?: boolean;
}

/** A port at which somebody listens. */
export interface TcpCheck {
  readonly name: string;
  readonly tcp: { readonly host: string; readonly port: number };
}

/**
 * A query of the test's database whose answer is true. Any other answer is told, so that it may say how far it is from it:
 * `select case when behind < 1000 then 't' else behind || ' events behind' end from …`.
 */
export interface QueryCheck {
  readonly name: string;
  readonly query: string;
}

/**
 * A Deployment or StatefulSet whose pods have to be of its newest version and ready, a Job that has to have done its work, and goes
 * with a test that fails, or an object of an operator that has to say of its newest version that it is as it should be.
 */
export interface ObjectCheck {
  readonly name: string;
  readonly object: {
    readonly kind: Kind;
    readonly namespace: string;
    readonly name: string;

    /**
     * Labels of its pods.
     * @default - it has none
     */
    readonly labels?: Readonly<Record<string, string>>;

    /**
     * Pods that there have to be, where something else than Terraform says how many.
     * @default 1
     */
    readonly least?: number;

    /**
     * The StatefulSet in the same namespace whose pods a job waits for. They are looked at with the job's own: a job whose
     * StatefulSet can't start is given up within minutes, with the cause.
     * @default - a job waits for nobody's pods
     */
    readonly waitsFor?: WaitedFor;
  };
}

/** A StatefulSet, and the labels of its pods. */
export interface WaitedFor {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

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

/** How the API calls a kind, and how it is looked at. */
interface Looked {
  readonly group: string;
  readonly version: string;
  readonly resource: string;

  /** The function of the script. */
  readonly look: "rollout" | "job" | "conditions";

  /** Conditions that it has to have, by where they are, `*` for each of a list; those with `!` it must not. */
  readonly wants?: Readonly<Record<string, readonly string[]>>;

  /** What else in its namespace says why it has them not. */
  readonly asks?: readonly Pick<Looked, "group" | "version" | "resource">[];
}

/** NGINX Gateway Fabric says of a policy, for each object that it is for, whether it is in nginx. */
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
    // A certificate says no more than that there is none yet; these wait for an authority, and for names that it can ask.
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

/** Checks as files that the script reads, and the tokens that it shows by the variables in which it finds them. */
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

/** What is wrong with checks: their texts stand on lines, parted by tabs. */
export function checkProblems(checks: readonly Check[]): readonly Omit<Problem, "path">[] {
  const names = checks.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !/^[^\p{Cc}]{1,80}$/u.test(name))
      .map((value) => ({ value, rule: "is no name of a check", remedy: "use up to 80 characters on one line" })),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((value) => ({ value, rule: "is the name of two checks", remedy: "give one of them another" })),
    ...checks.flatMap((check) => ("url" in check ? httpProblems(check) : [])),
  ];
}

function httpProblems({ url, method, below, expect = 200 }: HttpCheck): readonly Omit<Problem, "path">[] {
  const found: Omit<Problem, "path">[] = [];
  // What another stack brings can't be seen here.
  if (!/^https?:\/\/[^\s"]+$/.test(url.replaceAll(TOKEN, "token"))) {
    found.push({ value: url, rule: "is no address to ask", remedy: "begin with http:// or https://, and leave out spaces and quotes" });
  }
  if (method !== undefined && !/^[A-Z]+$/.test(method)) {
    found.push({ value: method, rule: "is no method of HTTP", remedy: "write it in capitals, like POST" });
  }
  if (expect !== "any" && (!Number.isInteger(expect) || expect < 200 || expect > 599)) {
    found.push({ value: expect, rule: "is no status that ends an answer", remedy: "use 200 to 599" });
  }
  if (below && !/^[A-Za-z0-9_-]+$/.test(below.field)) {
    found.push({ value: below.field, rule: "is no name of a field", remedy: "use letters, digits, _ and -" });
  }
  return found;
}

/** What is wrong with the time that a test is given. */
export function timeProblems(within: Duration, longest: number): readonly Omit<Problem, "path">[] {
  const time = seconds(within);
  if (typeof time !== "number") return [{ value: within, ...time }];
  return time <= longest
    ? []
    : [{ value: within, rule: "is longer than anybody waits for a deployment", remedy: `use ${longest / 60}m or less` }];
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

/** As a configuration of curl has it. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
