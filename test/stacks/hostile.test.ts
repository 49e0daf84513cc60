import * as fc from "fast-check";
import type { Environment } from "../../stacks";
import { VARIETY } from "../cluster/varieties";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { hostileValues, placesIn, replaced } from "../hostile";
import { synthesisOf } from "../program";
import { runs } from "../thorough";

const { accounts } = program;
const app = { image: "registry.example.com/venta/app:1.0.0", replicas: 1 };

/** An environment that is written as stores and domains. */
const general = anEnvironment({
  aws: undefined,
  cluster: { context: "kind" },
  stores: {
    postgres: { engine: "cloudnative-pg" },
    ledger: { engine: "postgres", server: { engine: "cloudnative-pg" } },
    nats: { engine: "nats" },
  },
  domains: {
    base: {
      env: { LEVEL: "info" },
      services: {
        api: { ...app, paths: ["/"], hosts: ["api.example.com"], uses: ["postgres"], calls: ["inner"], ports: { other: 9090 } },
        inner: app,
      },
      jobs: {
        migrate: { image: app.image, when: "before", per: "slot", uses: [{ store: "postgres", as: "migrator" }] },
        nightly: { image: app.image, when: { schedule: "0 2 * * *" }, uses: ["nats"] },
      },
      projections: {
        search: {
          image: app.image,
          workers: 1,
          parallelism: 1,
          uses: ["ledger", "postgres"],
          readModel: { slots: { a: { partitions: 1 } } },
        },
      },
    },
    later: { after: ["base"], workers: { files: { ...app, volumes: { "/data": { size: "1Gi" } }, scaleOn: { cpu: 70 } } } },
  },
  exceptions: { disposable: "a test" },
});

const environments = [...program.environments, ...VARIETY.environments, general, general, general].map((environment) => ({
  environment,
  places: placesIn(environment),
}));
const values = hostileValues();

/** A sound environment, and up to three places in it at which something else stands. */
const hostile = fc.constantFrom(...environments).chain(({ environment, places }) =>
  fc
    .array(fc.tuple(fc.constantFrom(...places), fc.constantFrom(...Object.keys(values))), { minLength: 1, maxLength: 3 })
    .map((changes) => ({
      changes,
      environment: changes.reduce<unknown>((changed, [place, what]) => replaced(changed, place, values[what]), environment),
    })),
);

const complaints = (changes: object) => errorsOf(aProgram(anEnvironment(changes)));

describe("whatever stands in an environment", () => {
  // A pattern that takes minutes for a long text would not end within a test's time.
  it("is accepted, or answered in lines of one form that begin with its path", () => {
    fc.assert(
      fc.property(hostile, ({ environment }) => {
        for (const line of errorsOf({ accounts, environments: [environment as Environment] })) {
          expect(line).toMatch(/^(environments|[\w-]+)\S{0,300}[^:]*: [^\n]{1,900}; [^\n]+$/);
        }
      }),
      { numRuns: runs(300), seed: 12 },
    );
  });

  it.each<[string, object, readonly string[]]>([
    [
      "a list of nobody",
      { access: { administrators: [] }, cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } } },
      ["test.access.administrators: [] is empty; name roles by their ARN, or leave it out"],
    ],
    [
      "a network without a kind of subnets",
      {
        aws: {
          ...anEnvironment().aws,
          network: {
            vpc: "vpc-0a1b2c3d4e5f67890",
            subnets: { public: [], private: ["subnet-0a1b2c3d4e5f67890"], data: ["subnet-0a1b2c3d"] },
          },
        },
      },
      ["test.aws.network.subnets.public: [] is empty; name one for each zone"],
    ],
    [
      "a hole in a list",
      { cluster: { context: "kind" }, encryptedFields: [undefined, "ssn"] },
      ["test.encryptedFields[0]: is missing; write a word or more"],
    ],
    [
      "more items than there can be",
      { cluster: { context: "kind" }, encryptedFields: Array.from({ length: 1001 }, (_, index) => `field${index}`) },
      ["test.encryptedFields: has 1001 items; use up to 1000"],
    ],
    [
      "an object in itself",
      { cluster: { context: "kind" }, authorization: values["an object in itself"] },
      ["test.authorization.itself: contains itself; write out what it holds"],
    ],
    [
      "a value that can't be read",
      { cluster: { context: "kind" }, authorization: values["a value that can't be read"], backup: values["a proxy that can't be read"] },
      ["test.authorization.unreadable: can't be read; write a plain value", "test.backup: can't be read; write a plain value"],
    ],
    [
      "an instance of a class",
      {
        cluster: { context: "kind" },
        exceptions: {},
        cache: values["an instance of a class"],
        authorization: new Map([["CreateOrder", ["user"]]]),
      },
      ["test.cache: is an instance of Settings; write { … } or [ … ]", "test.authorization: is an instance of Map; write { … } or [ … ]"],
    ],
    [
      "names that every object has",
      {
        aws: undefined,
        cluster: { context: "kind" },
        domains: {
          constructor: { workers: { mails: app } },
          shop: { workers: { prototype: app, mails: { ...app, env: JSON.parse('{"__proto__": "a"}') } } },
        },
        exceptions: { disposable: "a test" },
      },
      ["constructor", "shop.workers.prototype", "shop.workers.mails.env.__proto__"].map(
        (place) => `test.domains.${place}: can't be a key, because every JavaScript object has it; use another name`,
      ),
    ],
    [
      "names that are booleans in charts",
      {
        aws: undefined,
        cluster: { context: "kind" },
        stores: { on: { engine: "valkey" } },
        domains: { null: { workers: { y: { ...app, uses: ["on"] } } } },
        exceptions: { disposable: "a test" },
      },
      [
        'test.stores.on: "on"',
        'test.domains.null: "null"',
        'test.domains.null.workers.y: "y"',
        'test.domains.null.workers.y.uses[0]: "on"',
      ].map((found) => `${found} is a boolean or null in YAML, in which charts write it; choose another`),
    ],
    [
      "addresses that clients read in different ways, or that have credentials",
      {
        aws: undefined,
        cluster: { context: "kind" },
        state: { backend: "http", address: "https://operator:secret@git.example.com/state" },
        authentication: { issuer: "https://login..example.com", audience: "orders", jwks: "https://login.example.com:99999/keys" },
        monitoring: { runbooks: "https://git.example.com\\x", telemetry: { endpoint: "http://-a.example.com:4317", namespace: "traces" } },
      },
      [
        'test.monitoring.runbooks: "https://git.example.com\\\\x" is not a valid address; write one that begins with https://',
        'test.monitoring.telemetry.endpoint: "http://-a.example.com:4317" is not a valid address; write one like http://collector.monitoring.svc:4317',
        'test.authentication.issuer: "https://login..example.com" is not a valid address; write one that begins with https://',
        'test.authentication.jwks: "https://login.example.com:99999/keys" is not a valid address; write one that begins with https://',
        'test.state.address: "https://operator:secret@git.example.com/state" has credentials, which are stored in plaintext with it; leave them out',
      ],
    ],
    [
      "numbers that are none, and times that no API counts",
      {
        aws: undefined,
        cluster: { context: "kind" },
        eventStore: {
          engine: "kurrentdb",
          options: { READER_THREADS_COUNT: Number.NaN },
          persistentSubscriptions: [{ stream: "orders", group: "billing", messageTimeout: "25h" }],
        },
        commandApi: { image: app.image, replicas: 1, terminationGracePeriod: "1.5h", timeout: "73001d" },
        exceptions: { disposable: "a test" },
      },
      [
        'test.eventStore.persistentSubscriptions[0].messageTimeout: "25h" is longer than a day; use up to "24h"',
        "test.eventStore.options.READER_THREADS_COUNT: NaN must be a single value; write a text, a number, true or false",
        'test.commandApi.terminationGracePeriod: "1.5h" has a fraction; use a smaller unit, like "90m" for an hour and a half',
        'test.commandApi.timeout: "73001d" is longer than 200 years; use up to "73000d"',
      ],
    ],
    [
      "a path that leads elsewhere",
      {
        aws: undefined,
        cluster: { context: "kind" },
        domains: {
          shop: { workers: { mails: { ...app, scratch: { "/a/../etc": "1Mi", "/a/./b": "1Mi", "/a/.b": "1Mi", "/..c": "1Mi" } } } },
        },
        exceptions: { disposable: "a test" },
      },
      ["/a/../etc", "/a/./b"].map(
        (path) =>
          `test.domains.shop.workers.mails.scratch.${path}: "${path}" must be a path; write an absolute one without . and .., like /app/settings.json`,
      ),
    ],
    [
      "rules that Prometheus can't read, and numbers with an exponent",
      {
        aws: undefined,
        cluster: { context: "kind" },
        stores: { ledger: { engine: "kurrentdb", nodes: 1, options: { READER_THREADS_COUNT: 1e21 } } },
        monitoring: { prometheus: true },
        domains: {
          shop: {
            workers: { mails: { ...app, uses: ["ledger"] } },
            alerts: Object.fromEntries(
              ["up ==", "rate(a[5m)", "sum by (a) (b", 'a{b="c}', 'sum(rate(a{b=")"}[5m])) > 0 # ('].map((expr, index) => [
                `Rule${index}`,
                { expr, severity: "warning", summary: index === 0 ? "{{ $labels.pod" : "{{ $labels.pod }} is down" },
              ]),
            ),
          },
        },
        exceptions: { disposable: "a test" },
      },
      [
        "test.stores.ledger.options.READER_THREADS_COUNT: 1e+21 must be a single value; write a text, a number, true or false",
        'test.domains.shop.alerts.Rule0.expr: "up ==" has no end; write it as Prometheus reads it',
        'test.domains.shop.alerts.Rule0.summary: "{{ $labels.pod" has a template without an end; write one like "{{ $labels.pod }}"',
        'test.domains.shop.alerts.Rule1.expr: "rate(a[5m)" has a ) too many; write it as Prometheus reads it',
        'test.domains.shop.alerts.Rule2.expr: "sum by (a) (b" lacks ); write it as Prometheus reads it',
        'test.domains.shop.alerts.Rule3.expr: "a{b=\\"c}" has no end; write it as Prometheus reads it',
      ],
    ],
    [
      "paths that no URL has, and keys that no Secret has",
      {
        aws: undefined,
        cluster: { context: "kind" },
        domains: {
          shop: {
            services: { api: { ...app, paths: ['/"'], health: "/live", metrics: { port: 8080, path: "/é" } } },
            workers: { mails: { ...app, secrets: { TOKEN: { secret: "own", key: "..data" } } } },
          },
        },
        exceptions: { disposable: "a test" },
      },
      [
        'test.domains.shop.services.api.metrics.path: "/é" must be a path; write one like /health, with other characters encoded',
        'test.domains.shop.services.api.paths[0]: "/\\"" must be a path; write one like /health, with other characters encoded',
        'test.domains.shop.workers.mails.secrets.TOKEN.key: "..data" can\'t be a key of a Secret; use letters, digits, . _ and -',
      ],
    ],
    [
      "blocks in octal",
      {
        aws: undefined,
        cluster: { context: "kind" },
        domains: { shop: { workers: { mails: { ...app, egress: [{ host: "010.0.0.0/8" }, { host: "10.0.0.0/08" }] } } } },
        exceptions: { disposable: "a test" },
      },
      ["010.0.0.0/8", "10.0.0.0/08"].map(
        (block, index) =>
          `test.domains.shop.workers.mails.egress[${index}].host: "${block}" must be a host name or a CIDR block; write "api.example.com", "203.0.113.0/24" or "internet"`,
      ),
    ],
    [
      "a template",
      { cluster: { context: "kind" }, encryptedFields: ["${path.module}", "%{ if true }ssn%{ endif }"] },
      [
        'test.encryptedFields[0]: "${path.module}" has a template of Terraform, which is evaluated nowhere; write the value itself',
        'test.encryptedFields[1]: "%{ if true }ssn%{ endif }" has a template of Terraform, which is evaluated nowhere; write the value itself',
      ],
    ],
    [
      "a token of the program's own",
      { cluster: { context: "kind" }, encryptedFields: ["${TfToken[TOKEN.0]}"] },
      ['test.encryptedFields[0]: "${TfToken[TOKEN.0]}" looks like a reference that only the program itself can make; write it otherwise'],
    ],
    [
      "a long text",
      { cluster: { context: "kind" }, encryptedFields: ["a".repeat(1001)] },
      [`test.encryptedFields[0]: "${"a".repeat(76)}... has 1001 characters; use up to 1000`],
    ],
    [
      "a key of several lines",
      { cluster: { context: "kind" }, authorization: { "Create\nOrder": ["user"] } },
      ['test.authorization["Create\\nOrder"]: has a line break or another control character; write one line of plain text'],
    ],
  ])("is answered once: %s", (_, changes, lines) => {
    expect(complaints(changes)).toEqual(lines);
  });

  it.each([".", "..", "-", "a b"])("is named by its place where its name can't begin a path: %s", (name) => {
    expect(complaints({ name, aws: undefined, cluster: { context: "kind" } })[0]).toMatch(/^environments\[0\]\.name: /);
  });

  it("is not missed by other parts when it was refused", () => {
    const alerts = { Down: { expr: "up == 0", severity: "critical", summary: "it is down" } };
    expect(
      complaints({
        aws: undefined,
        cluster: { context: "kind" },
        monitoring: { prometheus: new Map() },
        domains: { shop: { alerts, workers: { mails: app } } },
        exceptions: { disposable: "a test" },
      }),
    ).toEqual(["test.monitoring.prometheus: is an instance of Map; write { … } or [ … ]"]);
    const made = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
    expect(complaints({ cluster: made, exceptions: {}, access: { administrators: [{}] } })).toEqual([
      "test.access.administrators[0]: {} must have text; write a word or more",
    ]);
    expect(complaints({ aws: null, cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } } })).toEqual([
      "test.aws: null must be an object; write { … }",
    ]);
  });
});

describe("a template of Terraform", () => {
  const template = (place: string) => `\${aws_vpc.${place}} %{ if true }`;
  const image = "registry.example.com/orders/api:1.0.0";

  it("arrives as it was written, wherever a program is told it", () => {
    const environment = anEnvironment({
      aws: undefined,
      cluster: { context: "kind" },
      eventStore: { engine: "postgres", server: { engine: "cloudnative-pg" } },
      commandProcessors: {
        image,
        env: { TEMPLATE: template("env") },
        files: { "/app/template": template("files") },
        command: [template("command")],
        replicas: { min: 1, max: 2 },
        scaleOn: { eventStore: { query: template("query"), targetPerReplica: 1 } },
      },
      readDatabase: { engine: "cloudnative-pg" },
      migrations: { image, down: { command: [template("down")] } },
      exceptions: { disposable: "a test" },
    });
    const written = [...synthesisOf(aProgram(environment)).stacks.values()].map(({ json }) => JSON.stringify(json)).join("\n");
    const escaped = [...written.matchAll(/\$\$\{aws_vpc\.(\w+)\} %%\{ if/g)].map(([, place]) => place);
    expect([...new Set(escaped)].sort()).toEqual(["command", "down", "env", "files", "query"]);
    expect(written).not.toMatch(/(?<!\$)\$\{aws_vpc|(?<!%)%\{ if/);
  });

  it("is refused elsewhere, under whatever key", () => {
    const refusal = '"${aws_vpc.id} %{ if true }" has a template of Terraform, which is evaluated nowhere; write the value itself';
    const migrations = { image, variables: { DATABASE: template("id") } };
    const others = { readDatabase: { engine: "cloudnative-pg" }, authorization: { command: [template("id")] } };
    expect(complaints({ cluster: { context: template("id") }, migrations, ...others })).toEqual([
      `test.cluster.context: ${refusal}`,
      `test.migrations.variables.DATABASE: ${refusal}`,
      `test.authorization.command[0]: ${refusal}`,
    ]);
  });
});
