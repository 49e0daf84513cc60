import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { type HttpResponse, sendRepeatedly } from "./http";
import { hostOf, type ServiceProps, serviceFromEnvironment } from "./service";
import { percentEncode, signedHeaders } from "./signature";

export interface S3ClientProps extends ServiceProps {
  readonly bucket: string;

  /**
   * Base address of another service with the same API, which is addressed by path.
   * @default - Amazon S3
   */
  readonly endpoint?: string;

  /**
   * Certificate of the CA of `endpoint`, as PEM.
   * @default - those of the system
   */
  readonly ca?: string;
}

/** Object in a list of a bucket. */
export interface S3Object {
  readonly key: string;

  /** Size in bytes. */
  readonly size: number;
}

/** Objects of which a list shows nothing, or only the newest version. */
export interface ChangedObjects {
  /** Objects that were deleted by name, with the version of the delete marker. */
  readonly deleted: readonly { readonly key: string; readonly marker: string }[];

  /** Objects with an earlier version. `wasDeleted`: also deleted by name at some time, and written again later. */
  readonly overwritten: readonly { readonly key: string; readonly wasDeleted: boolean }[];
}

/** Object lock of one version of an object. */
export interface S3Retention {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly until: Date;
}

interface Call {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Props of an S3 client from `AWS_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_CA_BUNDLE` and the variables of credentials. */
export function s3FromEnvironment(env: NodeJS.ProcessEnv, bucket: string): S3ClientProps {
  const { AWS_CA_BUNDLE: ca } = env;
  return { bucket, ...serviceFromEnvironment(env, "s3"), ...(ca ? { ca: readFileSync(ca, "utf8") } : {}) };
}

/** A bucket whose objects are listed, read, created and locked. It never replaces or deletes an object. */
export class S3Client {
  private readonly base: URL;

  constructor(private readonly props: S3ClientProps) {
    const { bucket, region, endpoint } = props;
    this.base = new URL(endpoint ? `${endpoint.replace(/\/+$/, "")}/${bucket}` : `https://${bucket}.${hostOf("s3", region)}`);
  }

  get bucket(): string {
    return this.props.bucket;
  }

  /** Lists objects with a prefix in the order of their keys, after a key if one is given. */
  async list(prefix: string, after?: string): Promise<readonly S3Object[]> {
    const found: S3Object[] = [];
    const start = { "list-type": "2", "encoding-type": "url", prefix, ...(after ? { "start-after": after } : {}) };
    for (let token: string | undefined = ""; token !== undefined; ) {
      const query: Record<string, string> = token ? { ...start, "continuation-token": token } : start;
      const response = await this.request("GET", "", { query });
      if (response.status !== 200) throw this.failure("GET", prefix, response);
      const page = this.complete(response, "ListBucketResult", prefix);
      const decode = decoderOf(page);
      for (const [, entry = ""] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        found.push({ key: decode(textOf(entry, "Key")), size: Number(textOf(entry, "Size")) });
      }
      const next = textOf(page, "NextContinuationToken");
      token = textOf(page, "IsTruncated") === "true" ? next : undefined;
      if (token === "") throw new Error(`GET s3://${this.bucket}/${prefix}: the list is truncated, and has no token for the next part`);
    }
    return found;
  }

  /**
   * Lists objects with a prefix whose versions differ from what a list of objects shows, in the order of their keys: those that were deleted
   * by name, with the delete marker that hides their versions, and those that have an older version.
   */
  async changed(prefix: string): Promise<ChangedObjects> {
    const [deleted, markers, older]: [ChangedObjects["deleted"][number][], Set<string>, Set<string>] = [[], new Set(), new Set()];
    const start = { versions: "", "encoding-type": "url", prefix };
    for (let next: Record<string, string> | undefined = {}; next; ) {
      const response: HttpResponse = await this.request("GET", "", { query: { ...start, ...next } });
      if (response.status !== 200) throw this.failure("GET", prefix, response);
      const page = this.complete(response, "ListVersionsResult", prefix);
      const decode = decoderOf(page);
      for (const [, kind, entry = ""] of page.matchAll(/<(DeleteMarker|Version)>(.*?)<\/\1>/gs)) {
        const [key, isLatest] = [decode(textOf(entry, "Key")), textOf(entry, "IsLatest") === "true"];
        if (kind === "DeleteMarker") markers.add(key);
        else if (!isLatest) older.add(key);
        if (kind === "DeleteMarker" && isLatest) deleted.push({ key, marker: textOf(entry, "VersionId") });
      }
      const [key, version] = [decode(textOf(page, "NextKeyMarker")), textOf(page, "NextVersionIdMarker")];
      const isTruncated = textOf(page, "IsTruncated") === "true";
      if (isTruncated && !key)
        throw new Error(`GET s3://${this.bucket}/${prefix}: the list is truncated, and has no marker for the next part`);
      next = isTruncated ? { "key-marker": key, ...(version ? { "version-id-marker": version } : {}) } : undefined;
    }
    const hidden = new Set(deleted.map(({ key }) => key));
    const overwritten = [...older].filter((key) => !hidden.has(key)).map((key) => ({ key, wasDeleted: markers.has(key) }));
    return { deleted, overwritten };
  }

  /** Returns the content of an object, or undefined if it doesn't exist. */
  async get(key: string): Promise<Buffer | undefined> {
    const response = await this.request("GET", key);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.failure("GET", key, response);
    return response.body;
  }

  /** Returns an object with its headers. Fails if it doesn't exist. */
  async read(key: string): Promise<{ readonly headers: IncomingHttpHeaders; readonly body: Buffer }> {
    return await this.expect(200, "GET", key);
  }

  /** Returns the headers of an object. Fails if it doesn't exist. */
  async headersOf(key: string): Promise<IncomingHttpHeaders> {
    return (await this.expect(200, "HEAD", key)).headers;
  }

  /** Creates an object, with further headers for its type and metadata. Returns false, and changes nothing, if the key exists already. */
  async create(key: string, body: Buffer, retention?: S3Retention, further: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const headers = {
      ...further,
      "if-none-match": "*",
      ...checksums(body),
      ...(retention
        ? { "x-amz-object-lock-mode": retention.mode, "x-amz-object-lock-retain-until-date": retention.until.toISOString() }
        : {}),
    };
    const response = await this.request("PUT", key, { headers, body });
    if (response.status === 412) return false;
    if (response.status !== 200) throw this.failure("PUT", key, response);
    return true;
  }

  /** Locks an object until a time. S3 rejects an earlier time than that of an existing lock. */
  async retain(key: string, { mode, until }: S3Retention): Promise<void> {
    const body = Buffer.from(
      `<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>${mode}</Mode><RetainUntilDate>${until.toISOString()}</RetainUntilDate></Retention>`,
    );
    await this.expect(200, "PUT", key, {
      query: { retention: "" },
      headers: { "content-type": "application/xml", ...checksums(body) },
      body,
    });
  }

  private async expect(status: number, method: string, key: string, call?: Call): Promise<HttpResponse> {
    const response = await this.request(method, key, call);
    if (response.status !== status) throw this.failure(method, key, response);
    return response;
  }

  private request(method: string, key: string, { query = {}, headers = {}, body }: Call = {}): Promise<HttpResponse> {
    const url = new URL(this.base);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${key.split("/").map(percentEncode).join("/")}`;
    url.search = Object.entries(query)
      .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
      .join("&");
    const { region, credentials, ca } = this.props;
    const request = { method, url, headers, ...(body ? { body } : {}) };
    return sendRepeatedly(async () => ({
      ...request,
      headers: signedHeaders(request, { service: "s3", region, credentials: await credentials() }),
      ...(ca ? { ca } : {}),
    }));
  }

  /** Text of a list. A part of a list, as after a broken connection, looks like a bucket with fewer objects. */
  private complete({ body }: HttpResponse, element: string, prefix: string): string {
    const page = String(body);
    if (page.trimEnd().endsWith(`</${element}>`)) return page;
    throw new Error(`GET s3://${this.bucket}/${prefix}: the answer is not a complete list`);
  }

  private failure(method: string, key: string, { status, body }: HttpResponse): Error {
    const code = textOf(String(body), "Code") || `status ${status}`;
    return new Error(`${method} s3://${this.props.bucket}/${key}: ${code}`);
  }
}

/** S3 compares both with what it received. Buckets with object lock require one (S3, object lock considerations). */
function checksums(body: Buffer): Record<string, string> {
  return {
    "content-md5": createHash("md5").update(body).digest("base64"),
    "x-amz-checksum-sha256": createHash("sha256").update(body).digest("base64"),
  };
}

/** Not every service with this API encodes keys as requested. */
function decoderOf(page: string): (key: string) => string {
  return textOf(page, "EncodingType") === "url" ? decoded : (key) => key;
}

function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll("+", "%20"));
}

function textOf(xml: string, element: string): string {
  const [, text = ""] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? [];
  return text.replace(/&(amp|lt|gt|quot|apos|#34|#39);/g, (_, name: string) => ENTITIES[name] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#34": '"', "#39": "'" };
