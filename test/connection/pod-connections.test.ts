import { type Connection, podConnections, type RequestedConnection } from "../../constructs/connection";
import { postgresConnection } from "../../constructs/postgres";
import { redisConnection } from "../../constructs/redis";
import { aPostgres } from "../postgres/postgres";
import { aSpec } from "../secrets/specs";

const password = { secret: aSpec({ name: "cache-client" }), home: "data", key: "password" };

const database = postgresConnection(aPostgres(), "writer");
const cache = redisConnection({
  name: "cache",
  host: "cache.example.com",
  clustered: true,
  authority: "public",
  peers: [{ cidr: "10.0.0.0/16" }],
  user: "orders",
  password,
});

const asked = (...wanted: readonly RequestedConnection[]) => podConnections({}, wanted);
const told = (variables: Readonly<Record<string, string>>, changes: Partial<Connection> = {}) =>
  asked({ connection: { ...database, ...changes }, variables });
const valueFor = (template: string, changes: Partial<Connection> = {}) =>
  told({ IT: template }, changes).env.find(({ name }) => name === "IT")?.value;
const said = ({ problems }: ReturnType<typeof podConnections>) =>
  problems.map(({ value, rule, remedy }) => `${JSON.stringify(value)} ${rule}; ${remedy}`);

describe("the connections of a pod", () => {
  it("are nothing where nothing is asked for", () => {
    expect(asked()).toEqual({
      env: [],
      trust: {},
      volumes: [],
      mounts: [],
      initContainers: [],
      egress: [],
      secrets: [],
      authorities: [],
      configMaps: [],
      problems: [],
    });
  });

  it("bring variables by the platform's names, put together in the pod from secrets that are not known before", () => {
    expect(asked({ connection: database }, { connection: cache }).env).toEqual([
      { name: "CONNECTION_CACHE_PASSWORD", valueFrom: { secretKeyRef: { name: "cache-client", key: "password" } } },
      { name: "CONNECTION_READ_DATABASE_PASSWORD", valueFrom: { secretKeyRef: { name: "orders-writer", key: "password" } } },
      { name: "CONNECTION_READ_DATABASE_USER", valueFrom: { secretKeyRef: { name: "orders-writer", key: "user" } } },
      {
        name: "DATABASE_URL",
        value:
          "postgresql://$(CONNECTION_READ_DATABASE_USER):$(CONNECTION_READ_DATABASE_PASSWORD)@writer.example.com:5432/orders" +
          "?sslmode=verify-full&sslrootcert=/etc/connections/read-database/ca.crt",
      },
      { name: "REDIS_CA", value: "/etc/trust/bundle.pem" },
      { name: "REDIS_CLUSTER", value: "true" },
      { name: "REDIS_URL", value: "rediss://orders:$(CONNECTION_CACHE_PASSWORD)@cache.example.com:6379" },
    ]);
  });

  it.each([
    [
      "a connection string of .NET",
      "ConnectionStrings__PostgreSQL",
      "Host={host};Port={port};Database={database};Username={user};Password={password};SSL Mode=VerifyFull;Root Certificate={ca}",
      "Host=writer.example.com;Port=5432;Database=orders;Username=$(CONNECTION_READ_DATABASE_USER);" +
        "Password=$(CONNECTION_READ_DATABASE_PASSWORD);SSL Mode=VerifyFull;Root Certificate=/etc/connections/read-database/ca.crt",
    ],
    ["an address", "POSTGRES_SERVICE_ADDRESS", "{host}:{port}", "writer.example.com:5432"],
    ["the platform's under another name", "READ_MODEL_URL", "{DATABASE_URL}", expect.stringMatching(/^postgresql:\/\/\$\(/)],
    ["a text with braces of its own", "SETTINGS", '{ "host": "{host}" }', '{ "host": "writer.example.com" }'],
  ])("are told as %s", (_, name, template, value) => {
    const { env, problems } = told({ [name]: template });
    expect(problems).toEqual([]);
    expect(env.filter((variable) => !variable.name.startsWith("CONNECTION_"))).toEqual([{ name, value }]);
  });

  it("give a variable that is nothing but a secret straight from it", () => {
    expect(told({ DB_PASSWORD: "{password}" }).env).toEqual([
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "orders-writer", key: "password" } } },
    ]);
  });

  it("leave what looks like a variable of Kubernetes as it was meant", () => {
    expect(valueFor("a$b $(HOME) {port}")).toBe("a$$b $$(HOME) 5432");
    expect(valueFor("$$")).toBe("$$$$");
    expect(valueFor("${password}", { facts: { ...database.facts, password: "x" } })).toBe("$$x");
  });

  it("leave values of another stack to Terraform", () => {
    const facts = { ...database.facts, host: "${TfToken[TOKEN.7]}" };
    expect(valueFor("$(HOME) {host}:{port}", { facts })).toBe("$$(HOME) ${TfToken[TOKEN.7]}:5432");
  });

  it("mount certificates of a secret, and nothing else of it", () => {
    const { volumes, mounts, authorities } = asked({ connection: database });
    expect(volumes[0]).toEqual({
      name: "connection-read-database",
      secret: { secretName: "read-database-ca", items: [{ key: "ca.crt", path: "ca.crt" }], defaultMode: "0444" },
    });
    expect(mounts[0]).toEqual({ name: "connection-read-database", mountPath: "/etc/connections/read-database", readOnly: true });
    expect(authorities).toEqual([{ home: "data", secretName: "read-database-ca", key: "ca.crt" }]);
  });

  it("mount certificates that may be seen from a ConfigMap, which is asked for", () => {
    const { volumes, configMaps, authorities } = asked({ connection: { ...database, authority: { pem: "PEM" } } });
    expect(volumes[0]).toEqual({ name: "connection-read-database", configMap: { name: "read-database-authority", defaultMode: "0444" } });
    expect(configMaps).toEqual([{ name: "read-database-authority", data: { "ca.crt": "PEM" } }]);
    expect(authorities).toEqual([]);
  });

  it("have one bundle of all authorities and the public roots, which a container writes first", () => {
    const { volumes, mounts, initContainers } = asked({ connection: cache }, { connection: database });
    expect(volumes.at(-1)).toEqual({ name: "trust-bundle", emptyDir: { sizeLimit: "8Mi" } });
    expect(mounts.at(-1)).toEqual({ name: "trust-bundle", mountPath: "/etc/trust", readOnly: true });
    expect(initContainers.map(({ name }) => name)).toEqual(["trust-bundle", "wait-for-connections"]);
    const [bundle] = initContainers;
    expect(bundle?.command.slice(3)).toEqual(["trust-bundle", "/etc/trust", "/etc/connections/read-database/ca.crt"]);
    expect(bundle?.volumeMount).toEqual([
      { name: "connection-read-database", mountPath: "/etc/connections/read-database", readOnly: true },
      { name: "trust-bundle", mountPath: "/etc/trust" },
    ]);
    // Kubernetes would look for variables in it, Terraform for expressions.
    expect(bundle?.command[2]).not.toMatch(/\$\(|\$\$|[$%]\{/);
    expect(bundle).toMatchObject({
      resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
      securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, readOnlyRootFilesystem: true, runAsUser: "65534" },
    });
  });

  it("tell runtimes where the bundle is", () => {
    expect(asked({ connection: database }).trust).toEqual({
      SSL_CERT_FILE: "/etc/trust/bundle.pem",
      NODE_EXTRA_CA_CERTS: "/etc/trust/bundle.pem",
      REQUESTS_CA_BUNDLE: "/etc/trust/bundle.pem",
      AWS_CA_BUNDLE: "/etc/trust/bundle.pem",
      CURL_CA_BUNDLE: "/etc/trust/bundle.pem",
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "/etc/trust/bundle.pem",
      JDK_JAVA_OPTIONS: "-Djavax.net.ssl.trustStore=/etc/trust/truststore.jks",
    });
  });

  it("have a bundle of public roots where all authorities are public", () => {
    const { volumes, initContainers, configMaps, authorities } = asked({ connection: cache });
    expect(volumes.map(({ name }) => name)).toEqual(["trust-bundle"]);
    expect(initContainers.map(({ command }) => command.slice(3))).toEqual([["trust-bundle", "/etc/trust"]]);
    expect({ configMaps, authorities }).toEqual({ configMaps: [], authorities: [] });
  });

  it("have no bundle where nothing uses TLS, nor where the image is the platform's own", () => {
    const { authority: _, ...clear } = database;
    expect(asked({ connection: clear })).toMatchObject({ trust: {}, volumes: [], mounts: [] });
    const own = podConnections({}, [{ connection: database }, { connection: cache }], { trustBundle: false });
    expect(own).toMatchObject({ trust: {}, volumes: [{ name: "connection-read-database" }] });
    expect(own.initContainers.map(({ name }) => name)).toEqual(["wait-for-connections"]);
    expect(own.env).toContainEqual({ name: "REDIS_CA", value: "/etc/ssl/certs/ca-certificates.crt" });
  });

  it("say which secrets have to be in the namespace, each once", () => {
    expect(asked({ connection: database }, { connection: cache }).secrets.map(({ secret, home }) => `${home}/${secret.name}`)).toEqual([
      "data/orders-writer",
      "data/cache-client",
    ]);
    expect(told({ HOST: "{host}" }).secrets).toEqual([]);
  });

  it("open the ways out", () => {
    expect(asked({ connection: cache }).egress).toEqual([{ name: "cache", peer: [{ cidr: "10.0.0.0/16" }], ports: [6379] }]);
  });

  it("are not waited for where a workload can do without", () => {
    expect(asked({ connection: cache }).initContainers.map(({ name }) => name)).toEqual(["trust-bundle"]);
    expect(asked({ connection: database }, { connection: cache }).initContainers[1]?.command.slice(3)).toEqual([
      "wait",
      "read-database",
      "writer.example.com",
      "5432",
    ]);
  });

  it("are waited for by a container that may do nothing else", () => {
    const kept = { ...cache, name: "sessions", ready: { host: "sessions.example.com", port: 6379 } };
    const [, wait, ...more] = asked({ connection: kept }, { connection: database }).initContainers;
    expect(more).toEqual([]);
    expect(wait?.command.slice(3)).toEqual([
      "wait",
      "read-database",
      "writer.example.com",
      "5432",
      "sessions",
      "sessions.example.com",
      "6379",
    ]);
    // Kubernetes would look for variables in it, Terraform for expressions.
    expect(wait?.command[2]).not.toMatch(/\$\(|\$\$|[$%]\{/);
    expect(wait).toMatchObject({
      env: [{ name: "WAIT", value: "300" }],
      resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
      securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, readOnlyRootFilesystem: true },
      terminationMessagePolicy: "FallbackToLogsOnError",
    });
  });

  it("don't claim a variable twice", () => {
    expect(said(asked({ connection: database }, { connection: { ...database, name: "write-database" } }))).toEqual([
      '"DATABASE_URL" is a variable of read-database and of write-database; give it another name in the variables of one of them',
    ]);
    expect(
      said(
        asked(
          { connection: database },
          { connection: { ...database, name: "write-database" }, variables: { WRITE_URL: "{DATABASE_URL}" } },
        ),
      ),
    ).toEqual([]);
  });

  it("have different names", () => {
    expect(said(asked({ connection: { ...database, variables: {} } }, { connection: { ...database, variables: {} } }))).toEqual([
      '"read-database" is the name of two connections; give one of them another',
    ]);
    expect(said(told({}, { name: "Read_Database" }))).toEqual([
      '"Read_Database" is not a valid connection name; use up to 50 lower-case letters, digits and hyphens',
    ]);
  });

  it("know what a template asks for", () => {
    expect(said(told({ URL: "http://{hots}" }))).toEqual([
      '"{hots}" of URL is not known of read-database; use one of {host}, {port}, {database}, {user}, {password}, {ca}, {DATABASE_URL}',
    ]);
    const { authority: _, ...clear } = { ...database, variables: {} };
    expect(said(asked({ connection: clear, variables: { CA: "{ca}" } }))).toEqual([
      '"{ca}" of CA is not known of read-database; use one of {host}, {port}, {database}, {user}, {password}',
    ]);
    expect(said(told({ IT: "{constructor}" }))).toHaveLength(1);
  });

  it("leave nothing for Terraform to fill in by mistake", () => {
    expect(said(told({ URL: "${host}" }))).toEqual(['"${host}" of URL would be read as a template by Terraform; leave out ${ and %{']);
  });

  it("are told in variables that a shell knows", () => {
    expect(said(told({ "1ST URL": "{host}" }))).toEqual([
      '"1ST URL" is not a valid variable name; use letters, digits and _, not beginning with a digit',
    ]);
  });

  it("don't need two secrets of one name in one namespace", () => {
    const elsewhere = {
      ...cache,
      name: "store",
      facts: { ...cache.facts, password: { ...password, home: "shop" } },
      variables: { P: "{password}" },
    };
    expect(said(asked({ connection: cache }, { connection: elsewhere }))).toEqual([
      '"cache-client" is a secret of data and another of shop, and a namespace has one of a name; give one of them another name',
    ]);
  });
});
