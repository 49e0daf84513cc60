import { createHash, randomUUID } from "node:crypto";
import { DynamoDbTableClient, dynamoDbFromEnvironment, type JsonClientProps, KmsClient, kmsFromEnvironment } from "../aws-client";
import { CONTEXT, SUBJECT } from "./contract";
import { type DataKey, keyIdOf, seal, unseal } from "./sealed-text";

export interface SubjectKeyClientProps {
  /** Table of wrapped data keys. */
  readonly table: string;

  /** KMS key that wraps data keys: ARN or alias. */
  readonly key: string;

  /**
   * Days for which a deleted key can be restored in the region of the table's origin, if this one has a copy of the table.
   * @default - as point-in-time recovery of the table says
   */
  readonly recoveryDays?: number;

  readonly dynamoDb: JsonClientProps;
  readonly kms: JsonClientProps;
}

/** An erasure, before or after it. */
export interface Erasure {
  /** SHA-256 of the subject's id. */
  readonly subject: string;

  /**
   * Id of the data key that is deleted.
   * @default - the subject had no key
   */
  readonly keyId?: string;

  /** Time from which no backup of the table has the key. */
  readonly final: Date;
}

const DAY = 86_400_000;

/**
 * Props from `SUBJECT_KEYS_TABLE`, `SUBJECT_KEYS_KEY`, `AWS_REGION` and the variables of credentials, and from `SUBJECT_KEYS_RECOVERY_DAYS` in
 * a region with a copy of the table.
 */
export function subjectKeysFromEnvironment(env: NodeJS.ProcessEnv): SubjectKeyClientProps {
  const { SUBJECT_KEYS_TABLE: table, SUBJECT_KEYS_KEY: key, SUBJECT_KEYS_RECOVERY_DAYS: days } = env;
  if (!table) throw new Error("SUBJECT_KEYS_TABLE is not set");
  if (!key) throw new Error("SUBJECT_KEYS_KEY is not set");
  if (days && !/^\d+$/.test(days)) throw new Error(`SUBJECT_KEYS_RECOVERY_DAYS: ${days} must be a whole number of days`);
  const recovery = days ? { recoveryDays: Number(days) } : {};
  return { table, key, ...recovery, dynamoDb: dynamoDbFromEnvironment(env), kms: kmsFromEnvironment(env) };
}

/** SHA-256 of a subject's id. The table, CloudTrail and audit records have only this hash. */
export function hashOf(subject: string): string {
  return createHash("sha256").update(subject).digest("hex");
}

/**
 * Encrypts personal data with a data key for each subject, and erases a subject by deleting that key. Keeps no key in memory, so an erasure
 * counts at once: each call reads the table and calls KMS.
 */
export class SubjectKeyClient {
  private readonly items: DynamoDbTableClient;
  private readonly kms: KmsClient;

  constructor(private readonly props: SubjectKeyClientProps) {
    this.items = new DynamoDbTableClient(props.dynamoDb, props.table, SUBJECT);
    this.kms = new KmsClient(props.kms);
  }

  /** Encrypts a text of a subject in one record. The first call for a subject creates the data key. */
  async encrypt(subject: string, record: string, text: string): Promise<string> {
    return seal((await this.find(subject)) ?? (await this.create(subject)), record, text);
  }

  /** Decrypts a text. Returns undefined if the subject was erased since: show a placeholder. Fails if the text was changed. */
  async decrypt(subject: string, record: string, sealed: string): Promise<string | undefined> {
    const id = keyIdOf(sealed);
    const key = await this.find(subject);
    return key?.id === id ? unseal(key, record, sealed) : undefined;
  }

  /** Keys that an erasure would delete now. Changes nothing. */
  async prepare(subject: string): Promise<Erasure> {
    const hash = hashOf(subject);
    const keyId = await this.keyIdOf(subject);
    return { subject: hash, ...(keyId ? { keyId } : {}), final: await this.finalFromNow() };
  }

  /** Deletes the data key of a subject, and reads the table to confirm that it is gone. */
  async erase(subject: string): Promise<Erasure> {
    const erasure = await this.prepare(subject);
    const { subject: hash, keyId } = erasure;
    await this.items.delete(hash);
    // A key of another id was created since, for new data.
    if (keyId && (await this.keyIdOf(subject)) === keyId) throw new Error(`${hash}: its data key ${keyId} still exists`);
    return { ...erasure, final: await this.finalFromNow() };
  }

  /** Id of the data key of a subject, if there is one. Needs no right to decrypt. */
  async keyIdOf(subject: string): Promise<string | undefined> {
    return (await this.items.get(hashOf(subject)))?.id;
  }

  private async finalFromNow(): Promise<Date> {
    const { recoveryDays: stated, table } = this.props;
    const days = Math.max(await this.items.recoveryDays(), stated ?? 0);
    // A copy of the table has none, and the table that it is a copy of may have.
    if (days === 0 && stated === undefined) {
      throw new Error(
        `${table}: has no point-in-time recovery in this region, so it is a copy, or recovery was turned off; set SUBJECT_KEYS_RECOVERY_DAYS to audit.subjectKeys.recovery in days`,
      );
    }
    return new Date(Date.now() + days * DAY);
  }

  private async find(subject: string): Promise<DataKey | undefined> {
    const hash = hashOf(subject);
    const item = await this.items.get(hash);
    if (!item) return undefined;
    const { id = "", wrapped = "" } = item;
    return { id, plain: await this.kms.decrypt(this.props.key, Buffer.from(wrapped, "base64"), this.contextOf(hash)) };
  }

  private async create(subject: string): Promise<DataKey> {
    const hash = hashOf(subject);
    const { plain, wrapped } = await this.kms.generateDataKey(this.props.key, this.contextOf(hash));
    const id = randomUUID();
    if (await this.items.create({ [SUBJECT]: hash, id, wrapped: wrapped.toString("base64") })) return { id, plain };
    // Another process was faster, or the answer to the first attempt was lost.
    const key = await this.find(subject);
    if (!key) throw new Error(`${hash}: was erased at the same time; encrypt again only if the data may be stored`);
    return key;
  }

  private contextOf(hash: string): Readonly<Record<string, string>> {
    return { [CONTEXT.subject]: hash, [CONTEXT.table]: this.props.table };
  }
}
