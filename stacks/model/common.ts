import * as v from "valibot";
import { namePartProblem, yamlWordProblem } from "../../constructs/core/names";
import { seconds } from "../../constructs/core/quantities";
import { imageProblem } from "../../constructs/kubernetes";
import { choice, DAY, isPlain, list, madeOf, object, optional, quantity, records, type Schema, text, value, whole } from "./check/shape";

/** One item, or several with a `name` each. */
export type OneOrMore<T> = T | readonly T[];

/** Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). */
export type Replicas = number | { readonly min: number; readonly max: number };

/** Returns one or several items as a list. */
export function all<T extends object>(role: OneOrMore<T> | undefined): readonly T[] {
  if (role === undefined) return [];
  return Array.isArray(role) ? role : [role as T];
}

/** Maximum number of instances. */
export function maxReplicas(replicas: Replicas): number {
  return typeof replicas === "number" ? replicas : replicas.max;
}

export const reference = value(imageProblem);

/** Optional, because the release file can set it instead. */
export const image = optional(reference);

export const nameOf = (most: number) => {
  const pattern = new RegExp(`^(?=.{1,${most}}$)[a-z]([a-z0-9-]*[a-z0-9])?$`);
  const remedy = `use up to ${most} lower-case letters, digits and hyphens, beginning with a letter`;
  return value((input) =>
    typeof input === "string" && pattern.test(input) ? yamlWordProblem(input) : { rule: "is not a valid name", remedy },
  );
};

export const name = nameOf(40);

/** Name of an existing object, which may be longer than those of an environment (Kubernetes, DNS subdomain names). */
export const objectName = text(
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  "is not a valid name in Kubernetes",
  "use lower-case letters, digits, hyphens and dots",
);

export const secretKey = text(/^(?!\.$|\.\.)[A-Za-z0-9._-]{1,253}$/, "can't be a key of a Secret", "use letters, digits, . _ and -");

export const part = value((input) =>
  typeof input === "string"
    ? namePartProblem(input)
    : { rule: "is not a valid name", remedy: "use lower-case letters, digits and hyphens" },
);

export const domain = text(
  /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  "is not a valid domain",
  "write one like orders.example.com",
);

const HOST_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

const AUTHORITY = new RegExp(`^(${HOST_LABEL}(\\.${HOST_LABEL})*|\\[[0-9a-f:.]+\\])(:(?<port>[1-9]\\d{0,4}))?$`, "i");

/** Characters that a URL can't have without encoding (RFC 3986). */
const UNENCODED = /[^\x21-\x7e]|["<>\\^`{|}]/;

/** Address that every client reads alike: of a form, with a valid host and port, and without credentials. */
export function address(form: RegExp, rule: string, remedy: string): Schema {
  return value((input) => {
    if (typeof input !== "string" || !form.test(input)) return { rule, remedy };
    const authority = /^\w+:\/\/([^/?#]*)/.exec(input)?.[1] ?? "";
    if (authority.includes("@")) return { rule: "has credentials, which are stored in plaintext with it", remedy: "leave them out" };
    const port = AUTHORITY.exec(authority)?.groups?.port;
    const isValid = AUTHORITY.test(authority) && Number(port ?? 0) <= 65_535 && !UNENCODED.test(input);
    return isValid ? undefined : { rule: "is not a valid address", remedy };
  });
}

export const https = address(/^https:\/\/[^\s/]+(\/\S*)?$/, "is not an address that can be trusted", "write one that begins with https://");

export const anything = text(/\S/, "must have text", "write a word or more");

export const fixed = value((count) =>
  Number.isInteger(count) && (count as number) >= 1 && (count as number) <= 1000
    ? undefined
    : { rule: "must be a valid number of instances", remedy: "use a whole number from 1 to 1000, or { min, max }" },
);

export const scaled = object<{ min: number; max: number }>({ min: whole(1, 1000), max: whole(1, 1000) });

export const replicas: Schema = madeOf(
  { "(fixed)": fixed, "(scaled)": scaled },
  v.lazy((input) => (isPlain(input) ? scaled : fixed)),
);

export const written = value((input) => (typeof input === "string" ? undefined : { rule: "must be text", remedy: "write it in quotes" }));

export const variableName = text(
  /^[A-Za-z_][A-Za-z0-9_.-]*$/,
  "is not a valid variable name",
  "use letters, digits and _, not beginning with a digit",
);

export const variables = records(written, variableName);

export const filePath = text(
  /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/,
  "must be a path",
  "write an absolute one without . and .., like /app/settings.json",
);

export const files = records(written, filePath);

export const command = list(anything, "write the program and its arguments, each in quotes");

export const port = whole(1, 65_535);

/** Path of a URL, in the characters that URLs have (RFC 3986). */
export const URL_PATH = /^\/[!#-;=?-[\]_a-z~]*$/;

export const path = text(URL_PATH, "must be a path", "write one like /health, with other characters encoded");

export const percent = optional(whole(1, 100));

export const withPort = (example: string) =>
  address(/^https?:\/\/[^\s/]+:\d+(\/\S*)?$/, "must be an address with a port", `write one like ${example}`);

export const size = choice(["small", "medium", "large"], "size of a system");

export const scalar = value((input) =>
  // Servers read no exponents.
  ["string", "boolean"].includes(typeof input) || (Number.isFinite(input) && !String(input).includes("e"))
    ? undefined
    : { rule: "must be a single value", remedy: "write a text, a number, true or false" },
);

export const mailAddress = text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "must be a mail address", "write one like oncall@example.com");

/** Retention in whole days, because Elasticsearch, Jaeger and object locks count in days. */
export const wholeDays = quantity((input) => {
  const reading = seconds(input);
  return typeof reading === "number" && (reading < DAY || reading % DAY !== 0)
    ? { rule: "must be a whole number of days", remedy: 'use a duration like "7d"' }
    : reading;
});

export const anyText = text(/^[^\p{Cc}]{1,1000}$/u, "must be text", "write up to 1000 characters on one line");

export const someTexts = list(anyText, "name one or several");

export const mirror = text(
  /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/,
  "is not a valid registry",
  "write one like registry.example.com/mirror, without oci://",
);
