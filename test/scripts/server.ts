import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientConfig, escapeLiteral } from "pg";

const { PGHOST, PGPORT = "5432", PGSSLROOTCERT } = process.env;

/** Beginning of a command of a program that won't run as root, such as a server of PostgreSQL. */
export const AS_POSTGRES = process.getuid?.() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

/** Tests that need a server: skipped, and said so, where the environment names none. */
export function onServer(name: string, tests: () => void): void {
  if (PGHOST) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`SKIPPED ${name}: PGHOST names no server\n`);
  describe.skip(name, tests);
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

const ROLES = ["migrator", "writer", "reader"] as const;
type Role = (typeof ROLES)[number];

export type Logins = Readonly<Record<Role, Login>>;

export const scripts = join(__dirname, "../../constructs");

/** What a script said, and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A database on the server that the environment names, with clients that stay connected until it is gone. */
export class Database {
  /** What goes with it, once it has begun. */
  directory = "";
  readonly administrator: Login;
  logins: Logins;
  private readonly clients: Client[] = [];

  constructor(readonly name: string) {
    this.administrator = { user: `${name}_administrator`, password: password() };
    this.logins = { migrator: this.login("migrator"), writer: this.login("writer"), reader: this.login("reader") };
  }

  /** A user of a role, with a new password. */
  login(role: Role, which: "a" | "b" = "a"): Login {
    return { user: `${this.name}_${role}_${which}`, password: password() };
  }

  /** An administrator as managed engines have them: no superuser, but one who makes roles and databases. */
  async begin(): Promise<void> {
    this.directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-sql-"));
    const { user, password } = this.administrator;
    await onceAs({}, `create role ${user} login createrole createdb password ${escapeLiteral(password)}`);
  }

  /** The job that sets up roles, as its container runs it. */
  roles(more: NodeJS.ProcessEnv = {}, ...args: readonly string[]): Promise<Ran> {
    const credentials = this.mount({ administrator: this.administrator, ...this.logins });
    const settings = {
      SCRIPTS: join(scripts, "postgres/sql"),
      CREDENTIALS: credentials,
      DATABASE: this.name,
      MAINTENANCE_DATABASE: "postgres",
      OVERLAP: "24 hours",
      MIGRATOR: `${this.name}_migrator`,
      WRITER: `${this.name}_writer`,
      READER: `${this.name}_reader`,
      ...more,
    };
    return this.run(join(scripts, "postgres/roles.sh"), settings, args);
  }

  /** The job that migrates, as its container runs it. */
  migrate(directory = join(scripts, "event-store/sql"), more: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const files = mkdtempSync(join(this.directory, "scripts-"));
    for (const from of [join(scripts, "postgres/migrations"), directory]) cpSync(from, files, { recursive: true });
    return this.run(join(files, "migrate.sh"), {
      MIGRATIONS: files,
      CREDENTIALS: join(this.mount(this.logins), "migrator"),
      PGDATABASE: this.name,
      WRITER: `${this.name}_writer`,
      READER: `${this.name}_reader`,
      ...more,
    });
  }

  /** The job of a read model's slots, as its container runs it. */
  slots(action: string, settings: NodeJS.ProcessEnv): Promise<Ran> {
    const defaults = {
      SCRIPTS: join(scripts, "projection/slots"),
      CREDENTIALS: join(this.mount(this.logins), "migrator"),
      PGDATABASE: this.name,
      FORCED: "false",
      WITHIN: "0 seconds",
      EVERY: "0.1",
    };
    return this.run(join(scripts, "projection/slots/slots.sh"), { ...defaults, ...settings }, [action]);
  }

  async as(role: Role | Login, database = this.name): Promise<Client> {
    const client = new Client(configOf({ ...(typeof role === "string" ? this.logins[role] : role), database }));
    // A server that ends a session says so here; whoever uses the client is told as well.
    client.on("error", () => {});
    await client.connect();
    this.clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end().catch(() => {})));
    rmSync(this.directory, { recursive: true });
    await onceAs({}, `drop database if exists ${this.name} with (force)`);
    const roles = ROLES.flatMap((role) => ["_a", "_b", ""].map((user) => `${this.name}_${role}${user}`));
    for (const role of [...roles, this.administrator.user]) await onceAs({}, `drop role if exists ${role}`);
  }

  /** Secrets as a volume shows them. */
  private mount(credentials: Readonly<Record<string, Login>>): string {
    const root = mkdtempSync(join(this.directory, "credentials-"));
    for (const [name, { user, password }] of Object.entries(credentials)) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, "user"), user);
      writeFileSync(join(root, name, "password"), password);
    }
    return root;
  }

  private run(script: string, settings: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Ran> {
    const env = {
      PATH: process.env.PATH,
      TMPDIR: mkdtempSync(join(this.directory, "tmp-")),
      PGHOST,
      PGPORT,
      PGSSLMODE: PGSSLROOTCERT ? "verify-full" : "prefer",
      ...(PGSSLROOTCERT ? { PGSSLROOTCERT } : {}),
      ...settings,
    };
    return runScript(script, env, args);
  }
}

/** A script under the shell of the image, without a terminal. */
export function runScript(script: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn("busybox", ["sh", script, ...args], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    child.on("error", (error) => resolve({ code: null, output: String(error) }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** One statement of the server's own superuser, or of somebody else. */
export async function onceAs(who: ClientConfig, statement: string): Promise<readonly Record<string, any>[]> {
  const client = new Client(configOf(who));
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** With what no shell, URL or password file leaves alone. */
function password(): string {
  return `${randomBytes(12).toString("hex")}:\\'"$`;
}

/** What a client is told that is none of ours comes from the environment: PGUSER, PGPASSWORD, PGDATABASE. */
export function configOf(more: ClientConfig): ClientConfig {
  return { ssl: PGSSLROOTCERT ? { ca: readFileSync(PGSSLROOTCERT, "utf8") } : false, ...more };
}
