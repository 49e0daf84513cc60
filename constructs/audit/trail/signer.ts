import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { KmsClient } from "../../aws-client";
import { sha256 } from "./format";

/** Signs digests. */
export interface Signer {
  /** Identifies the key in signatures. */
  readonly key: string;

  /** ECDSA on P-256 over the SHA-256 of the content, in DER. */
  sign(content: Buffer): Promise<Buffer>;
}

/** Signs with a key in AWS KMS, by its ARN. */
export function kmsSigner(client: KmsClient, keyArn: string): Signer {
  return { key: keyArn, sign: (content) => client.sign(keyArn, Buffer.from(sha256(content), "hex")) };
}

/** Signs with a private key, as PEM: where there is no KMS. */
export function keySigner(pem: string): Signer {
  const key = createPrivateKey(pem);
  requireP256(key, "the signing key");
  return { key: fingerprint(createPublicKey(key)), sign: async (content) => sign("sha256", content, key) };
}

/** SHA-256 of a public key. */
export function fingerprint(key: KeyObject): string {
  return `sha256:${sha256(key.export({ type: "spki", format: "der" }))}`;
}

/** Throws unless a key is one of the elliptic curve P-256. */
export function requireP256(key: KeyObject, name: string): void {
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return;
  throw new Error(`${name} is not an EC key on P-256; create one with: openssl ecparam -name prime256v1 -genkey -noout`);
}
