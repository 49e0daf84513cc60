import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredEvent } from "../../constructs/event-store/stream-backup/store";
import { EMPTY, Frames, field, frame, Message, scalar } from "../../constructs/event-store/stream-backup/wire";

/** An event as a client proposes it. */
type Proposed = Pick<StoredEvent, "id" | "type" | "json" | "data" | "metadata">;

/** Points of a call at which a test can interfere. */
export type Moment = "arrived" | "applied" | "sending";

const ANY = -2n;
const DELETED = 2n ** 63n - 1n;

/**
 * The part of KurrentDB's gRPC protocol that reads `$all` and appends with an expected revision (streams.proto of 26.0): positions that only
 * grow, appends that are atomic and idempotent by event ID, deletions that stay in `$all`, and nodes that refuse unless they lead.
 */
export class LogStub {
  log: StoredEvent[] = [];

  /** Calls that changed something, by method. */
  readonly calls: string[] = [];

  /** Called at each moment of each call. */
  interfere: (moment: Moment, method: string) => void | Promise<void> = () => {};
  readonly authority: string;
  private readonly revisions = new Map<string, bigint>();
  private readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-log-"));
  private readonly leader: Http2Server | Http2SecureServer;
  private readonly follower: Http2Server | Http2SecureServer;
  private readonly sockets = new Set<Socket>();
  private position = 0n;

  /** Without users it is insecure: it has neither TLS nor passwords. */
  constructor(private readonly users?: Readonly<Record<string, { readonly password: string; readonly appends: boolean }>>) {
    const [key, certificate] = [join(this.directory, "tls.key"), join(this.directory, "ca.crt")];
    const { status, stderr } = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ]);
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    this.authority = certificate;
    const options = { key: readFileSync(key), cert: readFileSync(certificate) };
    this.leader = this.server(options, (stream, headers) => this.answer(stream, headers));
    this.follower = this.server(options, (stream) => {
      const leader = { exception: "not-leader", "leader-endpoint-host": "localhost", "leader-endpoint-port": String(portOf(this.leader)) };
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5", ...leader }, { endStream: true });
    });
  }

  async begin(): Promise<void> {
    for (const server of [this.leader, this.follower]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }

  async end(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const server of [this.leader, this.follower]) await new Promise((resolve) => server.close(resolve));
    rmSync(this.directory, { recursive: true });
  }

  /** Connection string, of the leader or of a follower. */
  url(user = "", at: "leader" | "follower" = "leader"): string {
    if (!this.users) return `kurrentdb://127.0.0.1:${portOf(this[at])}?tls=false`;
    const password = encodeURIComponent(this.users[user]?.password ?? "");
    return `kurrentdb://${user}:${password}@localhost:${portOf(this[at])}?tls=true&tlsCaFile=${this.authority}`;
  }

  /** Closes all connections, as a node does that restarts. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Appends without a client. */
  write(stream: string, ...events: readonly Partial<Proposed>[]): void {
    this.apply(
      stream,
      events.map((event) => ({ id: randomUUID(), type: "Happened", json: true, data: Buffer.from("{}"), metadata: EMPTY, ...event })),
    );
  }

  /** Deletes a stream permanently. */
  bury(stream: string): void {
    this.store(stream, DELETED, { id: randomUUID(), type: "$streamDeleted", json: false, data: EMPTY, metadata: EMPTY });
  }

  /** Removes events, as a scavenge does: revisions and positions of others stay. */
  scavenge(isRemoved: (event: StoredEvent) => boolean): void {
    this.log = this.log.filter((event) => !isRemoved(event));
  }

  private server(options: object, answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => unknown) {
    const server = this.users ? createSecureServer(options) : createServer();
    server.on(this.users ? "secureConnection" : "connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    server.on("sessionError", () => {});
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      answer(stream, headers);
    });
    return server;
  }

  private async answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const frames = new Frames();
    const messages: Buffer[] = [];
    try {
      for await (const part of stream) messages.push(...frames.push(part as Buffer));
    } catch {
      return;
    }
    const method = String(headers[":path"]).replace("/event_store.client.streams.Streams/", "");
    const [user = "", password] = Buffer.from(String(headers.authorization ?? "").replace("Basic ", ""), "base64")
      .toString()
      .split(/:(.*)/s);
    const known = this.users ? this.users[user] : { password, appends: true };
    const refused = known?.password !== password ? "16" : method !== "Read" && !known?.appends ? "7" : undefined;
    if (refused)
      return void stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": refused }, { endStream: true });
    await this.interfere("arrived", method);
    const request = messages.map((message) => new Message(message));
    const answers = method === "Read" ? this.read(request) : method === "Append" ? this.append(request) : this.tombstone(request);
    await this.interfere("applied", method);
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    const error = answers.length === 0 && method !== "Read";
    const trailers = error
      ? { "grpc-status": "9", exception: "stream-deleted", "grpc-message": "stream is deleted" }
      : { "grpc-status": "0" };
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const [index, content] of answers.entries()) {
      if (index === Math.floor(answers.length / 2)) await this.interfere("sending", method);
      if (stream.destroyed) return;
      if (!stream.write(frame(content))) await new Promise((resolve) => stream.once("drain", resolve).once("close", resolve));
    }
    stream.end();
  }

  private read([request]: readonly Message[]): readonly Buffer[] {
    const options = (request as Message).message(1);
    const [backwards, count] = [options.number(3) === 1n, Number(options.number(5))];
    let found: readonly StoredEvent[];
    if (options.has(1)) {
      const [stream, from] = [options.message(1).message(1).text(3), options.message(1).number(2)];
      found = this.log.filter((event) => event.stream === stream);
      if (found.length === 0) return [field(4, field(1, field(3, stream)))];
      found = backwards ? found.toReversed() : found.filter(({ revision }) => revision >= from);
    } else {
      const from = options.message(2);
      const at = from.has(1) ? from.message(1).number(1) : 0n;
      found = backwards ? this.log.toReversed() : this.log.filter(({ position }) => position.commit >= at);
    }
    return found.slice(0, count).map((event) => field(1, field(1, recorded(event))));
  }

  private append([head, ...rest]: readonly Message[]): readonly Buffer[] {
    const options = (head as Message).message(1);
    const stream = options.message(1).text(3);
    const expected = options.has(2) ? options.number(2) : options.has(3) ? -1n : ANY;
    const last = this.revisions.get(stream) ?? -1n;
    if (last === DELETED) return [];
    const proposed = rest.map((message) => proposedOf(message.message(2)));
    const first = this.log.findIndex((event) => event.stream === stream && event.id === proposed[0]?.id);
    const known = first >= 0 && this.log[first]?.revision === expected + 1n;
    if (!known && expected !== ANY && expected !== last) {
      this.calls.push(`refused ${stream}`);
      return [field(2, last < 0n ? field(7, EMPTY) : scalar(6, last))];
    }
    if (!known) {
      this.calls.push(`append ${stream} ${proposed.length}`);
      this.apply(stream, proposed);
    }
    return [field(1, scalar(1, this.revisions.get(stream) ?? 0n))];
  }

  private tombstone([request]: readonly Message[]): readonly Buffer[] {
    const stream = (request as Message).message(1).message(1).text(3);
    if (this.revisions.get(stream) === DELETED) return [];
    this.calls.push(`tombstone ${stream}`);
    this.bury(stream);
    return [EMPTY];
  }

  private apply(stream: string, events: readonly Proposed[]): void {
    for (const event of events) this.store(stream, (this.revisions.get(stream) ?? -1n) + 1n, event);
  }

  private store(stream: string, revision: bigint, { id, type, json, data, metadata }: Proposed): void {
    const position = { commit: this.position, prepare: this.position };
    this.position += BigInt(100 + data.length + metadata.length);
    const created = String(BigInt(Date.now()) * 10_000n);
    this.log.push({ stream, revision, id, type, json, data, metadata, created, position });
    this.revisions.set(stream, revision);
  }
}

function portOf(server: Http2Server | Http2SecureServer): number {
  return (server.address() as AddressInfo).port;
}

function recorded({ id, stream, revision, position, type, json, created, metadata, data }: StoredEvent): Buffer {
  const entry = (key: string, value: string) => field(6, Buffer.concat([field(1, key), field(2, value)]));
  return Buffer.concat([
    field(1, field(2, id)),
    field(2, field(3, stream)),
    scalar(3, revision),
    scalar(4, position.prepare),
    scalar(5, position.commit),
    entry("type", type),
    entry("created", created),
    entry("content-type", json ? "application/json" : "application/octet-stream"),
    field(7, metadata),
    field(8, data),
  ]);
}

function proposedOf(message: Message): Proposed {
  const system = message.map(2);
  return {
    id: message.message(1).text(2),
    type: system.get("type") ?? "",
    json: system.get("content-type") === "application/json",
    metadata: message.bytes(3),
    data: message.bytes(4),
  };
}
