import { readFileSync } from "node:fs";
import { CONTROLLERS } from "../../constructs/cluster/controllers";
import { managedSecretsOf, secretsOf } from "../../stacks/model/derive/secrets";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const names = (secrets: ReturnType<typeof secretsOf>) => secrets.map(({ spec: { name } }) => name);

const MADE = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const NEEDY = {
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
  readDatabase: { engine: "cloudnative-pg" },
  cache: { engine: "valkey" },
  broker: { engine: "nats" },
  queryApi: { replicas: 2 },
  monitoring: { prometheus: true, grafana: true },
  encryptedFields: ["email"],
};

const AT_VENDOR = { eventStore: { engine: "kurrent-cloud" }, encryptedFields: [], monitoring: {} };
const EVENT_STORE = ["event-store-users", "event-store-commands", "event-store-subscriptions", "event-store-metrics"];

const { stacks } = synthesisOf(program);
const dataStack = (name: string) => (stacks.get(`${name}-data`)?.json ?? {}) as Body;

describe("the secrets of an environment", () => {
  it("follow from what it describes", () => {
    expect(names(secretsOf(asDomains(anEnvironment())))).toEqual([]);
    expect(names(secretsOf(asDomains(anEnvironment({ ...NEEDY, cluster: MADE }))))).toEqual([
      ...EVENT_STORE,
      "read-database-migrator",
      "read-database-writer",
      "read-database-reader",
      "cache-users",
      "broker-users",
      "grafana-admin",
      "field-keys",
    ]);
    expect(names(secretsOf(asDomains(anEnvironment(AT_VENDOR))))).toEqual([
      "event-store-admin",
      "event-store-commands",
      "event-store-subscriptions",
    ]);
    // Nobody has keys of fields where nobody answers from them, or writes them.
    expect(names(secretsOf(asDomains(anEnvironment({ encryptedFields: ["email"], commandApi: { replicas: 2 } }))))).toEqual([]);
  });

  it("lie in Secrets Manager for clusters that are made there, and in the cluster for those that exist", () => {
    const of = (clusters: object) => names(managedSecretsOf(asDomains(anEnvironment({ ...NEEDY, ...clusters }))));
    expect(of({ cluster: MADE })).toHaveLength(11);
    expect(of({ cluster: { context: "kind-orders" } })).toEqual([]);
    expect(of({ writeCluster: MADE, readCluster: { context: "on-premises" } })).toEqual(EVENT_STORE);
    expect(of({})).toEqual([]);
  });

  it("are known by what they are for", () => {
    const homes = (clusters: object) =>
      secretsOf(asDomains(anEnvironment({ ...clusters, monitoring: { grafana: true } }))).map(({ cluster, namespace, spec: { name } }) => [
        cluster,
        namespace,
        name,
      ]);
    expect(homes({ cluster: MADE })).toEqual([["cluster", "observability", "grafana-admin"]]);
    expect(homes({ writeCluster: MADE, readCluster: MADE })).toEqual([["readCluster", "observability", "grafana-admin"]]);
  });

  it("are each explained to those who rotate them", () => {
    const page = readFileSync("docs/secrets.md", "utf8");
    for (const { namespace, spec } of [{ ...NEEDY, cluster: MADE }, AT_VENDOR].flatMap((changes) =>
      secretsOf(asDomains(anEnvironment(changes))),
    )) {
      const { method, engine } = spec.rotation;
      expect(page).toContain(
        `| \`${spec.name}\` | \`${namespace}\` | ${Object.keys(spec.keys)
          .map((key) => `\`${key}\``)
          .join(", ")} | ${method} | \`${engine}\` |`,
      );
    }
  });
});

describe("the data stack", () => {
  it("is there where Secrets Manager has something to hold", () => {
    expect(["local", "dev", "staging", "production"].map((name) => stacks.has(`${name}-data`))).toEqual([false, true, true, true]);
    expect(all(dataStack("production"), "aws_secretsmanager_secret").map(({ name }) => name)).toEqual([
      "orders-production-cache-users",
      "orders-production-elasticsearch-collector",
      "orders-production-elasticsearch-grafana",
      "orders-production-elasticsearch-jaeger",
      "orders-production-elasticsearch-metrics",
      "orders-production-event-store-admin",
      "orders-production-event-store-commands",
      "orders-production-event-store-subscriptions",
      "orders-production-field-keys",
      "orders-production-grafana-admin",
      "orders-production-metrics-receiver-authority",
      "orders-production-metrics-sender",
      "orders-production-read-database-migrator",
      "orders-production-read-database-reader",
      "orders-production-read-database-writer",
      "orders-production-read-database-administrator",
    ]);
  });

  it("holds what the controllers of the environment may read", () => {
    const place = { account: "111122223333", region: "eu-west-1", secretPrefix: "orders-production" } as Parameters<
      typeof CONTROLLERS.secrets.statements
    >[0];
    const [{ Resource }] = CONTROLLERS.secrets.statements(place) as [{ Resource: string }];
    const readable = new RegExp(`^${Resource.split(":").at(-1)?.replace("*", ".*")}$`);
    for (const { name } of all(dataStack("production"), "aws_secretsmanager_secret")) expect(name).toMatch(readable);
  });

  it("encrypts with the environment's key", () => {
    for (const { kms_key_id } of all(dataStack("production"), "aws_secretsmanager_secret"))
      expect(kms_key_id).toBe("${data.terraform_remote_state.production-keys.outputs.secrets_key_arn}");
  });
});
