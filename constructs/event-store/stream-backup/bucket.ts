import { S3Client, s3FromEnvironment } from "../../aws-client";

/** An object as it was stored. */
export interface StoredObject {
  readonly body: Buffer;

  /** SHA-256 that was recorded when the object was written, if any. */
  readonly recorded: string | undefined;
}

/** Metadata of an object that records its SHA-256. */
const RECORDED = "x-amz-meta-sha256";

/** One prefix of an S3 bucket: objects are listed, read and created, never overwritten or deleted. */
export class Bucket {
  private readonly s3: S3Client;
  private readonly prefix: string;

  /**
   * By `BUCKET`, `PREFIX` and `AWS_REGION`; for a service with the same API `AWS_ENDPOINT_URL_S3`, which is addressed by path, and its CA
   * certificate in the file `AWS_CA_BUNDLE`.
   */
  constructor(env: NodeJS.ProcessEnv) {
    const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
    const given = { AWS_ROLE_SESSION_NAME: "stream-backup", ...env, AWS_REGION: region };
    this.s3 = new S3Client(s3FromEnvironment(given, required(env, "BUCKET")));
    this.prefix = `${required(env, "PREFIX").replace(/\/+$/, "")}/`;
  }

  get name(): string {
    return this.s3.bucket;
  }

  /** All keys after the prefix, in order. */
  async list(): Promise<readonly string[]> {
    return (await this.s3.list(this.prefix)).map(({ key }) => key.slice(this.prefix.length)).sort();
  }

  /**
   * Keys after the prefix of objects that were deleted by name, and of those that were overwritten, in order. After a deletion of the newest
   * objects, the next backup writes them again.
   */
  async changed(): Promise<{ readonly deleted: readonly string[]; readonly overwritten: readonly string[] }> {
    const { deleted, overwritten } = await this.s3.changed(this.prefix);
    const named = (keys: readonly string[]) => keys.map((key) => key.slice(this.prefix.length)).sort();
    const written = overwritten.filter(({ wasDeleted }) => !wasDeleted);
    return { deleted: named(deleted.map(({ key }) => key)), overwritten: named(written.map(({ key }) => key)) };
  }

  async read(key: string): Promise<StoredObject> {
    const { headers, body } = await this.s3.read(this.prefix + key);
    return { body, recorded: headers[RECORDED] as string | undefined };
  }

  /** Creates an object with its SHA-256. Returns false, and writes nothing, if there already is another one with the key. */
  async create(key: string, body: Buffer, sha256: string, type = "application/gzip"): Promise<boolean> {
    const headers = { "content-type": type, [RECORDED]: sha256 };
    if (await this.s3.create(this.prefix + key, body, undefined, headers)) return true;
    // The answer of an earlier attempt may have been lost.
    return (await this.s3.headersOf(this.prefix + key))[RECORDED] === sha256;
  }
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
