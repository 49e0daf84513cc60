import type { SecretFact } from "../connection";
import type { Problem } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";

/** What a test of a deployment asks, beside whether its workloads are rolled out. */
export type Check = HttpCheck | TcpCheck | QueryCheck;

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
  readonly bearer?: SecretFact;

  /**
   * Where it goes instead of to the host of its URL, whose name it still asks for: a gateway that the world does not know yet.
   * @default - to the host of its URL
   */
  readonly through?: { readonly host: string; readonly port: number };

  /**
   * The status of the answer. Redirects are not followed.
   * @default 200
   */
  readonly expect?: number;

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

/** A Deployment or StatefulSet whose pods have to be of its newest version and ready, or a Job that has to have done its work. */
export interface ObjectCheck {
  readonly name: string;
  readonly object: {
    readonly kind: keyof typeof OBJECTS;
    readonly namespace: string;
    readonly name: string;

    /** Labels of its pods. */
    readonly labels: Readonly<Record<string, string>>;
  };
}

/** How the API calls the kinds, and which function of the script looks at them. */
export const OBJECTS = {
  Deployment: { group: "apps", resource: "deployments", look: "rollout" },
  StatefulSet: { group: "apps", resource: "statefulsets", look: "rollout" },
  Job: { group: "batch", resource: "jobs", look: "job" },
} as const;

/** Checks as files that the script reads, and the tokens that it shows by the variables in which it finds them. */
export interface CheckFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly bearers: Readonly<Record<string, SecretFact>>;
}

export function checkFiles(checks: readonly (Check | ObjectCheck)[]): CheckFiles {
  const files: Record<string, string> = {};
  const bearers: Record<string, SecretFact> = {};
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
  if (!Number.isInteger(expect) || expect < 200 || expect > 599) {
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

function lineOfObject({ object: { kind, namespace, name, labels } }: ObjectCheck): readonly [string, ...string[]] {
  const { look, resource } = OBJECTS[kind];
  const selector = Object.entries(labels).map(([label, value]) => encodeURIComponent(`${label}=${value}`));
  return [look, namespace, resource, name, selector.sort().join(",")];
}

function line({ name }: { readonly name: string }, index: number, kind: string, ...rest: readonly string[]): string {
  return `${[kind, index, name, ...rest].join("\t")}\n`;
}

/** As a configuration of curl has it. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
