import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An event as the stub keeps it. */
export interface StubEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly updated: string;
}

/** A user's password, and whether it may append. */
export type StubUsers = Readonly<Record<string, { readonly password: string; readonly appends: boolean }>>;

const EVENTS = "application/vnd.eventstore.events+json";
const FEED = "application/vnd.eventstore.atom+json";

/**
 * What of KurrentDB's HTTP API appends to streams and reads them forward, as its documentation and its AtomController say:
 * 201, 400 with the current version, 401, 404; a page begins with its newest event.
 */
export class StreamsApi {
  readonly streams = new Map<string, StubEvent[]>();

  /** Appends that were refused because somebody else had appended before. */
  conflicts = 0;

  /** For how long it thinks before it answers an append, in milliseconds. */
  slow = 0;
  private readonly waiting = new Set<() => void>();

  /**
   * `signedIn` says what somebody may do, or nothing of a stranger; `keep` has events written down before the append is
   * acknowledged.
   */
  constructor(
    private readonly signedIn: (user: string, password: string | undefined) => { readonly appends: boolean } | undefined,
    private readonly keep: (stream: string, events: readonly StubEvent[]) => void = () => {},
  ) {}

  /** Answers those that wait for events, with none. */
  wake(): void {
    for (const wake of this.waiting) wake();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { user, password } = credentials(request.headers.authorization);
    const known = this.signedIn(user, password);
    if (!known || (request.method === "POST" && !known.appends)) {
      response.writeHead(401, "Unauthorized").end();
      return;
    }
    const [, stream = "", from, count] = /^\/streams\/([^/?]+)(?:\/(\d+)\/forward\/(\d+)\?embed=body)?$/.exec(request.url ?? "") ?? [];
    if (request.method === "POST" && stream && from === undefined) await this.append(stream, request, response);
    else if (request.method === "GET" && from) await this.forward(stream, Number(from), Number(count), request, response);
    else response.writeHead(404, "Not Found").end();
  }

  private async append(stream: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (this.slow > 0) await new Promise((resolve) => setTimeout(resolve, this.slow));
    const posted: { eventId: string; eventType: string; data: unknown }[] = JSON.parse(body);
    const expected = Number(request.headers["es-expectedversion"]);
    const valid = request.headers["content-type"] === EVENTS && Number.isInteger(expected);
    if (!valid || posted.some(({ eventId, eventType }) => !/^[0-9a-f-]{36}$/.test(eventId) || !eventType)) {
      response.writeHead(400, "Bad Request").end();
      return;
    }
    const events = this.streams.get(stream) ?? [];
    // What was written already is written, whatever is expected.
    if (!posted.every(({ eventId }) => events.some(({ id }) => id === eventId))) {
      if (expected !== -2 && expected !== events.length - 1) {
        this.conflicts++;
        const version = String(events.length - 1);
        response.writeHead(400, "Wrong expected EventNumber", { "Kurrent-CurrentVersion": version, "ES-CurrentVersion": version }).end();
        return;
      }
      const updated = new Date().toISOString();
      const added = posted.map(({ eventId: id, eventType: type, data }) => ({ id, type, data, updated }));
      this.keep(stream, added);
      events.push(...added);
      this.streams.set(stream, events);
      this.wake();
    }
    response.writeHead(201, "Created", { Location: `/streams/${stream}/${events.length - 1}` }).end();
  }

  private async forward(stream: string, from: number, count: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.accept !== FEED) {
      response.writeHead(406, "Unsupported Media Type").end();
      return;
    }
    const there = () => this.streams.get(stream)?.length ?? 0;
    const poll = Number(request.headers["es-longpoll"] ?? 0);
    if (poll > 0 && there() > 0 && there() <= from) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, poll * 1000);
        this.waiting.add(wake);
        response.on("close", wake);
      });
    }
    const events = this.streams.get(stream);
    if (!events) {
      response.writeHead(404, "Not Found").end();
      return;
    }
    const entries = events
      .slice(from, from + count)
      .map(({ id, type, data, updated }, index) => ({
        eventId: id,
        eventType: type,
        eventNumber: from + index,
        data: JSON.stringify(data),
        streamId: stream,
        isJson: true,
        isMetaData: false,
        isLinkMetaData: false,
        positionEventNumber: from + index,
        positionStreamId: stream,
        title: `${from + index}@${stream}`,
        updated,
        summary: type,
      }))
      .reverse();
    const feed = { title: `Event stream '${stream}'`, streamId: stream, headOfStream: from + count >= events.length, entries };
    response.writeHead(200, "OK", { "Content-Type": `${FEED}; charset=utf-8` }).end(JSON.stringify(feed));
  }
}

/** Who a request says that it is from. */
export function credentials(authorization = ""): { readonly user: string; readonly password: string | undefined } {
  const [user = "", password] = Buffer.from(authorization.replace("Basic ", ""), "base64").toString().split(/:(.*)/s);
  return { user, password };
}

/** These streams behind TLS on a free port of this machine, with an authority of their own. */
export class StubStreams extends StreamsApi {
  readonly authority: string;
  private readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-streams-"));
  private readonly server: Server;

  constructor(private readonly users: StubUsers) {
    super((user, password) => (users[user]?.password === password ? users[user] : undefined));
    const [key, certificate] = [join(this.directory, "tls.key"), join(this.directory, "ca.crt")];
    const { status, stderr } = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ]);
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    this.authority = certificate;
    this.server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
      this.answer(request, response).catch((error) => response.writeHead(500, String(error)).end());
    });
  }

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  async end(): Promise<void> {
    this.wake();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.directory, { recursive: true });
  }

  /** As the platform writes it for a user. */
  url(user: string): string {
    const { port } = this.server.address() as AddressInfo;
    const password = encodeURIComponent(this.users[user]?.password ?? "");
    return `kurrentdb://${user}:${password}@localhost:${port}?tls=true&tlsCaFile=${this.authority}`;
  }
}
