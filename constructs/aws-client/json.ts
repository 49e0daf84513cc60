import { type HttpResponse, sendRepeatedly } from "./http";
import { hostOf, type ServiceProps } from "./service";
import { signedHeaders } from "./signature";

/** Place of a service with a JSON API. */
export type JsonClientProps = ServiceProps;

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

/** Calls a service, and returns its answer. Throttled requests are repeated. The error of a refused request names `what`. */
export async function callJson<T>(
  { region, credentials, endpoint }: JsonClientProps,
  { service, version, target, input }: JsonRequest,
  what: string,
): Promise<T> {
  const request = {
    method: "POST",
    url: new URL(endpoint ?? `https://${hostOf(service, region)}/`),
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target },
    body: Buffer.from(JSON.stringify(input)),
  };
  const response = await sendRepeatedly(
    async () => ({ ...request, headers: signedHeaders(request, { service, region, credentials: await credentials() }) }),
    (one) => THROTTLED.test(codeOf(one)),
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
