import { createHash, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Response {
  readonly status: number;
  readonly body?: string | Buffer;
}

const PAGE = 3;

/** One bucket of S3, one key of KMS and the credentials endpoint of EKS Pod Identity. Rejects what AWS would. */
export class AwsStub {
  readonly objects = new Map<string, Buffer>();
  readonly retentions = new Map<string, string>();
  readonly requests: string[] = [];

  /** Responses to the next requests, before any other handling. */
  readonly failures: number[] = [];

  /** As some services with the API of S3 do. */
  ignoresEncoding = false;
  private readonly server: Server;

  constructor(private readonly key: KeyObject) {
    this.server = createServer(async (incoming, response) => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const { method = "", url = "", headers } = incoming;
      const { status, body = "" } = this.answer({ method, url: new URL(url, "http://stub"), headers, body: Buffer.concat(parts) });
      response.writeHead(status).end(body);
    });
  }

  /** Entries of the list of versions. */
  versions = "";

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Variables of a pod with a role. */
  get env(): Record<string, string> {
    return {
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL: this.url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${this.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod",
    };
  }

  private answer(request: Request): Response {
    const { method, url, headers, body } = request;
    this.requests.push(`${method} ${decodeURIComponent(url.pathname)}${url.search}`);
    const failure = this.failures.shift();
    if (failure) return { status: failure, body: "<Code>Failure</Code>" };
    if (url.pathname === "/v1/credentials") {
      if (headers.authorization !== "pod") return { status: 401 };
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      return { status: 200, body: JSON.stringify({ AccessKeyId: "AKID", SecretAccessKey: "s", Token: "t", Expiration: expiration }) };
    }
    if (!/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\//.test(headers.authorization ?? "")) return { status: 403 };
    if (headers["x-amz-security-token"] !== "t") return { status: 403 };
    if (headers["x-amz-target"] === "TrentService.Sign") return this.signature(body);
    const digest = (algorithm: string) => createHash(algorithm).update(body).digest("base64");
    if (method === "PUT" && headers["content-md5"] !== digest("md5")) return { status: 400, body: "<Code>BadDigest</Code>" };
    const key = decodeURIComponent(url.pathname.replace(/^\/audit\/?/, ""));
    return key === "" ? this.list(url.searchParams) : this.object(request, key);
  }

  private signature(body: Buffer): Response {
    const { KeyId, Message, MessageType, SigningAlgorithm } = JSON.parse(String(body));
    if (KeyId !== "arn:key" || MessageType !== "DIGEST" || SigningAlgorithm !== "ECDSA_SHA_256" || !Message) {
      return { status: 400, body: JSON.stringify({ __type: "ValidationException" }) };
    }
    // Node.js signs no digests: the signature of the only content that tests sign.
    return { status: 200, body: JSON.stringify({ Signature: sign("sha256", SIGNED, this.key).toString("base64") }) };
  }

  private list(query: URLSearchParams): Response {
    if (query.has("versions")) return { status: 200, body: `<ListVersionsResult>${this.versions}</ListVersionsResult>` };
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "") && key > after).sort();
    const page = keys.slice(0, PAGE);
    const entries = page.map((key) => {
      const escaped = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      const encoded = this.ignoresEncoding ? escaped : encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
      return `<Contents><Key>${encoded}</Key><Size>${this.objects.get(key)?.length}</Size></Contents>`;
    });
    const isTruncated = keys.length > PAGE;
    const token = isTruncated ? `<NextContinuationToken>${(page.at(-1) ?? "").replaceAll("&", "&amp;")}</NextContinuationToken>` : "";
    const encoding = this.ignoresEncoding ? "" : "<EncodingType>url</EncodingType>";
    const list = `${encoding}<IsTruncated>${isTruncated}</IsTruncated>${token}${entries.join("")}`;
    return { status: 200, body: `<ListBucketResult>${list}</ListBucketResult>\n` };
  }

  private object({ method, url, headers, body }: Request, key: string): Response {
    const content = this.objects.get(key);
    if (method === "GET") return content ? { status: 200, body: content } : { status: 404 };
    if (url.searchParams.has("retention")) {
      this.retentions.set(
        key,
        String(body)
          .replace(/<[^>]*>/g, " ")
          .trim(),
      );
      return { status: content ? 200 : 404 };
    }
    // The bucket policy denies uploads without this header.
    if (headers["if-none-match"] !== "*") return { status: 403, body: "<Code>AccessDenied</Code>" };
    if (content) return { status: 412, body: "<Code>PreconditionFailed</Code>" };
    this.objects.set(key, body);
    const [mode, until] = [headers["x-amz-object-lock-mode"], headers["x-amz-object-lock-retain-until-date"]];
    if (mode) this.retentions.set(key, `${mode} ${until}`);
    return { status: 200 };
  }
}

export const SIGNED = Buffer.from("content");
