import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { AS_POSTGRES, type Ran, runScript, scripts } from "./server";

/** `.ci/scripts` starts an S3 API, and names it, the packages of barman and the programs of PostgreSQL. */
const { S3_ENDPOINT = "", BARMAN = "", POSTGRES_BIN = "" } = process.env;

/** Tests of archives: skipped, and said so, where a program is missing. */
export function onArchive(name: string, tests: () => void): void {
  if (S3_ENDPOINT && BARMAN && POSTGRES_BIN) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`SKIPPED ${name}: S3_ENDPOINT, BARMAN and POSTGRES_BIN name no archive\n`);
  describe.skip(name, tests);
}

const PYTHON = "/usr/bin/python3";

/** Each file of tests has its own. */
export const BUCKET = `backups-${randomBytes(3).toString("hex")}`;

const DESTINATION = `s3://${BUCKET}/orders-test/event-store`;
const SERVER = "event-store";

/** It is there from the beginning: a new one would be a long log. */
const DATABASE = "postgres";

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  PYTHONPATH: BARMAN,
  PYTHONDONTWRITEBYTECODE: "1",
  HOME: tmpdir(),
  AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY,
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
  AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
  ...more,
});

/** A program as the server's user. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const [first = program, ...rest] = [...AS_POSTGRES, program, ...args];
  try {
    return (await promisify(execFile)(first, rest, { env: env(), maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stderr = "", code } = error as { stderr?: string; code?: number };
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${stderr}`);
  }
}

const barman = (client: string, ...args: readonly string[]) =>
  run(PYTHON, "-m", `barman.clients.${client}`, "--endpoint-url", S3_ENDPOINT, ...args);

async function killed(begun: () => Promise<boolean>, after: number, client: string, ...args: readonly string[]): Promise<void> {
  const [program = "", ...rest] = [...AS_POSTGRES, PYTHON, "-m", `barman.clients.${client}`, "--endpoint-url", S3_ENDPOINT, ...args];
  const child = spawn(program, rest, { env: env(), stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  while (child.exitCode === null && !(await begun())) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, after));
  // With all processes that it started.
  if (child.exitCode === null) process.kill(-(child.pid ?? 0), "SIGKILL");
  if ((await ended) !== "SIGKILL") throw new Error(`${client} ended before it was killed: ${said}`);
}

/** Number of uploads that have begun and not ended, those of killed backups among them. */
async function uploads(): Promise<number> {
  return Number(await python("print(len(s3.list_multipart_uploads(Bucket=bucket).get('Uploads', [])))"));
}

/** Objects of the archive by key, through the same API. */
export class Archive {
  static async begin(): Promise<Archive> {
    await python("s3.create_bucket(Bucket=bucket)");
    return new Archive();
  }

  async keys(part: string): Promise<readonly string[]> {
    const listed = await python("print(json.dumps([one['Key'] for one in s3.list_objects_v2(Bucket=bucket).get('Contents', [])]))");
    return (JSON.parse(listed) as string[]).filter((key) => key.includes(part)).sort();
  }

  /** The same object with one other byte, and back again. */
  async flip(key: string, at: "middle" | { readonly path: string; readonly offset: number }): Promise<() => Promise<void>> {
    const place = at === "middle" ? "" : ` ${at.path} ${at.offset}`;
    await python(FLIP, `${key}${place}`);
    return async () =>
      void (await python(
        "s3.put_object(Bucket=bucket, Key=args[0], Body=open(saved(args[0]), 'rb').read()); os.remove(saved(args[0]))",
        key,
      ));
  }
}

/** In the middle of the object as it lies there, or of a file in the compressed tar that it is. */
const FLIP = `
key, *place = args
body = s3.get_object(Bucket=bucket, Key=key)['Body'].read()
open(saved(key), 'wb').write(body)
if place:
    body = bytearray(gzip.decompress(body))
    member = tarfile.open(fileobj=io.BytesIO(body)).getmember(place[0])
    at = member.offset_data + int(place[1])
else:
    body, at = bytearray(body), len(body) // 2
body[at] ^= 0xff
s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(bytes(body), 1) if place else bytes(body))
`;

async function python(program: string, args = ""): Promise<string> {
  const before = [
    "import boto3, gzip, io, json, os, sys, tarfile, tempfile",
    "s3, bucket, args = boto3.client('s3', endpoint_url=sys.argv[1]), sys.argv[2], sys.argv[3].split()",
    "saved = lambda key: os.path.join(tempfile.gettempdir(), 'flipped-' + key.replace('/', '-'))",
  ];
  return run(PYTHON, "-c", [...before, program].join("\n"), S3_ENDPOINT, BUCKET, args);
}

/** A PostgreSQL server with an archive, in a directory that goes with it. */
export class ArchivedServer {
  readonly directory = mkdtempSync(join(tmpdir(), "pg-"));
  readonly data = join(this.directory, "data");
  /** With all that the environment says of another server. */
  private readonly login = { host: this.directory, port: 5432, user: "postgres", database: DATABASE, password: "", ssl: false };
  private process: ChildProcess | undefined;
  private clients: Client[] = [];
  private options: readonly string[] = [];

  constructor() {
    if (AS_POSTGRES.length > 0) spawnSync("chown", ["postgres:", this.directory]);
  }

  /** An empty server with tables of events, which archives its log as the plugin of CloudNativePG does. */
  async create(): Promise<void> {
    await run(
      join(POSTGRES_BIN, "initdb"),
      "--data-checksums",
      "--wal-segsize=1",
      "--username=postgres",
      "--auth=trust",
      "--no-sync",
      "--locale=C",
      "--encoding=UTF8",
      this.data,
    );
    const archive = `${PYTHON} -m barman.clients.cloud_walarchive --gzip --endpoint-url ${S3_ENDPOINT} ${DESTINATION} ${SERVER} %p`;
    await this.start("-c", "archive_mode=on", "-c", `archive_command=${archive}`);
    await this.query("create role writer", "create role reader");
    for (const file of ["0001-events.sql", "0002-bounds.sql"]) {
      await run(
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--host",
        this.directory,
        "--username",
        "postgres",
        "--set",
        "ON_ERROR_STOP=on",
        "--set",
        "writer=writer",
        "--set",
        "reader=reader",
        "--dbname",
        DATABASE,
        "--file",
        this.readable(join(scripts, "event-store/sql", file)),
      );
    }
  }

  /** A server from the archive, with a target or without any, as far as it comes. */
  async restore(target: Readonly<Record<string, string>>): Promise<void> {
    await barman("cloud_restore", DESTINATION, SERVER, "nightly", this.data);
    const fetch = `${PYTHON} -m barman.clients.cloud_walrestore --endpoint-url ${S3_ENDPOINT} ${DESTINATION} ${SERVER} %f %p`;
    const settings = { restore_command: fetch, recovery_target_action: "promote", ...target };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.data, "recovery.signal"), "");
    writeFileSync(join(this.data, "postgresql.auto.conf"), lines.join(""));
    if (AS_POSTGRES.length > 0) spawnSync("chown", ["-R", "postgres:", this.data]);
    await this.start("-c", "archive_mode=off");
  }

  async backUp(): Promise<void> {
    await barman("cloud_backup", ...this.backup());
  }

  /** A backup that is killed some milliseconds after its first part was sent. */
  async backUpKilled(after: number): Promise<void> {
    // Of several parts, which take seconds on any machine.
    const filler = join(this.data, "filler");
    writeFileSync(filler, randomBytes(2 ** 25));
    const slowly = ["--max-bandwidth", "4MB"];
    const before = await uploads();
    await killed(async () => (await uploads()) > before, after, "cloud_backup", ...slowly, ...this.backup());
    rmSync(filler);
  }

  /** A restore of the base backup that is killed some milliseconds after its directory has files. */
  async restoreKilled(after: number): Promise<void> {
    const begun = async () => existsSync(this.data) && readdirSync(this.data).length > 0;
    await killed(begun, after, "cloud_restore", DESTINATION, SERVER, "nightly", this.data);
  }

  private backup(): readonly string[] {
    const login = ["--host", this.directory, "--user", "postgres"];
    return ["--gzip", "--immediate-checkpoint", "--name", "nightly", ...login, DESTINATION, SERVER];
  }

  /** Ends when the server serves, or when it has ended. */
  private async start(...args: readonly string[]): Promise<void> {
    const [program = "", ...rest] = [
      ...AS_POSTGRES,
      join(POSTGRES_BIN, "postgres"),
      "-D",
      this.data,
      "-h",
      "",
      "-k",
      this.directory,
      "-c",
      "fsync=off",
      ...args,
    ];
    const child = spawn(program, rest, { env: env(), stdio: ["ignore", "ignore", "pipe"] });
    [this.process, this.options] = [child, args];
    let said = "";
    child.stderr?.on("data", (data) => {
      said += data;
    });
    for (;;) {
      if (child.exitCode !== null) throw new Error(said);
      const [row] = await this.query("select pg_is_in_recovery() as recovers").catch(() => []);
      if (row?.recovers === false) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Kills the server, and starts it again as soon as its processes are gone. */
  async crash(): Promise<void> {
    const ended = new Promise((resolve) => this.process?.once("exit", resolve));
    this.process?.kill("SIGKILL");
    await ended;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.start(...this.options);
      } catch (error) {
        if (attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** As a lost node: nothing is written any more, and nothing is left. */
  destroy(): void {
    this.process?.kill("SIGQUIT");
    this.process?.removeAllListeners();
    this.process = undefined;
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async client(): Promise<Client> {
    const client = new Client(this.login);
    client.on("error", () => {});
    await client.connect();
    this.clients.push(client);
    return client;
  }

  async query(...statements: readonly string[]): Promise<readonly Record<string, any>[]> {
    const client = new Client(this.login);
    client.on("error", () => {});
    await client.connect();
    try {
      let rows: readonly Record<string, any>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }

  /** The script of the jobs, as their container runs it. */
  records(action: "record" | "verify", record = ""): Promise<Ran> {
    const credentials = join(this.directory, "credentials");
    mkdirSync(credentials, { recursive: true });
    for (const [name, value] of Object.entries({ user: "postgres", password: "none" })) writeFileSync(join(credentials, name), value);
    const directory = join(scripts, "event-store/records");
    const settings = {
      SCRIPTS: directory,
      CREDENTIALS: credentials,
      RECORD: record,
      TMPDIR: this.directory,
      PGHOST: this.directory,
      PGDATABASE: DATABASE,
    };
    return runScript(join(directory, "records.sh"), { PATH: process.env.PATH, ...settings }, [action]);
  }

  /** A copy that the server's user can read. */
  private readable(file: string): string {
    const copy = join(this.directory, file.split("/").at(-1) ?? "");
    if (!existsSync(copy)) cpSync(file, copy);
    return copy;
  }
}
