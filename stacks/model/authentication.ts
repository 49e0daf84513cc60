import { createPublicKey } from "node:crypto";
import { either, object, value } from "./check/shape";
import { anything, https } from "./common";

/** JSON Web Tokens, signed with RS256 only. */
export type Authentication = TokensOfPublishedKeys | TokensOfOneKey;

/** Bearer tokens (JWT) that an API accepts: expected issuer and audience. */
export interface Tokens {
  readonly issuer: string;
  readonly audience: string;
}

/** Tokens of an issuer that publishes its keys, and may rotate them. */
export interface TokensOfPublishedKeys extends Tokens {
  /** URL at which the issuer publishes its keys (JWKS). */
  readonly jwks: string;
}

/** Tokens of an issuer with one known key. */
export interface TokensOfOneKey extends Tokens {
  /** RSA public key of the issuer in PEM, at least 2048 bits (RFC 7518, 3.3). Changing it restarts the APIs. */
  readonly publicKey: string;
}

export const tokens = { issuer: https, audience: anything };

export const publicKey = value((input) => {
  const remedy = "write it as PEM, which begins with -----BEGIN PUBLIC KEY-----";
  const none = { rule: "must be a public key", remedy };
  if (typeof input !== "string") return none;
  if (/PRIVATE KEY/.test(input))
    return { rule: "is a private key, which is its issuer's alone", remedy: "have it replaced, and write the public one" };
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----[^-]+-----END (RSA )?PUBLIC KEY-----\s*$/.test(input)) return none;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(input);
    if (asymmetricKeyType !== "rsa") return { rule: "signs nothing by RS256", remedy: "write a key of RSA" };
    return (asymmetricKeyDetails?.modulusLength ?? 0) < 2048
      ? { rule: "is too short to be trusted", remedy: "use one of 2048 bits or more" }
      : undefined;
  } catch {
    return none;
  }
});

export const authenticationShape = either(
  "publicKey",
  object<TokensOfOneKey>({ ...tokens, publicKey }),
  object<TokensOfPublishedKeys>({ ...tokens, jwks: https }),
);
