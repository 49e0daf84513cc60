import type { App } from "cdktf";
import { ManagedSecret } from "../constructs/secrets";
import type { AwsContext } from "./compose";
import type { Keys } from "./keys";
import { managedSecretsOf } from "./secrets";
import { awsStackProps, PlatformStack } from "./stack";

/** What an environment keeps on AWS beside its events and backups. None where there is nothing to keep. */
export function dataStacks(app: App, { environment, account }: AwsContext, keys: PlatformStack<Keys>): readonly PlatformStack[] {
  const secrets = managedSecretsOf(environment);
  if (secrets.length === 0) return [];
  const { system, name } = environment;
  const stack = new PlatformStack(app, `${name}-data`, awsStackProps(environment, account, "data"));
  const { secretsKeyArn } = stack.read(keys);
  for (const { spec } of secrets) {
    new ManagedSecret(stack, spec.name, { name: [system, name], spec, key: secretsKeyArn, protect: stack.protect });
  }
  return [stack];
}
