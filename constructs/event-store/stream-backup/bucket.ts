import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { CredentialSource, type Credentials } from "./credentials";
import { type Answer, exchange } from "./http";

/** An object as it was stored. */
export interface StoredObject {
  readonly body: Buffer;

  /** SHA-256 that was recorded when the object was written, if any. */
  readonly recorded: string | undefined;
}

interface Call {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Metadata of an object that records its SHA-256. */
const RECORDED = "x-amz-meta-sha256";

const ATTEMPTS = 6;

/** One prefix of an S3 bucket: objects are listed, read and created, never overwritten or deleted. */
export class Bucket {
  private readonly credentials: CredentialSource;
  private readonly region: string;
  private readonly base: URL;
  private readonly ca: string | undefined;
  private readonly prefix: string;

  /**
   * By `BUCKET`, `PREFIX` and `AWS_REGION`; for a service with the same API `AWS_ENDPOINT_URL_S3`, which is addressed by path, and its CA
   * certificate in the file `AWS_CA_BUNDLE`.
   */
  constructor(
    env: NodeJS.ProcessEnv,
    readonly name = required(env, "BUCKET"),
  ) {
    this.region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
    this.credentials = new CredentialSource(env, this.region);
    this.prefix = `${required(env, "PREFIX").replace(/\/+$/, "")}/`;
    const endpoint = env.AWS_ENDPOINT_URL_S3;
    const suffix = this.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    this.base = new URL(endpoint ? `${endpoint.replace(/\/+$/, "")}/${name}` : `https://${name}.s3.${this.region}.${suffix}`);
    this.ca = env.AWS_CA_BUNDLE ? readFileSync(env.AWS_CA_BUNDLE, "utf8") : undefined;
  }

  /** All keys after the prefix, in order. */
  async list(): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let token: string | undefined, more = true; more; ) {
      const query = { "list-type": "2", prefix: this.prefix, ...(token ? { "continuation-token": token } : {}) };
      const text = String((await this.done("GET", "", { query })).body);
      for (const [, key = ""] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) keys.push(plain(key).slice(this.prefix.length));
      token = plain(/<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? "");
      more = token !== "";
    }
    return keys.sort();
  }

  async read(key: string): Promise<StoredObject> {
    const { headers, body } = await this.done("GET", this.prefix + key);
    return { body, recorded: headers[RECORDED] as string | undefined };
  }

  /** Creates an object with its SHA-256. Returns false, and writes nothing, if there already is another one with the key. */
  async create(key: string, body: Buffer, sha256: string): Promise<boolean> {
    const headers = {
      "content-type": "application/gzip",
      "if-none-match": "*",
      // The service compares both with the bytes that it stores.
      "x-amz-checksum-sha256": Buffer.from(sha256, "hex").toString("base64"),
      "content-md5": createHash("md5").update(body).digest("base64"),
      [RECORDED]: sha256,
    };
    const answer = await this.send("PUT", this.prefix + key, { headers, body });
    if (answer.status === 200) return true;
    if (answer.status !== 412) throw this.failure("PUT", this.prefix + key, answer);
    // The answer of an earlier attempt may have been lost.
    const { headers: there } = await this.done("HEAD", this.prefix + key);
    return there[RECORDED] === sha256;
  }

  private async done(method: string, key: string, call: Call = {}): Promise<Answer> {
    const answer = await this.send(method, key, call);
    if (answer.status !== 200) throw this.failure(method, key, answer);
    return answer;
  }

  private async send(method: string, key: string, call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.attempt(method, key, call);
        // 409: a write of the same key by another client at the same time.
        const isTransient = answer.status >= 500 || answer.status === 429 || answer.status === 409;
        if (attempt === ATTEMPTS || !isTransient) return answer;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
  }

  private async attempt(method: string, key: string, { query = {}, headers = {}, body }: Call): Promise<Answer> {
    const url = new URL(this.base);
    url.pathname = `${this.base.pathname.replace(/\/$/, "")}/${key.split("/").map(encode).join("/")}`;
    url.search = Object.entries(query)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&");
    const signed = sign(method, url, headers, { body, region: this.region, credentials: await this.credentials.get() });
    return await exchange(method, url, signed, { ...(body ? { body } : {}), ...(this.ca ? { ca: this.ca } : {}) });
  }

  private failure(method: string, key: string, { status, body }: Answer): Error {
    const [, code] = /<Code>([^<]*)<\/Code>/.exec(String(body)) ?? [];
    return new Error(`bucket ${this.name}: ${method} ${key || this.prefix}: ${code ?? `status ${status}`}`);
  }
}

interface Signing {
  readonly body: Buffer | undefined;
  readonly region: string;
  readonly credentials: Credentials;
}

/** Signs a request with AWS Signature Version 4 (Amazon S3, authenticating requests by the authorization header). */
export function sign(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  { body, region, credentials }: Signing,
  time = new Date(),
): Record<string, string> {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const content = createHash("sha256")
    .update(body ?? "")
    .digest("hex");
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-content-sha256": content,
    "x-amz-date": stamp,
    ...(credentials.sessionToken ? { "x-amz-security-token": credentials.sessionToken } : {}),
  };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${all[name]?.trim()}\n`).join("");
  const canonical = [method, url.pathname, url.search.slice(1), lines, names.join(";"), content].join("\n");
  const text = ["AWS4-HMAC-SHA256", stamp, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const secret = `AWS4${credentials.secretAccessKey}`;
  const key = scope.split("/").reduce<Buffer | string>((last, part) => createHmac("sha256", last).update(part).digest(), secret);
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...all, authorization };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function plain(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: keyof typeof ENTITIES) => ENTITIES[name]);
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" } as const;
