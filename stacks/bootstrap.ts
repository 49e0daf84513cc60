import type { App } from "cdktf";
import { DeployRoles, StateBucket, stateLocation } from "../constructs/bootstrap";
import type { Account, Aws, Environment } from "./environment";
import { PlatformStack } from "./stack";

/** What every other stack of an account needs first: where state lies, and who may deploy. */
export function bootstrapStack(app: App, name: string, account: Account, environments: readonly Environment[]): PlatformStack {
  const { id, region, system, github } = account;
  const stack = new PlatformStack(app, name, {
    state: { bucket: stateLocation({ system, account: id, region }), key: "bootstrap/terraform.tfstate" },
    protect: true,
    holdsData: true,
    aws: { account: id, region, tags: { system, environment: "bootstrap" } },
  });
  const state = new StateBucket(stack, "state", { system, account: id, region });
  if (github) {
    new DeployRoles(stack, "deploy", {
      system,
      account: id,
      subject: github.subject ?? `repo:${github.repository}`,
      providerExists: github.providerExists ?? false,
      environments: environments.flatMap(({ name, aws }) => (aws?.account === id ? [{ name, regions: regionsOf(aws, region) }] : [])),
      state: { bucketArn: state.arn, keyArn: state.keyArn },
    });
  }
  return stack;
}

/** Where an environment is deployed to, and where its state lies. */
function regionsOf({ region, recoveryRegion }: Aws, stateRegion: string): readonly string[] {
  return [...new Set([region, ...(recoveryRegion ? [recoveryRegion] : []), stateRegion])];
}
