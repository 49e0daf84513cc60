import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { signedHeaders } from "../../constructs/aws-client";

/** S3 server that enforces object locks: `.ci/scripts` installs it. */
export const GATEWAY = process.env.VERSITYGW ?? join(process.env.LAB_HOME ?? join(homedir(), ".cache/lab"), "bin/versitygw");

/** Tests that need the server: skipped, with a message, if it isn't installed. */
export function onS3(name: string, tests: () => void): void {
  if (existsSync(GATEWAY)) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`SKIPPED ${name}: ${GATEWAY} does not exist\n`);
  describe.skip(name, tests);
}

/** Points of a request at which a test can interfere. */
export type Moment = "arrived" | "applied";

/** Answer of the server. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const REGION = "eu-west-1";

/** An S3 server with versions and locks on a disk of this machine, behind TLS with a CA of its own. */
export class S3 {
  /** Called at each moment of each request. */
  interfere: (moment: Moment, method: string) => void | Promise<void> = () => {};

  /** Changes answers on their way to the client. */
  change: (answer: Answer, request: { readonly method: string; readonly url: string }) => Answer = (answer) => answer;
  readonly authority: string;
  readonly credentials = { accessKeyId: "backup", secretAccessKey: "secret-of-backup" };
  private readonly directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-s3-"));
  private readonly front: Server;
  private port = 0;
  private gateway: ChildProcess | undefined;

  /** `disk`: size of the disk with the objects, which nothing but the server sees then. */
  constructor(private readonly disk?: string) {
    const [key, certificate] = [join(this.directory, "tls.key"), join(this.directory, "ca.crt")];
    const { status, stderr } = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ]);
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    this.authority = certificate;
    this.front = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, response) => {
      this.forward(incoming, response).catch(() => response.destroy());
    });
  }

  async begin(): Promise<void> {
    this.port = await freePort();
    const [objects, versions] = ["objects", "versions"].map((name) => join(this.directory, name)) as [string, string];
    for (const path of [objects, versions]) mkdirSync(path);
    const { accessKeyId, secretAccessKey } = this.credentials;
    const options = [
      "--access",
      accessKeyId,
      "--secret",
      secretAccessKey,
      "--region",
      REGION,
      "--port",
      `127.0.0.1:${this.port}`,
      "--quiet",
    ];
    const command = [GATEWAY, ...options, "posix", "--versioning-dir", versions, objects];
    const mount = 'mount -t tmpfs -o size=$1 none "$2" && shift 2 && exec "$@"';
    const [program = "", ...args] = this.disk ? ["unshare", "-rm", "sh", "-c", mount, "sh", this.disk, objects, ...command] : command;
    this.gateway = spawn(program, args, { stdio: "ignore" });
    await new Promise<void>((resolve) => this.front.listen(0, "127.0.0.1", resolve));
    for (let attempt = 0; (await this.call("GET", "/").catch(() => 0)) !== 200; attempt++) {
      if (attempt === 200) throw new Error("the S3 server does not answer");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async end(): Promise<void> {
    this.front.closeAllConnections();
    await new Promise((resolve) => this.front.close(resolve));
    this.gateway?.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Creates a bucket whose objects are locked for a day, as `BackupBucket` does. */
  async create(bucket: string): Promise<void> {
    const created = await this.call("PUT", `/${bucket}`, { "x-amz-bucket-object-lock-enabled": "true" });
    const rule = "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>";
    const lock = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
    const locked = await this.call("PUT", `/${bucket}?object-lock=`, {}, lock);
    if (created !== 200 || locked !== 200) throw new Error(`bucket ${bucket}: ${created}, ${locked}`);
  }

  /** Settings of a client. */
  env(bucket: string): Record<string, string> {
    const { port } = this.front.address() as AddressInfo;
    return {
      AWS_ACCESS_KEY_ID: this.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL_S3: `https://localhost:${port}`,
      AWS_CA_BUNDLE: this.authority,
      BUCKET: bucket,
      PREFIX: "event-store/stream",
    };
  }

  /** Directory of a bucket. */
  place(bucket: string): string {
    return join(this.directory, "objects", bucket);
  }

  /** Files of the objects of a bucket in order of their keys. Changing them damages the objects. */
  files(bucket: string): readonly string[] {
    const root = this.place(bucket);
    const all = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return all.map((entry) => join(entry.parentPath, entry.name)).sort();
  }

  /** A request that the administrator signs. Returns the status. */
  call(method: string, path: string, headers: Record<string, string> = {}, content?: string): Promise<number> {
    return this.send(method, path, headers, content === undefined ? undefined : Buffer.from(content));
  }

  /** Writes an object, over one that is there too. Returns the status. */
  put(path: string, body: Buffer, headers: Record<string, string>): Promise<number> {
    return this.send("PUT", path, headers, body);
  }

  private async send(method: string, path: string, headers: Record<string, string>, body: Buffer | undefined): Promise<number> {
    const url = new URL(`http://127.0.0.1:${this.port}${path}`);
    const md5 = body ? { "content-md5": createHash("md5").update(body).digest("base64") } : {};
    const unsigned = { method, url, headers: { ...headers, ...md5 }, ...(body ? { body } : {}) };
    const signed = signedHeaders(unsigned, { service: "s3", region: REGION, credentials: this.credentials });
    const { host, ...rest } = signed;
    return (await fetch(url, { method, headers: rest, ...(body ? { body } : {}) })).status;
  }

  private async forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const { method = "", url = "", headers } = incoming;
    await this.interfere("arrived", method);
    const answered = await new Promise<Answer>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: this.port, method, path: url, headers }, (received) => {
        const body: Buffer[] = [];
        received.on("data", (part: Buffer) => body.push(part));
        received.on("error", reject);
        received.on("end", () => resolve({ status: received.statusCode ?? 0, headers: received.headers, body: Buffer.concat(body) }));
      });
      sent.on("error", reject);
      sent.end(Buffer.concat(parts));
    });
    await this.interfere("applied", method);
    if (response.destroyed) return;
    const { status, headers: of, body } = this.change(answered, { method, url });
    // The length of a changed body is another.
    const { "content-length": length, ...more } = of;
    response.writeHead(status, body === answered.body ? { ...more, ...(length === undefined ? {} : { "content-length": length }) } : more);
    response.end(body);
  }
}

export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
