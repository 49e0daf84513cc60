import { createHash, createHmac } from "node:crypto";
import type { AwsCredentials } from "./credentials";

/** HTTP request to AWS before it is signed. */
export interface UnsignedRequest {
  readonly method: string;

  /** Address with an encoded path and query. */
  readonly url: URL;

  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Service, region and credentials for which a request is signed. */
export interface SigningScope {
  /** Service of the signature: `s3`, `kms`. */
  readonly service: string;

  readonly region: string;
  readonly credentials: AwsCredentials;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Returns all headers of a request, with a signature of AWS Signature Version 4 over them, the path, the query and the body. */
export function signedHeaders(
  { method, url, headers, body }: UnsignedRequest,
  { service, region, credentials }: SigningScope,
  time = new Date(),
): Record<string, string> {
  const timestamp = time.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const payload = hex(body ?? "");
  const all: Record<string, string> = { ...headers, host: url.host, "x-amz-date": timestamp };
  if (service === "s3") all["x-amz-content-sha256"] = payload;
  if (credentials.sessionToken) all["x-amz-security-token"] = credentials.sessionToken;

  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${(all[name] ?? "").trim()}\n`);
  const query = [...url.searchParams]
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join("&");
  const canonical = [method, url.pathname, query, lines.join(""), names.join(";"), payload].join("\n");

  const scope = [timestamp.slice(0, 8), region, service, "aws4_request"];
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, [ALGORITHM, timestamp, scope.join("/"), hex(canonical)].join("\n")).toString("hex");
  const credential = `${credentials.accessKeyId}/${scope.join("/")}`;
  return { ...all, authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}` };
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as signatures require. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hex(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
