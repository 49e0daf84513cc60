import { readFileSync } from "node:fs";
import { send } from "./http";

/** Credentials of an AWS identity, with a token if they belong to a session. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Returns credentials that are valid for the next minutes. */
export type CredentialProvider = () => Promise<AwsCredentials>;

/** Milliseconds before their expiration at which temporary credentials are fetched again. */
const MARGIN = 5 * 60_000;

/**
 * Credentials from the standard variables of AWS SDKs: static ones (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), those
 * of a web identity (`AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE`: IRSA), or those of the container endpoint
 * (`AWS_CONTAINER_CREDENTIALS_FULL_URI`), which EKS Pod Identity provides. Requests that fail are not repeated here: who signs a request
 * with them repeats both.
 */
export function credentialsFrom(env: NodeJS.ProcessEnv): CredentialProvider {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKeyId && secretAccessKey) {
    return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
  }
  const { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint } = env;
  if (token) return temporary(() => fromWebIdentity(token, env));
  if (endpoint) return temporary(() => fromContainer(endpoint, env));
  throw new Error(
    "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the service account a role, by EKS Pod Identity or IRSA",
  );
}

interface Temporary extends AwsCredentials {
  readonly expiration: number;
}

function temporary(fetch: () => Promise<Temporary>): CredentialProvider {
  let current: Temporary | undefined;
  return async () => {
    if (!current || current.expiration - Date.now() < MARGIN) current = await fetch();
    return current;
  };
}

async function fromContainer(endpoint: string, env: NodeJS.ProcessEnv): Promise<Temporary> {
  // EKS replaces the token in the file.
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const authorization = file ? readFileSync(file, "utf8").trim() : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  const headers = authorization ? { authorization } : {};
  const { status, body } = await send({ method: "GET", url: new URL(endpoint), headers });
  if (status !== 200) throw new Error(`${endpoint}: status ${status} instead of AWS credentials`);
  const given = JSON.parse(String(body)) as Readonly<Record<string, string>>;
  return checked(endpoint, { ...given, SessionToken: given.Token });
}

async function fromWebIdentity(file: string, env: NodeJS.ProcessEnv): Promise<Temporary> {
  const { AWS_ROLE_ARN = "", AWS_ROLE_SESSION_NAME = "cdktf-cqrs", AWS_REGION, AWS_ENDPOINT_URL_STS } = env;
  const query = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: AWS_ROLE_ARN,
    RoleSessionName: AWS_ROLE_SESSION_NAME,
    WebIdentityToken: readFileSync(file, "utf8").trim(),
  });
  const url = new URL(AWS_ENDPOINT_URL_STS ?? `https://sts.${AWS_REGION}.amazonaws.com`);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const { status, body } = await send({ method: "POST", url, headers, body: Buffer.from(String(query)) });
  const tags = Object.fromEntries([...String(body).matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, tag = "", text = ""]) => [tag, text]));
  if (status !== 200) throw new Error(`AssumeRoleWithWebIdentity of ${AWS_ROLE_ARN}: ${tags.Code ?? `status ${status}`}`);
  return checked(AWS_ROLE_ARN, tags);
}

/** Credentials as AWS names their parts. */
interface Given {
  readonly AccessKeyId?: string;
  readonly SecretAccessKey?: string;
  readonly SessionToken?: string | undefined;
  readonly Expiration?: string;
}

function checked(source: string, { AccessKeyId, SecretAccessKey, SessionToken, Expiration }: Given): Temporary {
  if (!AccessKeyId || !SecretAccessKey) throw new Error(`${source}: the response has no AWS credentials`);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken ? { sessionToken: SessionToken } : {}),
    expiration: Expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(Expiration),
  };
}
