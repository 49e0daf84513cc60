import type { System } from "../../stacks";
import { copyOnAws } from "../../stacks/base/archives";
import { outsidePrefix } from "../../stacks/model/derive/identities";
import type { OnDemandPart } from "../../stacks/model/derive/on-demand-backups";
import { Refused } from "../refused";
import { type Clusters, inNamespace } from "./clusters";
import type { Bucket, Machine } from "./machine";
import { type BackupRecord, hashOf, recordOf, textOf, timeOf } from "./record";

/** Folder of records in the bucket of an environment's backups. */
const FOLDER = "backup-records";

/** Metadata of an object that records its SHA-256. */
const RECORDED = "x-amz-meta-sha256";

/** Records of the backups of one environment, in the bucket of its backups, which locks them as it locks the backups. */
export class Records {
  constructor(
    private readonly s3: Bucket,
    private readonly prefix: string,
  ) {}

  /** Address of a record. */
  placeOf(id: string): string {
    return `s3://${this.s3.bucket}/${this.prefix}${id}.json`;
  }

  /** Stores a record with one request: completely, or not at all. @throws Refused */
  async create(record: BackupRecord): Promise<void> {
    const [key, body] = [`${this.prefix}${record.id}.json`, textOf(record)];
    const headers = { "content-type": "application/json", [RECORDED]: hashOf(body) };
    await reached(async () => {
      if (await this.s3.create(key, Buffer.from(body), undefined, headers)) return;
      // The answer of an earlier attempt may have been lost.
      if ((await this.s3.headersOf(key))[RECORDED] !== hashOf(body))
        throw new Error(`${this.placeOf(record.id)}: exists with other content`);
    });
  }

  /** Ids of all records, the oldest first. @throws Refused */
  async ids(): Promise<readonly string[]> {
    const objects = await reached(() => this.s3.list(this.prefix));
    return objects.map(({ key }) => key.slice(this.prefix.length).replace(/\.json$/, "")).filter((id) => timeOf(id));
  }

  /** Reads a record, and checks it. @throws Refused */
  async read(id: string): Promise<BackupRecord> {
    const { headers, body } = await reached(() => this.s3.read(`${this.prefix}${id}.json`));
    return recordOf(String(body), this.placeOf(id), id, headers[RECORDED] as string | undefined);
  }

  /** Checks that a record was never written again: another one can have a hash that is right. Needs the right to list versions. @throws Refused */
  async requireOriginal(id: string): Promise<void> {
    const key = `${this.prefix}${id}.json`;
    const { overwritten } = await reached(() => this.s3.changed(key));
    if (overwritten.length === 0) return;
    throw new Refused(`${this.placeOf(id)}: was overwritten; read its oldest version, remove the newer ones, or use another backup`);
  }
}

/** Result of requests to a bucket. @throws Refused for any failure */
export async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused((error as Error).message);
  }
}

/** Bucket of the backups of an environment, and the prefix of everything in it that is of the environment. */
export interface BackupPlace {
  readonly s3: Bucket;

  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/**
 * Bucket of the backups of an environment: on AWS, or the copy in a recovery region, or outside of AWS, with credentials that are in the
 * cluster. Undefined if it has none.
 */
export async function backupBucketOf(
  system: System,
  parts: readonly OnDemandPart[],
  clusters: Clusters,
  machine: Machine,
  region = system.aws?.region,
): Promise<BackupPlace | undefined> {
  if (system.aws && region) return { s3: machine.bucket({ bucket: copyOnAws(system, region).bucket, region }), prefix: "" };
  const part = parts.find(({ place }) => place === "outside");
  return part && (await outsideBucketOf(system, part, clusters, machine));
}

/** Bucket of an environment outside of AWS, with credentials from a namespace of a cluster. Undefined if it has none. */
export async function outsideBucketOf(
  system: System,
  holder: Parameters<typeof inNamespace>[0],
  clusters: Clusters,
  machine: Machine,
): Promise<BackupPlace | undefined> {
  const outside = system.backup?.bucket;
  if (!outside) return undefined;
  const secret = async (called: string): Promise<Readonly<Record<string, string>>> => {
    const { data = {} } = await clusters.json<{ readonly data?: Readonly<Record<string, string>> }>(
      inNamespace(holder, "get", "secret", called),
    );
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  };
  const { "access-key-id": accessKeyId = "", "secret-access-key": secretAccessKey = "" } = await secret(outside.credentials.secret);
  const { authority } = outside;
  const certificate = authority && (await secret(authority.secret))[authority.key ?? "ca.crt"];
  const s3 = machine.bucket({
    bucket: outside.bucket,
    region: outside.region ?? "us-east-1",
    endpoint: outside.endpoint,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
    ...(certificate ? { ca: certificate } : {}),
  });
  return { s3, prefix: `${outsidePrefix(system)}/` };
}

/** Records of an environment. @throws Refused if it has no bucket */
export async function requiredRecords(...[system, ...more]: Parameters<typeof backupBucketOf>): Promise<Records> {
  const place = await backupBucketOf(system, ...more);
  if (place) return new Records(place.s3, `${place.prefix}${FOLDER}/`);
  throw new Refused(`${system.name}: has no bucket for backups; set backup.bucket, docs/restore.md has the steps`);
}
