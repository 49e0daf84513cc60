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
import { EMPTY, Frames, frame, Message } from "../../constructs/event-store/stream-backup/wire";
import { type Proposed, StreamLog } from "./kurrentdb-protocol";

/** Points of a call at which a test can interfere. */
export type Moment = "arrived" | "applied" | "sending";

/** A log on a free port of this machine, with an authority of its own, and beside it a node that refuses because it does not lead. */
export class LogStub extends StreamLog {
  /** Called at each moment of each call. */
  interfere: (moment: Moment, method: string) => void | Promise<void> = () => {};
  readonly authority: string;
  private readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-log-"));
  private readonly leader: Http2Server | Http2SecureServer;
  private readonly follower: Http2Server | Http2SecureServer;
  private readonly sockets = new Set<Socket>();

  /** Without users it is insecure: it has neither TLS nor passwords. */
  constructor(private readonly users?: Readonly<Record<string, { readonly password: string; readonly appends: boolean }>>) {
    super();
    const [key, certificate] = [join(this.directory, "tls.key"), join(this.directory, "ca.crt")];
    const { status, stderr } = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ]);
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    this.authority = certificate;
    const options = { key: readFileSync(key), cert: readFileSync(certificate) };
    this.leader = this.server(options, (stream, headers) => this.respond(stream, headers));
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

  private async respond(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
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
    const answered = this.answer(method, request);
    await this.interfere("applied", method);
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(answered.trailers));
    for (const [index, content] of answered.messages.entries()) {
      if (index === Math.floor(answered.messages.length / 2)) await this.interfere("sending", method);
      if (stream.destroyed) return;
      if (!stream.write(frame(content))) await new Promise((resolve) => stream.once("drain", resolve).once("close", resolve));
    }
    stream.end();
  }
}

function portOf(server: Http2Server | Http2SecureServer): number {
  return (server.address() as AddressInfo).port;
}
