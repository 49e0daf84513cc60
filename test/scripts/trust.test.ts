import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { escapeIdentifier, escapeLiteral } from "pg";
import { brokerConnection } from "../../constructs/broker";
import { postgresConnection } from "../../constructs/postgres";
import { redisConnection } from "../../constructs/redis";
import { aPostgres } from "../postgres/postgres";
import { aSpec } from "../secrets/specs";
import type { Body } from "../synth";
import { aWorker, Sent } from "../workload/workloads";
import { onceAs, onServer, type Ran } from "./server";

const CLIENTS = join(process.cwd(), "test/scripts/clients");
const { PGHOST = "", PGPORT = "5432", PGDATABASE = "postgres", PGSSLROOTCERT = "", PATH = "" } = process.env;

/** What a client is run as: after the directory of its language comes its name. */
const LANGUAGES: Readonly<Record<string, { readonly run: (directory: string) => string[]; readonly clients: readonly string[] }>> = {
  node: {
    run: (directory) => ["node", `${directory}/clients.mjs`],
    clients: ["pg", "@prisma/adapter-pg", "postgres", "ioredis", "redis", "nats", "@nats-io/transport-node"],
  },
  python: {
    run: (directory) => [`${directory}/venv/bin/python`, `${CLIENTS}/python/clients.py`],
    clients: ["psycopg", "asyncpg", "redis", "nats-py"],
  },
  go: {
    run: (directory) => [`${directory}/clients`],
    clients: ["github.com/jackc/pgx/v5", "github.com/lib/pq", "github.com/redis/go-redis/v9", "github.com/nats-io/nats.go"],
  },
  java: {
    run: (directory) => ["java", "-cp", `${directory}:${directory}/lib/*`, "Clients"],
    clients: ["postgresql", "lettuce", "jnats"],
  },
};

/** Clients that are one command. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  libpq: ["sh", "-c", 'psql -AXtc "select 1" "$DATABASE_URL" >/dev/null && psql --version'],
  hiredis: ["sh", "-c", 'test "$(redis-cli -u "$REDIS_URL" ping)" = PONG && redis-cli --version'],
  "SQL of Bun": ["bun", "-e", "await new Bun.SQL(process.env.SQL_URL)`select 1`; console.log(Bun.version); process.exit()"],
  "Redis of Bun": ["bun", "-e", "await Bun.redis.ping(); console.log(Bun.version); process.exit()"],
};

/** An authority that signs one certificate, for this machine. */
class Signed {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;

  constructor(directory: string, name: string) {
    const at = (file: string) => join(directory, `${name}.${file}`);
    [this.ca, this.certificate, this.key] = [at("ca"), at("crt"), at("key")];
    const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    openssl("req", "-x509", ...key, "-subj", `/CN=${name}`, "-keyout", at("ca-key"), "-out", this.ca);
    const by = ["-CA", this.ca, "-CAkey", at("ca-key"), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"];
    openssl("req", "-x509", ...key, ...by, ...leaf, "-subj", "/CN=localhost", "-keyout", this.key, "-out", this.certificate);
    for (const file of [this.key, this.certificate]) chmodSync(file, 0o644);
  }
}

const login = { user: `trust_${randomBytes(4).toString("hex")}`, password: randomBytes(12).toString("hex") };
const secret = { secret: aSpec({ name: "login" }), home: "data" };
const JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}?user={user}&password={password}&sslmode=verify-full&sslrootcert={ca}";

/** postgres.js and Bun send parameters that they don't know to the server, which refuses them. They find the bundle as Node does. */
const SQL_URL = "postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full";

/** NATS' clients for Node take no credentials in an address. */
const NATS_JS = { NATS_SERVERS: "{host}:{port}", NATS_USER: "{user}", NATS_PASSWORD: "{password}" };

/** A worker with a database of a CA in a Secret, a cache of a public one, and a broker of a published one. */
function worker(cache: number, broker: number, published: string): Sent {
  const credentials = { user: { ...secret, key: "user" }, password: { ...secret, key: "password" } };
  const users = { migrator: credentials, writer: credentials, reader: credentials };
  const postgres = aPostgres({ writer: PGHOST, port: Number(PGPORT), database: PGDATABASE, users });
  const shared = { host: "localhost", peers: [], user: login.user, password: credentials.password };
  const monitoring = { address: "localhost", account: "orders" };
  return new Sent(
    aWorker({
      connections: [
        { connection: postgresConnection(postgres, "writer"), variables: { DATABASE_URL: "{DATABASE_URL}", JDBC_URL, SQL_URL } },
        { connection: redisConnection({ ...shared, name: "cache", port: cache, clustered: false, authority: "public" }) },
        {
          connection: brokerConnection({
            ...shared,
            name: "broker",
            port: broker,
            protocol: "nats",
            monitoring,
            authority: { pem: published },
          }),
          variables: { NATS_URL: "{NATS_URL}", ...NATS_JS },
        },
      ],
    }),
  );
}

/** A pod's files and variables below a directory, as a kubelet makes them. */
class Pod {
  readonly env: Record<string, string> = {};
  readonly bundled: Ran;

  constructor(
    private readonly root: string,
    { pod, container }: Sent,
    ca: { readonly secret: string; readonly published: string; readonly roots: string },
  ) {
    const [bundle] = pod.initContainers as [Body];
    for (const { name, mountPath } of bundle.volumeMounts) {
      mkdirSync(this.here(mountPath), { recursive: true });
      const { emptyDir, configMap } = pod.volumes.find((volume: Body) => volume.name === name);
      if (emptyDir) chmodSync(this.here(mountPath), 0o777);
      else writeFileSync(join(this.here(mountPath), "ca.crt"), configMap ? ca.published : ca.secret);
    }
    for (const { name, value, valueFrom } of container.env as Body[]) {
      const secretValue = valueFrom && login[valueFrom.secretKeyRef.key as keyof typeof login];
      this.env[name] = secretValue ?? this.here(value.replace(/\$\((\w+)\)/g, (_: string, other: string) => this.env[other]));
    }
    const as = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const command = bundle.command.map((word: string) => this.here(word));
    const [first = "", ...args] = [...as, "busybox", ...command];
    const { status, stdout, stderr } = spawnSync(first, args, { encoding: "utf8", env: { PATH, PUBLIC_ROOTS: ca.roots } });
    this.bundled = { code: status, output: stdout + stderr };
  }

  /** A client with nothing but the pod's variables. */
  run(command: readonly string[]): Promise<Ran> {
    const [first = "", ...args] = command;
    const bin = [dirname(process.execPath), join(process.cwd(), "node_modules/.bin"), PATH].join(":");
    const env = { PATH: bin, HOME: this.root, ...this.env };
    return new Promise((resolve) => {
      const child = spawn(first, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: 50_000 });
      const said = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const) child[stream].on("data", (data) => (said[stream] += data));
      child.on("error", (error) => resolve({ code: null, output: String(error) }));
      child.on("close", (code) => resolve({ code, output: (code === 0 ? said.stdout : said.stdout + said.stderr).trim() }));
    });
  }

  /** Where a path of the pod is on this machine. */
  private here(text: string): string {
    return text.replace(/\/etc\/(connections|trust)\b/g, `${this.root}$&`);
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    }),
  );
}

async function listening(port: number): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const answers = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (answers) return;
  }
  throw new Error(`nothing listens on ${port}`);
}

onServer("clients that were not changed", () => {
  const root = mkdtempSync(join(tmpdir(), "cdktf-cqrs-trust-"));
  // Others than root read it: the container that writes the bundle runs as nobody.
  chmodSync(root, 0o755);
  const servers: ChildProcess[] = [];
  const pods: Partial<Record<"right" | "wrong", Pod>> = {};
  const pod = (which: "right" | "wrong") => pods[which] as Pod;
  spawnSync(join(CLIENTS, "install.sh"), [root]);

  beforeAll(async () => {
    const [cache, broker, other] = ["cache", "broker", "other"].map((name) => new Signed(root, name)) as [Signed, Signed, Signed];
    const [cachePort, brokerPort] = [await freePort(), await freePort()];
    const { user, password } = login;
    writeFileSync(join(root, "acl"), `user ${user} on >${password} ~* &* +@all\nuser default off\n`);
    const certificate = [
      "--tls-cert-file",
      cache.certificate,
      "--tls-key-file",
      cache.key,
      "--tls-auth-clients",
      "no",
      "--tls-ca-cert-file",
      cache.ca,
    ];
    const settings = ["--bind", "127.0.0.1", "--port", "0", "--tls-port", String(cachePort), "--aclfile", join(root, "acl"), "--save", ""];
    servers.push(spawn("redis-server", [...settings, ...certificate, "--dir", root], { stdio: "ignore" }));
    // On a busy machine a client takes longer than the two seconds that the server gives it.
    const tls = `tls { cert_file: "${broker.certificate}", key_file: "${broker.key}", timeout: 60 }`;
    writeFileSync(join(root, "nats.conf"), `${tls}\nauthorization { user: "${user}", password: "${password}", timeout: 60 }\n`);
    servers.push(spawn("nats-server", ["-a", "127.0.0.1", "-p", String(brokerPort), "-c", join(root, "nats.conf")], { stdio: "ignore" }));
    await onceAs({}, `create role ${escapeIdentifier(user)} login password ${escapeLiteral(password)}`);
    await Promise.all([cachePort, brokerPort].map(listening));

    const read = (file: string) => readFileSync(file, "utf8");
    const system = read("/etc/ssl/certs/ca-certificates.crt");
    const sent = worker(cachePort, brokerPort, read(broker.ca));
    const podOf = (name: string, roots: string, secretCa: string, published: string) => {
      const directory = join(root, name);
      mkdirSync(directory);
      writeFileSync(join(directory, "roots.pem"), roots);
      return new Pod(directory, sent, { secret: read(secretCa), published: read(published), roots: join(directory, "roots.pem") });
    };
    pods.right = podOf("right", system + read(cache.ca), PGSSLROOTCERT, broker.ca);
    pods.wrong = podOf("wrong", system, other.ca, other.ca);
  }, 120_000);

  afterAll(async () => {
    for (const server of servers) server.kill();
    await onceAs({}, `drop role if exists ${escapeIdentifier(login.user)}`);
    rmSync(root, { recursive: true });
  });

  it("have a bundle that was written by an unprivileged user", () => {
    expect(pod("right").bundled).toEqual({ code: 0, output: "" });
    expect(pod("wrong").bundled).toEqual({ code: 0, output: "" });
  });

  it("are started with no bundle that lacks a CA", () => {
    const { bundled } = new Pod(join(root, "empty"), worker(1, 1, ""), { secret: "", published: "", roots: join(root, "right/roots.pem") });
    expect(bundled).toEqual({ code: 1, output: expect.stringMatching(/^no certificate in .*\/etc\/connections\/broker\/ca\.crt\n$/) });
  });

  it("find a truststore with the password that Java's own has", () => {
    const trusted = pod("right").env.JDK_JAVA_OPTIONS?.replace(/.*=/, "") ?? "";
    const data = readFileSync(trusted);
    const hash = createHash("sha1")
      .update(Buffer.from("changeit", "utf16le").swap16())
      .update("Mighty Aphrodite")
      .update(data.subarray(0, -20));
    expect(data.subarray(-20).toString("hex")).toBe(hash.digest("hex"));
    const certificates = readFileSync(pod("right").env.SSL_CERT_FILE ?? "", "utf8").match(/-----BEGIN/g);
    expect(data.readUInt32BE(8)).toBe(certificates?.length);
    expect(certificates?.length).toBeGreaterThan(100);
  });

  const known: (readonly [string, readonly string[]])[] = Object.entries(COMMANDS);
  for (const [language, { run, clients }] of Object.entries(LANGUAGES)) {
    const directory = join(root, language);
    const reason = existsSync(join(directory, "REASON")) ? readFileSync(join(directory, "REASON"), "utf8").trim() : undefined;
    if (reason === undefined) known.push(...clients.map((name) => [`${name} of ${language}`, [...run(directory), name]] as const));
    else {
      process.stderr.write(`SKIPPED clients of ${language}: ${reason}\n`);
      it.skip.each(clients)(`%s of ${language} verifies a server by its CA, and refuses one of another`, () => {});
    }
  }

  it.each(known)("%s verifies a server by its CA, and refuses one of another", async (name, command) => {
    const [accepted, refused] = await Promise.all([pod("right").run(command), pod("wrong").run(command)]);
    expect(accepted).toEqual({ code: 0, output: expect.stringMatching(/\d+\.\d+/) });
    process.stderr.write(`${name}: ${accepted.output}\n`);
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.output).toMatch(/certif|unknown authority|PKIX|verif/i);
  });
});
