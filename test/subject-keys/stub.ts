import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

type Input = Readonly<Record<string, unknown>> & { readonly Key?: { readonly subject: { readonly S: string } } };
type Item = { readonly subject: { readonly S: string }; readonly id: { readonly S: string }; readonly wrapped: { readonly S: string } };

/** One table of DynamoDB, one symmetric key of KMS and one bucket of S3. Rejects what AWS would. */
export class SubjectKeysStub {
  readonly items = new Map<string, Item>();
  readonly objects = new Map<string, string>();
  readonly requests: { readonly target: string; readonly input: Input }[] = [];

  /** Error codes of the next requests to DynamoDB and KMS. */
  readonly failures: string[] = [];

  /** @default 7 */
  recoveryDays: number | undefined = 7;

  /** Accepts deletions without doing them. */
  keepsItems = false;

  /** Refuses uploads. */
  refusesRecords = false;
  private readonly wrapping = randomBytes(32);
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (incoming, response) => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const body = String(Buffer.concat(parts));
      const { url = "", method = "", headers } = incoming;
      const target = String(headers["x-amz-target"] ?? "");
      const [status, answer] = target ? this.call(target, JSON.parse(body)) : this.object(method, url, body);
      response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  }

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get env(): Record<string, string> {
    return {
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "s",
      SUBJECT_KEYS_TABLE: "orders-test-subject-keys",
      SUBJECT_KEYS_KEY: "alias/orders-test-subject-keys",
      AUDIT_BUCKET: "audit",
      AUDIT_PATH: "subject-key-operators",
    };
  }

  private call(target: string, input: Input): [number, object] {
    this.requests.push({ target, input });
    const failure = this.failures.shift();
    if (failure) return [400, { __type: failure }];
    const [api, action = ""] = target.split(".");
    return api === "TrentService" ? this.kms(action, input) : this.table(action, input);
  }

  private table(action: string, input: Input): [number, object] {
    const refused = (code: string): [number, object] => [400, { __type: `com.amazonaws.dynamodb.v20120810#${code}` }];
    if (input.TableName !== "orders-test-subject-keys") return refused("ResourceNotFoundException");
    const key = input.Key?.subject.S ?? "";
    if (action === "GetItem") return [200, input.ConsistentRead && this.items.has(key) ? { Item: this.items.get(key) } : {}];
    if (action === "DeleteItem") {
      if (!this.keepsItems) this.items.delete(key);
      return [200, {}];
    }
    if (action === "DescribeContinuousBackups") {
      const recovery = this.recoveryDays;
      const description = recovery ? { PointInTimeRecoveryStatus: "ENABLED", RecoveryPeriodInDays: recovery } : {};
      return [200, { ContinuousBackupsDescription: { PointInTimeRecoveryDescription: description } }];
    }
    const item = input.Item as Item;
    const isNew = input.ConditionExpression === "attribute_not_exists(#key)";
    if (isNew && this.items.has(item.subject.S)) return refused("ConditionalCheckFailedException");
    this.items.set(item.subject.S, item);
    return [200, {}];
  }

  private kms(action: string, { KeyId, EncryptionContext, CiphertextBlob }: Input): [number, object] {
    if (KeyId !== "alias/orders-test-subject-keys") return [400, { __type: "NotFoundException" }];
    const context = Buffer.from(JSON.stringify(EncryptionContext));
    if (action === "GenerateDataKey") {
      const [plain, nonce] = [randomBytes(32), randomBytes(12)];
      const cipher = createCipheriv("aes-256-gcm", this.wrapping, nonce).setAAD(context);
      const wrapped = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return [200, { Plaintext: plain.toString("base64"), CiphertextBlob: wrapped.toString("base64") }];
    }
    const wrapped = Buffer.from(String(CiphertextBlob), "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.wrapping, wrapped.subarray(0, 12)).setAAD(context);
    decipher.setAuthTag(wrapped.subarray(-16));
    try {
      const plain = Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
      return [200, { Plaintext: plain.toString("base64") }];
    } catch {
      return [400, { __type: "InvalidCiphertextException" }];
    }
  }

  private object(method: string, url: string, body: string): [number, string] {
    const content = this.objects.get(url);
    if (method === "GET") return content === undefined ? [404, ""] : [200, content];
    if (this.refusesRecords) return [403, "<Code>AccessDenied</Code>"];
    if (content !== undefined) return [412, ""];
    this.objects.set(url, body);
    return [200, ""];
  }
}
