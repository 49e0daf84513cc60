import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

// Stands in for terraform: remembers in the file FAKE_TERRAFORM which stacks are deployed, and what it was asked.
const [command = "", ...args] = process.argv.slice(2);
const file = process.env.FAKE_TERRAFORM ?? "";
const stack = basename(process.cwd());
const world = JSON.parse(readFileSync(file, "utf8"));
const deployed: boolean = world.deployed.includes(stack);

const answers: Readonly<Record<string, () => unknown>> = {
  init: () => {
    if (world.noBucket) fail(`Error: Failed to get existing workspaces: S3 bucket "state" does not exist.`);
    if (world.noProviders) fail(`\nError: Failed to query available provider packages\n\n${world.noProviders}\n\nTo see which`);
  },
  output: () => console.log(JSON.stringify(deployed ? JSON.parse(readFileSync("cdk.tf.json", "utf8")).output : {})),
  state: () => deployed && console.log(JSON.stringify({ lineage: stack, resources: [{}] })),
  plan: () => change(world.deployed),
  apply: () => change([...new Set([...world.deployed, stack])]),
  destroy: () => change(world.deployed.filter((other: string) => other !== stack)),
};
answers[command]?.();

function change(after: readonly string[]): void {
  world.asked.push([command, stack, ...args].join(" "));
  const pointedAt = Object.keys(process.env).filter((name) => name.startsWith("KUBE_"));
  writeFileSync(file, JSON.stringify({ ...world, pointedAt, deployed: world.failing === stack ? world.deployed : after }));
  if (world.failing === stack) fail("");
  if (args.includes("-detailed-exitcode") && (!deployed || world.restless === stack)) process.exitCode = 2;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
