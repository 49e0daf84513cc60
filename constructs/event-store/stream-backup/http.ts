import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Options {
  readonly body?: Buffer;

  /** Certificate of the CA, as PEM. @default - those of the system */
  readonly ca?: string;
}

/** Milliseconds without a byte after which a request fails. */
const TIMEOUT = 60_000;

/** Sends a request, and reads the answer. Throws if the answer is shorter than announced. */
export function exchange(method: string, url: URL, headers: Record<string, string>, { body, ca }: Options = {}): Promise<Answer> {
  return new Promise((resolve, fail) => {
    const reject = (error: Error) => fail(new Error(`${url.origin}: ${error.message || (error as NodeJS.ErrnoException).code}`));
    const send = url.protocol === "http:" ? plainRequest : secureRequest;
    const length = body ? { "content-length": String(body.length) } : {};
    const sent = send(url, { method, headers: { ...headers, ...length }, ...(ca ? { ca } : {}) }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("aborted", () => reject(new Error("the connection ended")));
      answer.on("end", () => {
        const all = Buffer.concat(parts);
        const announced = answer.headers["content-length"];
        if (method !== "HEAD" && announced !== undefined && Number(announced) !== all.length) reject(new Error("the answer is truncated"));
        else resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: all });
      });
    });
    sent.on("error", reject);
    sent.setTimeout(TIMEOUT, () => sent.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
    sent.end(body);
  });
}
