import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** AES-256-GCM with a nonce of 96 bits and a tag of 128 bits (NIST SP 800-38D). */
const [ALGORITHM, NONCE, TAG] = ["aes-256-gcm", 12, 16] as const;

/** Format of sealed texts: `sk1.<id of the data key>.<nonce, ciphertext and tag in base64url>`. */
const FORMAT = /^sk1\.([0-9a-f-]{36})\.([\w-]+)$/;

/** A data key and its id. A subject that gets a new key after an erasure gets a new id. */
export interface DataKey {
  readonly id: string;
  readonly plain: Buffer;
}

/** Encrypts a text of one record: it can't be decrypted as that of another. */
export function seal({ id, plain }: DataKey, record: string, text: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(ALGORITHM, plain, nonce).setAAD(additional(id, record));
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `sk1.${id}.${sealed.toString("base64url")}`;
}

/** Id of the data key of a sealed text. */
export function keyIdOf(sealed: string): string {
  return parts(sealed).id;
}

/** Decrypts a text that the same key sealed for the same record. Fails if a bit of it has changed. */
export function unseal({ id, plain }: DataKey, record: string, sealed: string): string {
  const { content } = parts(sealed);
  const decipher = createDecipheriv(ALGORITHM, plain, content.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(additional(id, record)).setAuthTag(content.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(content.subarray(NONCE, -TAG)), decipher.final()]).toString("utf8");
  } catch {
    throw new Error(`record ${record}: its sealed text was changed, or belongs to another record or subject`);
  }
}

function additional(id: string, record: string): Buffer {
  return Buffer.from(`${id}\n${record}`);
}

function parts(sealed: string): { readonly id: string; readonly content: Buffer } {
  const [, id = "", encoded = ""] = FORMAT.exec(sealed) ?? [];
  const content = Buffer.from(encoded, "base64url");
  if (content.length < NONCE + TAG) throw new Error("is not a sealed text; use one that encrypt returned");
  return { id, content };
}
