import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import { terraformOf } from "../stacks/base/terraform";

export type Body = Record<string, any>;

/** A stack of its own for a test, with a provider and what the test builds in it. */
export function aStack(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(new App({ outdir: join(tmpdir(), "cdktf-cqrs-test") }), "test");
  new AwsProvider(stack, "aws", { region: "eu-west-1" });
  build(stack);
  return stack;
}

/** The Terraform of what a test builds. */
export function synth(build: (stack: TerraformStack) => void): Body {
  const stack = aStack(build);
  return JSON.parse(JSON.stringify(terraformOf(stack)));
}

/** What constructs say against what a test builds, a line for each problem. */
export function refusalsOf(build: (stack: TerraformStack) => void): readonly string[] {
  return aStack(build)
    .node.findAll()
    .flatMap((construct) => construct.node.validate());
}

/** The resources of a type, in the order of their ids. */
export function all(json: Body, type: string): readonly Body[] {
  const named = json.resource?.[type] ?? {};
  return Object.keys(named)
    .sort()
    .map((name) => named[name]);
}

/** The one resource of a type whose path ends so. */
export function one(json: Body, type: string, path = ""): Body {
  const found = all(json, type).filter((body) => body["//"].metadata.path.endsWith(path));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} have a path that ends in "${path}"`);
  return found[0] as Body;
}

/** The statements of a policy document. */
export function statements(policy: string): readonly Body[] {
  return JSON.parse(policy).Statement;
}
