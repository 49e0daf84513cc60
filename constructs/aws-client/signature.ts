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
  scope: SigningScope,
  time = new Date(),
): Record<string, string> {
  const { service, credentials } = scope;
  const timestamp = timestampOf(time);
  const payload = hex(body ?? "");
  const all: Record<string, string> = { ...headers, host: url.host, "x-amz-date": timestamp };
  if (service === "s3") all["x-amz-content-sha256"] = payload;
  if (credentials.sessionToken) all["x-amz-security-token"] = credentials.sessionToken;

  const names = Object.keys(all).sort();
  const signature = signatureOf({ method, url, headers: all, payload }, scope, timestamp);
  const credential = `${credentials.accessKeyId}/${scopeOf(scope, timestamp)}`;
  return { ...all, authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}` };
}

/** Returns the address of a GET request with a signature in its query, which is valid for a number of seconds. */
export function presignedUrl(address: URL, scope: SigningScope, seconds: number, time = new Date()): string {
  const timestamp = timestampOf(time);
  const { accessKeyId, sessionToken } = scope.credentials;
  const url = new URL(address);
  const added = {
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${accessKeyId}/${scopeOf(scope, timestamp)}`,
    "X-Amz-Date": timestamp,
    "X-Amz-Expires": String(seconds),
    "X-Amz-SignedHeaders": "host",
    ...(sessionToken ? { "X-Amz-Security-Token": sessionToken } : {}),
  };
  for (const [name, value] of Object.entries(added)) url.searchParams.set(name, value);
  const request = { method: "GET", url, headers: { host: url.host }, payload: hex("") };
  return `${url.origin}${url.pathname}?${canonicalQuery(url)}&X-Amz-Signature=${signatureOf(request, scope, timestamp)}`;
}

interface CanonicalRequest extends Pick<UnsignedRequest, "method" | "url" | "headers"> {
  /** SHA-256 of the body. */
  readonly payload: string;
}

function signatureOf({ method, url, headers, payload }: CanonicalRequest, scope: SigningScope, timestamp: string): string {
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim()}\n`);
  const canonical = [method, url.pathname, canonicalQuery(url), lines.join(""), names.join(";"), payload].join("\n");
  const parts = scopeOf(scope, timestamp);
  const key = parts.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${scope.credentials.secretAccessKey}`);
  return hmac(key, [ALGORITHM, timestamp, parts, hex(canonical)].join("\n")).toString("hex");
}

function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join("&");
}

function scopeOf({ region, service }: SigningScope, timestamp: string): string {
  return [timestamp.slice(0, 8), region, service, "aws4_request"].join("/");
}

function timestampOf(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, "");
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
