import { readFileSync } from "node:fs";
import { sendRepeatedly } from "../../aws-client";

/** Access to the Kubernetes API as the pod's service account. */
export interface ApiAccess {
  readonly url: string;

  /** File with the CA certificate, if the URL is one of TLS. */
  readonly ca: string | undefined;

  /** File with the token, which is renewed. */
  readonly token: string;
}

/** The API refuses a request, and would refuse it again. */
export class Refused extends Error {}

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Namespaced objects of the Kubernetes API. */
export class KubernetesApi {
  constructor(
    private readonly access: ApiAccess,
    private readonly namespace: string,
  ) {}

  /** Sends a request for `volumesnapshots/name` of a group. Statuses from 400 on are errors, except the expected ones. */
  async call(method: string, group: string, path: string, content?: object, expected: readonly number[] = []): Promise<ApiResponse> {
    const { url, ca, token } = this.access;
    const { status, body } = await sendRepeatedly(async () => ({
      method,
      url: new URL(`${url}${group}/namespaces/${this.namespace}/${path}`),
      headers: { authorization: `Bearer ${readFileSync(token, "utf8").trim()}`, "content-type": "application/json" },
      ...(content ? { body: Buffer.from(JSON.stringify(content)) } : {}),
      ...(ca ? { ca: readFileSync(ca, "utf8") } : {}),
    }));
    if (status >= 400 && !expected.includes(status)) {
      const message = `${method} ${path}: ${status} ${messageOf(body)}`;
      throw status < 500 && status !== 429 ? new Refused(message) : new Error(message);
    }
    return { status, body: JSON.parse(body.toString() || "{}") };
  }
}

function messageOf(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { message?: unknown }).message ?? "");
  } catch {
    return body.toString().slice(0, 200);
  }
}
