import { type IncomingHttpHeaders, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";

/** An HTTP request with a complete body. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;

  /**
   * Certificate of the CA, as PEM.
   * @default - those of the system
   */
  readonly ca?: string;
}

/** A complete response. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Milliseconds without data after which a request fails. */
const IDLE = 60_000;

/** Sends one request. Rejects if there is no complete response. */
export function send({ method, url, headers, body, ca }: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, fail) => {
    const reject = (error: Error) => fail(new Error(`${url.origin}: ${error.message || (error as NodeJS.ErrnoException).code}`));
    const request = url.protocol === "https:" ? requestSecure : requestPlain;
    const length = body ? { "content-length": String(body.length) } : {};
    const sent = request(url, { method, headers: { ...headers, ...length }, timeout: IDLE, ...(ca ? { ca } : {}) }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("the connection ended")));
      response.on("end", () => {
        const all = Buffer.concat(parts);
        const announced = response.headers["content-length"];
        if (method !== "HEAD" && announced !== undefined && Number(announced) !== all.length)
          reject(new Error("the response is truncated"));
        else resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no data for ${IDLE / 1000} s`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

const ATTEMPTS = 6;

/** The longest first pause in milliseconds, doubled after each. */
const PAUSE = 400;

/**
 * Repeats a request after network errors, after statuses that a later attempt may not get, and after further responses of a service, with
 * growing pauses, each of a random length: clients that failed together don't come back together.
 */
export async function sendRepeatedly(
  prepare: () => Promise<HttpRequest>,
  isRetryable: (response: HttpResponse) => boolean = () => false,
): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === ATTEMPTS;
    try {
      const response = await send(await prepare());
      // 409: another request changes the same key at the same moment (S3, conditional writes).
      const { status } = response;
      if (last || !(status >= 500 || status === 429 || status === 409 || isRetryable(response))) return response;
    } catch (error) {
      if (last) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE * 2 ** (attempt - 1)));
  }
}
