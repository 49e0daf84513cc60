import { X509Certificate } from "node:crypto";
import type { Problem } from "../core/errors";

const PEM = /^(-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*)+$/;

const AFTER_ONE = /(?<=-----END CERTIFICATE-----)\s*(?=-)/;

/** Subject of Cloudflare's shared CA, which all of its customers use (Cloudflare, global authenticated origin pulls). */
const SHARED = "CN=origin-pull.cloudflare.net";

/** Returns the problems of CA certificates. Values are not shown, because a pasted private key could be among them. */
export function clientAuthorityProblems(pem: string): readonly Omit<Problem, "path">[] {
  const certificates = PEM.test(pem) ? pem.trim().split(AFTER_ONE).map(read) : [undefined];
  if (certificates.includes(undefined))
    return [{ rule: "must be a PEM certificate", remedy: "paste what begins with -----BEGIN CERTIFICATE-----, and never a key" }];
  if (certificates.some((one) => !one?.ca))
    return [{ rule: "must be a CA certificate", remedy: "use that of the authority that signed the client's" }];
  if (certificates.some((one) => one?.subject.includes(SHARED)))
    return [{ rule: "is Cloudflare's own, which all of its customers share", remedy: "use an authority of your own" }];
  return [];
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
