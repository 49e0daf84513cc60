import type { Problem } from "../core/errors";

/** Flags by name without their hyphens. `true` is a flag without a value, `false` omits the flag. */
export type Flags = Readonly<Record<string, string | boolean>>;

/** Paths of the data and the certificate. */
export const DATA = "/var/lib/esdb";
export const TLS = "/etc/esdb/tls";

/** Flags that can't be set, with the reason. */
const REFUSED: Readonly<Record<string, { readonly rule: string; readonly remedy: string }>> = {
  "api-token": { rule: "would be readable for everyone who can read the pod", remedy: "leave it out: it comes from the secret" },
  "data-directory-temporary": { rule: "loses every event with the pod", remedy: "leave it out" },
  "http-enabled": { rule: "is what insecure decides", remedy: "set insecure" },
  "https-enabled": { rule: "is what insecure decides", remedy: "set insecure" },
  "http-port": { rule: "is its own default, by which it is known", remedy: "leave it out" },
  "https-port": { rule: "is its own default, by which it is known", remedy: "leave it out" },
};

export function flagProblems(flags: Flags): readonly Omit<Problem, "path">[] {
  return Object.keys(flags).flatMap((flag) => {
    const refused = REFUSED[flag];
    if (refused) return [{ value: flag, ...refused }];
    return /^[a-z][a-z0-9-]*$/.test(flag)
      ? []
      : [{ value: flag, rule: "is not a valid flag name", remedy: "write it without its hyphens, like with-ui" }];
  });
}

interface Choices {
  readonly insecure: boolean;
  readonly flags: Flags;

  /** The flag of the licence, without its hyphens. */
  readonly licence?: string;
}

/**
 * The arguments of the container. Documented by the vendor (CLI overview; configuration and secrets): the switches of HTTP and HTTPS, their
 * ports, both certificate files, the token. Seen in public use: `--data-directory`.
 */
export function argumentsOf({ insecure, flags, licence }: Choices): string[] {
  const all: Flags = {
    "data-directory": DATA,
    "api-token": "$(API_TOKEN)",
    ...(licence ? { [licence]: "$(LICENCE)" } : {}),
    "http-enabled": String(insecure),
    "https-enabled": String(!insecure),
    ...(insecure ? {} : { "https-certificate-file": `${TLS}/tls.crt`, "https-private-key-file": `${TLS}/tls.key` }),
    ...flags,
  };
  const written = Object.entries(all).flatMap(([flag, value]) =>
    value === false ? [] : [value === true ? `--${flag}` : `--${flag}=${value}`],
  );
  return ["run", ...written];
}
