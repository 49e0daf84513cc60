import { tmpdir } from "node:os";
import { join } from "node:path";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, Fn, Lazy, LocalBackend, TerraformOutput, TerraformStack, Token, Tokenization } from "cdktf";
import * as fc from "fast-check";
import { sparingPlainValues } from "../../stacks/base/plain-values";
import { runs } from "../thorough";

const app = new App({ outdir: join(tmpdir(), "cdktf-cqrs-test") });
let stacks = 0;

/** A stack that writes a value to wherever cdktf resolves values: an output, an override. */
function stackWith(value: (parameter: SsmParameter) => unknown): TerraformStack {
  const stack = new TerraformStack(app, `test-${stacks++}`);
  new LocalBackend(stack, {});
  const parameter = new SsmParameter(stack, "parameter", { name: "a", type: "String", value: "b" });
  new TerraformOutput(stack, "output", { value: value(parameter) });
  stack.addOverride("locals", { value: value(parameter) });
  return stack;
}

/** The same is written, or the same is said against it. */
function expectSame(value: (parameter: SsmParameter) => unknown): void {
  const stack = stackWith(value);
  expect(outcome(() => sparingPlainValues(() => stack.toTerraform()))).toBe(outcome(() => stack.toTerraform()));
}

function outcome(work: () => unknown): string {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return String(error);
  }
}

/** All objects and lists of a value. */
function partsOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? [value, ...Object.values(value).flatMap(partsOf)] : [];
}

const TOKENS: Readonly<Record<string, (parameter: SsmParameter) => unknown>> = {
  "a string": ({ arn }) => arn,
  "a part of a string": ({ arn }) => `${arn}/*`,
  "a number": ({ version }) => version,
  "a number in a string": ({ version }) => `v${version}`,
  "a list": (parameter) => Token.asList(parameter.interpolationForAttribute("list")),
  "a list of numbers": (parameter) => Token.asNumberList(parameter.interpolationForAttribute("numbers")),
  "a map": (parameter) => Token.asStringMap(parameter.interpolationForAttribute("map")),
  "a value that is produced late": () => Lazy.anyValue({ produce: () => ({ a: [undefined, 1] }) }),
  "a value that is produced late and absent": () => Lazy.anyValue({ produce: () => undefined }),
  "a function": ({ arn }) => Fn.join("${", ["a", arn]),
};

describe("what cdktf writes with plain values spared", () => {
  it.each(Object.keys(TOKENS))("is the same for %s", (name) => {
    const token = TOKENS[name] as (typeof TOKENS)[string];
    expectSame(token);
    expectSame((parameter) => ({ plain: "${a} e+1 %{", deep: [{ empty: [], none: undefined, token: token(parameter) }, null] }));
  });

  it("is the same for whatever is composed of them", () => {
    const leaf = fc.oneof(
      fc.constantFrom(...Object.values(TOKENS)),
      fc
        .constantFrom("", "1e+300", "${x}", "#{", 0, -0, 1.5, 1e300, Number.MAX_SAFE_INTEGER, true, null, undefined)
        .map((plain) => () => plain),
      fc.string().map((text) => () => text),
    );
    const { value } = fc.letrec<{ value: (typeof TOKENS)[string] }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }).map((items) => (parameter: SsmParameter) => items.map((item) => item(parameter))),
        fc
          .dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("value"), { maxKeys: 4 })
          .map(
            (items) => (parameter: SsmParameter) => Object.fromEntries(Object.entries(items).map(([key, item]) => [key, item(parameter)])),
          ),
      ),
    }));
    fc.assert(fc.property(value, expectSame), { numRuns: runs(200), seed: 1 });
  });

  it("is refused in cdktf's own words, path included", () => {
    const refused = () => ({ a: [{ b: () => 1 }] });
    expectSame(refused);
    expect(outcome(() => stackWith(refused).toTerraform())).toContain("a/0/b");
  });

  it("shares no part with what constructs were given", () => {
    const given = { list: [{ inner: ["a", { b: {} }] }], record: { list: [[1]] } };
    const stack = stackWith(() => given);
    const written = sparingPlainValues(() => stack.toTerraform());
    expect(JSON.stringify(written)).toContain(JSON.stringify(given.list));
    expect(partsOf(written).filter((part) => partsOf(given).includes(part))).toEqual([]);
  });

  it("leaves cdktf as it was, also after an error", () => {
    const { resolve } = Tokenization;
    expect(() =>
      sparingPlainValues(() => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(Tokenization.resolve).toBe(resolve);
  });
});
