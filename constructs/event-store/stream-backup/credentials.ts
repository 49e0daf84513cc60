import { readFileSync } from "node:fs";
import { exchange } from "./http";

/** Credentials of AWS, or of a service with the same API. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;

  /** Time in milliseconds after which they are invalid. */
  readonly expires?: number;
}

/** Source of credentials. It reads them again before they expire. */
export class CredentialSource {
  private current: Credentials | undefined;

  /**
   * From the standard variables of AWS SDKs: `AWS_ACCESS_KEY_ID`, …; a web identity (`AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE`: IRSA);
   * or the endpoint of containers (`AWS_CONTAINER_CREDENTIALS_FULL_URI`: EKS Pod Identity).
   */
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly region: string,
  ) {}

  async get(): Promise<Credentials> {
    const { expires } = this.current ?? {};
    if (!this.current || (expires !== undefined && expires - Date.now() < MARGIN)) this.current = await this.load();
    return this.current;
  }

  private load(): Promise<Credentials> | Credentials {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: sessionToken } = this.env;
    const { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI } = this.env;
    if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
      return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, ...(sessionToken ? { sessionToken } : {}) };
    }
    if (AWS_WEB_IDENTITY_TOKEN_FILE) return this.fromWebIdentity(AWS_WEB_IDENTITY_TOKEN_FILE);
    if (AWS_CONTAINER_CREDENTIALS_FULL_URI) return this.fromContainer(AWS_CONTAINER_CREDENTIALS_FULL_URI);
    throw new Error(
      "no credentials of AWS: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor AWS_WEB_IDENTITY_TOKEN_FILE, nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; on EKS, assign a role to the service account",
    );
  }

  // EKS Pod Identity rotates the token in the file.
  private async fromContainer(url: string): Promise<Credentials> {
    const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = this.env;
    const authorization = file ? readFileSync(file, "utf8").trim() : token;
    const { status, body } = await exchange("GET", new URL(url), authorization ? { authorization } : {});
    if (status !== 200) throw new Error(`credentials of the container: status ${status} from ${url}`);
    const said = JSON.parse(String(body)) as Record<string, string>;
    return checked({ id: said.AccessKeyId, secret: said.SecretAccessKey, token: said.Token, expiration: said.Expiration });
  }

  private async fromWebIdentity(file: string): Promise<Credentials> {
    const { AWS_ROLE_ARN = "", AWS_ROLE_SESSION_NAME = "stream-backup", AWS_ENDPOINT_URL_STS } = this.env;
    const query = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: AWS_ROLE_ARN,
      RoleSessionName: AWS_ROLE_SESSION_NAME,
      WebIdentityToken: readFileSync(file, "utf8").trim(),
    });
    const url = new URL(AWS_ENDPOINT_URL_STS ?? `https://sts.${this.region}.amazonaws.com`);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { status, body } = await exchange("POST", url, headers, { body: Buffer.from(String(query)) });
    const text = String(body);
    const tag = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    if (status !== 200) throw new Error(`AssumeRoleWithWebIdentity of ${AWS_ROLE_ARN}: ${tag("Code") ?? `status ${status}`}`);
    const credentials = { id: tag("AccessKeyId"), secret: tag("SecretAccessKey"), token: tag("SessionToken") };
    return checked({ ...credentials, expiration: tag("Expiration") });
  }
}

/** Milliseconds before their end at which credentials are renewed: longer than an upload takes. */
const MARGIN = 300_000;

interface Answer {
  readonly id: string | undefined;
  readonly secret: string | undefined;
  readonly token: string | undefined;
  readonly expiration: string | undefined;
}

function checked({ id, secret, token, expiration }: Answer): Credentials {
  if (!id || !secret) throw new Error("credentials of AWS: the answer has no keys");
  const expires = expiration ? { expires: Date.parse(expiration) } : {};
  return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}), ...expires };
}
