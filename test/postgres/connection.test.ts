import { TerraformOutput, TerraformVariable } from "cdktf";
import { administratorSecret, type Postgres, postgresConnection } from "../../constructs/postgres";
import { synth } from "../synth";

const user = (key: string) => ({ secret: administratorSecret("read-database"), home: "read-store", key });
const credentials = { user: user("user"), password: user("password") };

const aPostgres = (changes: Partial<Postgres> = {}): Postgres => ({
  name: "read-database",
  database: "orders",
  writer: "primary.example",
  reader: "replica-1.example,replica-2.example",
  authority: "public",
  peers: [],
  administrator: credentials,
  users: { migrator: credentials, writer: credentials, reader: credentials },
  ...changes,
});

describe("postgresConnection", () => {
  it("gives readers every replica's name, and lets them wait for one", () => {
    const { facts, ready } = postgresConnection(aPostgres(), "reader");
    expect([facts.host, ready?.host]).toEqual(["replica-1.example,replica-2.example", "replica-1.example"]);
  });

  it("gives all others the writer's", () => {
    const { facts, ready } = postgresConnection(aPostgres(), "writer");
    expect([facts.host, ready?.host]).toEqual(["primary.example", "primary.example"]);
  });

  it("finds the first of names that come from another stack", () => {
    const json = synth((stack) => {
      const reader = new TerraformVariable(stack, "reader", {}).stringValue;
      new TerraformOutput(stack, "host", { value: postgresConnection(aPostgres({ reader }), "reader").ready?.host });
    });
    expect(json.output.host.value).toBe('${element(split(",", var.reader), 0)}');
  });
});
