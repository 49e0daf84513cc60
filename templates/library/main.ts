import { App, TerraformResource } from "cdktf";
import { synthesizeChecked } from "cdktf-cqrs/constructs/check";
import { InvalidInput } from "cdktf-cqrs/constructs/core";
import { addStack } from "./stack";

const app = new App({ outdir: process.env.CDKTF_OUTDIR ?? "cdktf.out" });
const { node } = addStack(app);

try {
  // Writes nothing if there is a problem in any stack.
  const { capacity } = synthesizeChecked(app);
  const resources = node.findAll().filter((construct) => TerraformResource.isTerraformResource(construct)).length;
  const fits = capacity.map((cluster) => `capacity of ${cluster}`);
  console.log([`${node.id}: ${resources} resources, written to ${app.outdir}/stacks/${node.id}`, ...fits].join("\n"));
} catch (error) {
  if (!(error instanceof InvalidInput)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
