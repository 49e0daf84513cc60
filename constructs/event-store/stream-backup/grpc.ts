import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { ATTEMPTS, pauseAfter } from "./attempts";
import { Frames, frame } from "./wire";

/** A call that failed, with the status code of gRPC. */
export class CallError extends Error {
  constructor(
    readonly status: number | undefined,
    message: string,
  ) {
    super(message);
  }
}

const UNAVAILABLE = 14;

/** Milliseconds without an answer. A page of events takes far less. */
const TIMEOUT = 60_000;

/** Calls of the leader of a KurrentDB cluster over HTTP/2. */
export class Channel {
  private readonly headers: Record<string, string>;
  private readonly certificates: { readonly ca: string } | undefined;
  private readonly scheme: string;
  private readonly nodes: readonly string[];
  private turn = 0;

  /** The leader, if a node that isn't the leader has named it. */
  private leader: string | undefined;
  private session: ClientHttp2Session | undefined;

  /** By a connection string: `kurrentdb://user:password@host:2113,host:2113?tls=true&tlsCaFile=/etc/ca.crt`. */
  constructor(url: string) {
    const [, user, password = "", hosts = "", query] = /^[a-z+]+:\/\/(?:([^:@]+):([^@]*)@)?([^/?]+)\/?(?:\?(.*))?$/.exec(url) ?? [];
    if (!hosts) throw new Error("EVENT_STORE_URL must be a connection string of KurrentDB: kurrentdb://user:password@host:2113");
    const parameters = new Map([...new URLSearchParams(query)].map(([key, value]) => [key.toLowerCase(), value]));
    const isPlain = parameters.get("tls") === "false";
    const authority = parameters.get("tlscafile");
    this.scheme = isPlain ? "http" : "https";
    this.nodes = hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:2113`));
    this.certificates = authority && !isPlain ? { ca: readFileSync(authority, "utf8") } : undefined;
    const login = `${decodeURIComponent(user ?? "")}:${decodeURIComponent(password)}`;
    this.headers = user ? { authorization: `Basic ${Buffer.from(login).toString("base64")}` } : {};
  }

  close(): void {
    this.session?.destroy();
    this.session = undefined;
  }

  /** Repeats a call until the leader answers. Only for calls that may be repeated: reads, and appends with an expected revision. */
  async persistently<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await call();
      } catch (error) {
        await this.recover(error, failures);
      }
    }
  }

  /** Waits before the next attempt, which uses another connection. Throws if the failure is final, or one too many in succession. */
  async recover(error: unknown, failures: number): Promise<void> {
    if (failures === ATTEMPTS || !this.isTransient(error)) throw error;
    this.close();
    if (!this.leader) this.turn++;
    await pauseAfter(failures);
  }

  /** Sends messages, and yields those of the answer. Throws `CallError` unless the answer ends with status 0. */
  async *call(method: string, messages: readonly Buffer[]): AsyncGenerator<Buffer> {
    const session = this.connection();
    const stream = session.request({
      ":method": "POST",
      ":path": `/event_store.client.streams.Streams/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      "requires-leader": "true",
      ...this.headers,
    });
    let [answer, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
    stream.on("response", (headers) => (answer = headers));
    stream.on("trailers", (headers) => (trailers = headers));
    const frames = new Frames();
    // Time in which the caller handles a message doesn't count.
    let waiting = Date.now();
    const timer = setInterval(() => {
      if (Date.now() - waiting > TIMEOUT) stream.destroy(new CallError(UNAVAILABLE, `no answer within ${TIMEOUT / 1000} s`));
    }, 1000);
    try {
      stream.end(Buffer.concat(messages.map(frame)));
      for await (const part of stream) {
        waiting = Number.POSITIVE_INFINITY;
        yield* frames.push(part as Buffer);
        waiting = Date.now();
      }
    } finally {
      clearInterval(timer);
      stream.close();
    }
    const said = trailers["grpc-status"] ?? answer["grpc-status"];
    if (said === undefined) throw refusal(answer[":status"] as number | undefined);
    const status = Number(said);
    if (status === 0 && frames.incomplete) throw new CallError(UNAVAILABLE, "the answer is truncated");
    if (status !== 0) throw this.failure(status, { ...answer, ...trailers });
  }

  private failure(status: number, headers: IncomingHttpHeaders): CallError {
    const text = decodeURIComponent(String(headers["grpc-message"] ?? ""));
    if (headers.exception === "not-leader") {
      const [host, port] = [headers["leader-endpoint-host"], headers["leader-endpoint-port"]];
      this.leader = host && port ? `${host}:${port}` : undefined;
      return new CallError(UNAVAILABLE, "the node is not the leader");
    }
    return new CallError(status, text || `gRPC status ${status}`);
  }

  private isTransient(error: unknown): boolean {
    if (error instanceof CallError) return error.status === UNAVAILABLE;
    // A connection that failed. The leader that was named may be gone.
    this.leader = undefined;
    return error instanceof Error && ("code" in error || "errno" in error);
  }

  private connection(): ClientHttp2Session {
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session;
    const node = this.leader ?? this.nodes[this.turn % this.nodes.length];
    const session = connect(`${this.scheme}://${node}`, { ...this.certificates });
    // The streams of the session report its errors.
    session.on("error", () => {});
    this.session = session;
    return session;
  }
}

function refusal(status: number | undefined): CallError {
  if (status === undefined) return new CallError(UNAVAILABLE, "the connection ended");
  return new CallError(status === 503 || status === 200 ? UNAVAILABLE : undefined, `HTTP status ${status}`);
}
