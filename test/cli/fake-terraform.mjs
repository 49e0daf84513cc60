#!/usr/bin/env node
// Stands in for terraform: remembers in the file FAKE_TERRAFORM which stacks are deployed, and what it was asked.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

const [command, ...args] = process.argv.slice(2);
const stack = basename(process.cwd());
const world = JSON.parse(readFileSync(process.env.FAKE_TERRAFORM, "utf8"));
const remember = () => writeFileSync(process.env.FAKE_TERRAFORM, JSON.stringify(world));
const end = (status, error = "") => {
  process.stderr.write(error);
  process.exit(status);
};
const deployed = world.deployed.includes(stack);

switch (command) {
  case "init":
    if (world.noBucket) end(1, `Error: Failed to get existing workspaces: S3 bucket "state" does not exist.\n`);
    break;
  case "output": {
    const { output } = JSON.parse(readFileSync("cdk.tf.json", "utf8"));
    console.log(JSON.stringify(deployed ? output : {}));
    break;
  }
  case "state":
    if (deployed) console.log(JSON.stringify({ lineage: stack, resources: [{}] }));
    break;
  case "plan":
  case "apply":
  case "destroy":
    world.asked.push([command, stack, ...args].join(" "));
    if (command === "apply" && !deployed) world.deployed.push(stack);
    if (command === "destroy") world.deployed = world.deployed.filter((other) => other !== stack);
    remember();
    if (world.failing === stack) end(1);
    if (args.includes("-detailed-exitcode")) end(2);
    break;
}
