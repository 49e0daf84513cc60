import { spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { Refused } from "./refused";

/** AWS is unreachable or denies a request. */
export class AwsFailure extends Refused {
  constructor(
    message: string,
    /** Error code of AWS: `NoSuchBucket`. Empty if AWS is unreachable. */
    readonly code = "",
  ) {
    super(message);
  }
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;

  /** End of the session, if the source of the credentials tells it. */
  readonly expires?: Date;
}

interface AwsRequest {
  readonly service: "eks" | "s3" | "servicequotas" | "ssm" | "sts";
  readonly region: string;
  readonly host: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;

  /** @default - none: a GET request */
  readonly body?: string;

  /**
   * Operation of an API with JSON messages: `AmazonSSM.GetParameter`.
   * @default - none: the body is a form
   */
  readonly target?: string;
}

/** A deployed EKS cluster. */
interface EksCluster {
  /** Version of Kubernetes. */
  readonly version: string;
}

/**
 * Reads from AWS what Terraform has no command for, with Terraform's credentials: those of the environment, otherwise those of the AWS CLI
 * for the current profile.
 */
export class AwsReader {
  private found?: Credentials;

  /** The keys of a bucket with a prefix. @throws AwsFailure */
  async keys(bucket: string, region: string, prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const more: Record<string, string> = token ? { "continuation-token": token } : {};
      const page: string = await this.ask(this.inBucket(bucket, region, "", { "list-type": "2", prefix, ...more }));
      keys.push(...[...page.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => plain(key ?? "")));
      token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1];
    }
    return keys;
  }

  /** Checks that a bucket is not empty: objects, noncurrent versions or delete markers. @throws AwsFailure */
  async holdsObjects(bucket: string, region: string): Promise<boolean> {
    const page = await this.ask(this.inBucket(bucket, region, "", { "max-keys": "1", versions: "" }));
    return /<(Version|DeleteMarker)>/.test(page);
  }

  /** The text of an object. @throws AwsFailure */
  object(bucket: string, region: string, key: string): Promise<string> {
    return this.ask(this.inBucket(bucket, region, key));
  }

  /** The ARN of the caller. @throws AwsFailure */
  async caller(region: string): Promise<string> {
    const said = await this.ask(this.of("sts", region, { path: "/", body: "Action=GetCallerIdentity&Version=2011-06-15" }));
    return /<Arn>([^<]+)<\/Arn>/.exec(said)?.[1] ?? "";
  }

  /** End of the caller's session, if it is known. @throws AwsFailure */
  sessionEnd(): Date | undefined {
    return this.credentials().expires;
  }

  /** Checks that a bucket exists. @throws AwsFailure */
  bucketExists(bucket: string, region: string): Promise<boolean> {
    const asked = this.ask(this.inBucket(bucket, region, "", { "list-type": "2", "max-keys": "1" }));
    return asked.then(() => true).catch(unless("NoSuchBucket", false));
  }

  /**
   * The value of a service quota: `ec2`, `L-0263D0A3`. If the account never got another, it is the default of AWS; undefined if the region
   * doesn't have the quota. @throws AwsFailure
   */
  async quota(service: string, quota: string, region: string): Promise<number | undefined> {
    const body = JSON.stringify({ ServiceCode: service, QuotaCode: quota });
    for (const operation of ["GetServiceQuota", "GetAWSDefaultServiceQuota"]) {
      const request = this.of("servicequotas", region, { path: "/", body, target: `ServiceQuotasV20190624.${operation}` });
      const said = await this.ask(request).catch(unless("NoSuchResourceException", undefined));
      if (said !== undefined) return JSON.parse(said).Quota?.Value;
    }
    return undefined;
  }

  /** An EKS cluster. Undefined if it isn't created. @throws AwsFailure */
  async cluster(name: string, region: string): Promise<EksCluster | undefined> {
    const said = await this.ask(this.of("eks", region, { path: `/clusters/${name}` })).catch(
      unless("ResourceNotFoundException", undefined),
    );
    if (said === undefined) return undefined;
    return { version: JSON.parse(said).cluster.version };
  }

  /** Versions of an EKS add-on for a version of Kubernetes. @throws AwsFailure */
  async addonVersions(addonName: string, kubernetesVersion: string, region: string): Promise<readonly string[]> {
    const pages = await this.pages("/addons/supported-versions", { addonName, kubernetesVersion }, region);
    const addons = pages.flatMap(
      ({ addons: all }) => all as readonly { readonly addonVersions: readonly { readonly addonVersion: string }[] }[],
    );
    return addons.flatMap(({ addonVersions }) => addonVersions.map(({ addonVersion }) => addonVersion));
  }

  /** Versions of Kubernetes that EKS offers. @throws AwsFailure */
  async kubernetesVersions(region: string): Promise<readonly string[]> {
    const pages = await this.pages("/cluster-versions", {}, region);
    const versions = pages.flatMap(({ clusterVersions }) => clusterVersions as readonly { readonly clusterVersion: string }[]);
    return versions.map(({ clusterVersion }) => clusterVersion);
  }

  /** The value of a parameter in Systems Manager. @throws AwsFailure */
  async parameter(name: string, region: string): Promise<string> {
    const said = await this.ask(
      this.of("ssm", region, { path: "/", body: JSON.stringify({ Name: name }), target: "AmazonSSM.GetParameter" }),
    );
    return JSON.parse(said).Parameter.Value;
  }

  /** All pages of an answer of EKS. */
  private async pages(path: string, query: Readonly<Record<string, string>>, region: string) {
    const pages: Readonly<Record<string, unknown>>[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: Record<string, unknown> = JSON.parse(
        await this.ask(this.of("eks", region, { path, query: { ...query, ...(token ? { nextToken: token } : {}) } })),
      );
      pages.push(page);
      token = (page.nextToken as string | null | undefined) ?? undefined;
    }
    return pages;
  }

  private of(service: AwsRequest["service"], region: string, request: Omit<AwsRequest, "service" | "region" | "host">): AwsRequest {
    return { service, region, host: endpoint(service) ?? `https://${service}.${region}.amazonaws.com`, ...request };
  }

  private inBucket(bucket: string, region: string, key: string, query: Readonly<Record<string, string>> = {}): AwsRequest {
    const path = key.split("/").map(encode).join("/");
    const own = endpoint("s3");
    return own
      ? { service: "s3", region, host: own, path: `/${bucket}/${path}`, query }
      : { service: "s3", region, host: `https://${bucket}.s3.${region}.amazonaws.com`, path: `/${path}`, query };
  }

  private async ask(request: AwsRequest): Promise<string> {
    const { host, path, query = {}, body } = request;
    const search = Object.entries(query)
      .map((pair) => pair.map(encode).join("="))
      .sort()
      .join("&");
    const url = `${host}${path}${search ? `?${search}` : ""}`;
    const headers = signed(request, search, this.credentials());
    const response = await fetch(url, { headers, ...(body ? { method: "POST", body } : {}), signal: AbortSignal.timeout(20_000) }).catch(
      (error: Error) => {
        throw new AwsFailure(`${host} can't be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
      },
    );
    const text = await response.text();
    if (response.ok) return text;
    const code = codeOf(text, response.headers);
    throw new AwsFailure(`${host} answered ${response.status} ${code}`.trim(), code);
  }

  private credentials(): Credentials {
    this.found ??= awsCredentials();
    return this.found;
  }
}

/** Replaces a failure with one code by a value. */
function unless<T>(code: string, instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof AwsFailure && error.code === code) return instead;
    throw error;
  };
}

/** The error code in a response: APIs with XML, with JSON, and REST APIs. */
function codeOf(text: string, headers: Headers): string {
  const inBody = /<Code>([^<]+)</.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1];
  return inBody ?? headers.get("x-amzn-errortype")?.split(":")[0] ?? "";
}

/** Credentials of the environment, otherwise those of the AWS CLI for the current profile. @throws AwsFailure */
export function awsCredentials(): Credentials {
  return ofEnvironment() ?? ofCli();
}

function ofEnvironment(): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}), ...ending(process.env.AWS_CREDENTIAL_EXPIRATION) };
}

function ending(time: string | undefined): Pick<Credentials, "expires"> {
  const expires = new Date(time ?? "");
  return Number.isNaN(expires.getTime()) ? {} : { expires };
}

function ofCli(): Credentials {
  const { stdout, status } = spawnSync("aws", ["configure", "export-credentials", "--format", "process"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (status !== 0) throw new AwsFailure("there are no AWS credentials in the environment, and the aws CLI finds none");
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration } = JSON.parse(stdout);
  return { accessKeyId, secretAccessKey, sessionToken, ...ending(Expiration) };
}

/** Ends of the variables of endpoints (AWS SDKs, service-specific endpoints). */
const ENDPOINTS: Readonly<Record<AwsRequest["service"], string>> = {
  eks: "EKS",
  s3: "S3",
  servicequotas: "SERVICE_QUOTAS",
  ssm: "SSM",
  sts: "STS",
};

function endpoint(service: AwsRequest["service"]): string | undefined {
  return (process.env[`AWS_ENDPOINT_URL_${ENDPOINTS[service]}`] ?? process.env.AWS_ENDPOINT_URL)?.replace(/\/$/, "");
}

/** The headers of a signed request (AWS Signature Version 4). */
export function signed(
  { service, region, host, path, body = "", target }: AwsRequest,
  search: string,
  credentials: Credentials,
  now = new Date(),
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const headers: Record<string, string> = {
    ...(body ? { "content-type": target ? "application/x-amz-json-1.1" : "application/x-www-form-urlencoded; charset=utf-8" } : {}),
    host: new URL(host).host,
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": time,
    ...(credentials.sessionToken ? { "x-amz-security-token": credentials.sessionToken } : {}),
    ...(target ? { "x-amz-target": target } : {}),
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [body ? "POST" : "GET", path, search, lines.join(""), names, sha256(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, toSign).toString("hex");
  const { host: _, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Percent-encodes all characters except those that AWS leaves unencoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function plain(xml: string): string {
  return xml
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;|&#39;/g, "'")
    .replace(/&amp;/g, "&");
}
