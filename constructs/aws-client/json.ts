import { type CredentialProvider, credentialsFrom } from "./credentials";
import { type HttpResponse, sendRepeatedly } from "./http";
import { signedHeaders } from "./signature";

/** Region, credentials and endpoint of a client of an AWS service with a JSON API. */
export interface JsonClientProps {
  readonly region: string;
  readonly credentials: CredentialProvider;

  /** @default - the service in the region */
  readonly endpoint?: string;
}

/** A request to an AWS service with a JSON API. */
export interface JsonRequest {
  /** Service of its host name and signature: `kms`, `dynamodb`. */
  readonly service: string;

  /** Version of the JSON protocol. */
  readonly version: "1.0" | "1.1";

  /** API and action: `TrentService.Sign`. */
  readonly target: string;

  readonly input: object;
}

/** Errors of AWS services, with the code as the service names it. */
export class AwsError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** Props of a client from `AWS_REGION`, `AWS_ENDPOINT_URL_<service>` and the variables of credentials. */
export function jsonFromEnvironment(env: NodeJS.ProcessEnv, service: string): JsonClientProps {
  const endpoint = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region) throw new Error("AWS_REGION is not set");
  return { region, credentials: credentialsFrom(env), ...(endpoint ? { endpoint } : {}) };
}

/** Calls a service, and returns its answer. Throttled requests are repeated. The error of a refused request names `what`. */
export async function callJson<T>(
  { region, credentials, endpoint }: JsonClientProps,
  { service, version, target, input }: JsonRequest,
  what: string,
): Promise<T> {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const request = {
    method: "POST",
    url: new URL(endpoint ?? `https://${service}.${region}.${suffix}/`),
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target },
    body: Buffer.from(JSON.stringify(input)),
  };
  const response = await sendRepeatedly(
    async () => ({ ...request, headers: signedHeaders(request, { service, region, credentials: await credentials() }) }),
    { isRetryable: (one) => THROTTLED.test(codeOf(one)) },
  );
  if (response.status === 200) return JSON.parse(String(response.body) || "{}");
  const code = codeOf(response) || `status ${response.status}`;
  throw new AwsError(`${what}: ${code}`, code);
}

/** Throttled requests have status 400 (KMS and DynamoDB, common errors). */
const THROTTLED = /^(ThrottlingException|ProvisionedThroughputExceededException|RequestLimitExceeded)$/;

/** DynamoDB puts the namespace of its API before the code. */
function codeOf({ status, body }: HttpResponse): string {
  if (status === 200) return "";
  const [, code = ""] = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(String(body)) ?? [];
  return code;
}
