import { readFileSync } from "node:fs";
import { sendRepeatedly } from "./http";

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
 * Credentials from the standard variables of AWS SDKs: static ones (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), or
 * those of the container endpoint (`AWS_CONTAINER_CREDENTIALS_FULL_URI`), which EKS Pod Identity provides.
 */
export function credentialsFrom(env: NodeJS.ProcessEnv): CredentialProvider {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKeyId && secretAccessKey) {
    return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
  }
  const endpoint = env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (endpoint) return temporary(() => fromContainer(endpoint, env));
  throw new Error(
    "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the service account a role by EKS Pod Identity",
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
  const { status, body } = await sendRepeatedly(async () => ({ method: "GET", url: new URL(endpoint), headers }));
  if (status !== 200) throw new Error(`${endpoint}: status ${status} instead of AWS credentials`);
  const given = JSON.parse(String(body));
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.Token,
    expiration: Date.parse(given.Expiration),
  };
}
