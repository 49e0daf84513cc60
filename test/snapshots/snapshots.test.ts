import { createHash } from "node:crypto";
import type { ApiObject } from "../../constructs/kubernetes";
import { program } from "../fixtures/environments";
import { addressesOf, synthesisOf } from "../program";
import { all, type Body } from "../synth";

const { stacks, compositions } = synthesisOf(program);

const stacksOf = (name: string) => compositions.find((composition) => composition.name === name)?.stacks.map(({ node }) => node.id) ?? [];
const jsonOf = (id: string) => stacks.get(id)?.json ?? {};

describe("the addresses of", () => {
  it.each(compositions.map(({ name }) => name))("%s", (name) => {
    expect(Object.fromEntries(stacksOf(name).map((id) => [id, addressesOf(jsonOf(id))]))).toMatchSnapshot();
  });
});

describe("the objects of operators in", () => {
  // Terraform sees only their releases: one that leaves this list is deleted, whatever hangs on it.
  it.each(compositions.map(({ name }) => name).filter((name) => !name.startsWith("bootstrap-")))("%s", (name) => {
    expect(
      Object.fromEntries(
        stacksOf(name)
          .map((id) => [id, objectsIn(jsonOf(id))])
          .filter(([, objects]) => objects?.length),
      ),
    ).toMatchSnapshot();
  });
});

describe("the Terraform of", () => {
  it.each(["bootstrap-111122223333", ...stacksOf("production")])("%s", (id) => {
    expect(readable(jsonOf(id))).toMatchSnapshot();
  });
});

describe("what differs from production in", () => {
  it.each(["staging", "dev"])("%s", (name) => {
    const listed = (environment: string) =>
      stacksOf(environment).flatMap((id) => addressesOf(jsonOf(id)).map((address) => `${id.slice(environment.length + 1)}: ${address}`));
    const [here, production] = [listed(name), listed("production")];
    expect({
      only: here.filter((address) => !production.includes(address)),
      lacks: production.filter((address) => !here.includes(address)),
    }).toMatchSnapshot();
  });
});

/** `release: kind namespace/name` of each object that a release of a list of objects has. */
function objectsIn(json: Body): readonly string[] {
  return all(json, "helm_release").flatMap(({ name: release, values }) =>
    ((JSON.parse(values[0]).objects ?? []) as ApiObject[]).map(
      ({ kind, metadata: { namespace, name } }) => `${release}: ${kind} ${namespace ? `${namespace}/` : ""}${name}`,
    ),
  );
}

/**
 * Lines of a text, and its characters, from which on it is a file of the project, which is reviewed there: a script, rules. One under
 * the name of a file is one sooner: a dashboard.
 */
const FILE = { lines: 12, characters: 20_000, named: 5_000 };

/** Without what says nothing to a reader, with policy documents as documents, and with files by their sum. */
function readable(value: unknown, key = ""): unknown {
  if (typeof value === "string" && /^\{"Version"/.test(value)) return readable(JSON.parse(value));
  if (typeof value === "string") {
    const sum = createHash("sha256").update(value).digest("hex").slice(0, 8);
    if (value.split("\n").length > FILE.lines) return `${value.split("\n").length} lines, ${sum}`;
    if (value.length > (key.endsWith(".json") ? FILE.named : FILE.characters)) return `${value.length} characters, ${sum}`;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => readable(inner));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "//")
      .map(([name, inner]) => [name, readable(inner, name)]),
  );
}
