import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, Fn, Lazy, LocalBackend, TerraformOutput, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import * as fc from "fast-check";
import { terraformOf } from "../../stacks/base/terraform";
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

/** The same is written as cdktf writes, or the same is said against it. */
function expectSame(value: (parameter: SsmParameter) => unknown): void {
  expectWritten(stackWith(value));
}

function expectWritten(stack: TerraformStack): void {
  const before = outcome(() => stack.toTerraform());
  expect(outcome(() => terraformOf(stack))).toBe(before);
  // What is written must not become part of what constructs were given.
  expect(outcome(() => stack.toTerraform())).toBe(before);
}

function outcome(work: () => unknown): string {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return String(error);
  }
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

describe("the Terraform of a stack", () => {
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

  it.each<[string, (stack: TerraformStack, parameter: SsmParameter) => void]>([
    ["merged into what constructs write", (stack) => stack.addOverride("resource.aws_ssm_parameter.parameter.tags.b", "2")],
    ["a token", (stack, { arn }) => stack.addOverride("resource.aws_ssm_parameter.parameter.tags.a", arn)],
    ["a removal", (stack) => stack.addOverride("resource.aws_ssm_parameter.parameter.tags.a", undefined)],
    ["an item of a list", (stack) => stack.addOverride("provider.aws.0.default_tags.0.tags.b", "2")],
    ["more items of a list", (stack) => stack.addOverride("provider.aws", [{ alias: "other", region: "eu-west-3" }])],
    ["a text in place of an object", (stack) => stack.addOverride("resource.aws_ssm_parameter.parameter.tags", "none")],
    ["an object in place of a text", (stack) => stack.addOverride("resource.aws_ssm_parameter.parameter.value.a", "b")],
    ["several, of one section", (stack) => void ["b", "c"].map((key) => stack.addOverride(`locals.a.${key}`, [key]))],
    ["those of a resource", (_, parameter) => parameter.addOverride("tags", { a: Lazy.stringValue({ produce: () => "late" }) })],
  ])("is the same with an override: %s", (_, override) => {
    const { stack, parameter } = aSystem();
    override(stack, parameter);
    expectWritten(stack);
  });

  it("is the same for moves, imports, dependencies, outputs of parts, and twins of one address", () => {
    const { stack, parameter } = aSystem();
    const part = new Construct(stack, "part");
    const moved = new SsmParameter(part, "moved", { name: "m", type: "String", dependsOn: [parameter] });
    moved.moveFromId("aws_ssm_parameter.old");
    new SsmParameter(part, "imported", { name: "i", type: "String", provider: stack.node.findChild("aws") as AwsProvider }).importFrom("i");
    new SsmParameter(part, "twin", { name: "t", type: "String", tags: { c: "3" } }).overrideLogicalId("parameter");
    for (const name of ["one", "two"]) new TerraformOutput(part, name, { value: moved.arn });
    expectWritten(stack);
  });

  it("is the same for references between stacks, and leaves out stacks within a stack", () => {
    const [{ stack, parameter: from }, { stack: reader, parameter: to }] = [aSystem(), aSystem()];
    to.value = from.value;
    to.addOverride("tags.from", from.arn);
    const inner = new TerraformStack(stack, "inner");
    new SsmParameter(inner, "hidden", { name: "h", type: "String" });
    for (const each of [stack, reader]) each.prepareStack();
    for (const each of [stack, reader]) expectWritten(each);
    expect(outcome(() => terraformOf(reader))).toContain("data.terraform_remote_state.cross-stack-reference-input-");
  });
});

/** A stack with a provider, a resource that has parts, and an output. */
function aSystem(): { readonly stack: TerraformStack; readonly parameter: SsmParameter } {
  const stack = new TerraformStack(app, `test-${stacks++}`);
  new LocalBackend(stack, { path: "state" }).addOverride("workspace_dir", "x");
  new AwsProvider(stack, "aws", { region: "eu-west-1", defaultTags: [{ tags: { a: "1" } }] });
  const parameter = new SsmParameter(stack, "parameter", { name: "a", type: "String", value: "b", tags: { a: "1" } });
  new TerraformOutput(stack, "output", { value: parameter.arn });
  return { stack, parameter };
}
