import type { App } from "cdktf";
import { backupStack } from "./backup";
import { bootstrapStack } from "./bootstrap";
import type { Account, Aws, Environment, Program } from "./environment";
import { keysStack } from "./keys";
import { networkStack } from "./network";
import type { PlatformStack } from "./stack";

/** An environment on AWS, and the account it lives in. */
export interface AwsContext {
  readonly environment: Environment & { readonly aws: Aws };
  readonly account: Account;
}

/** The stacks of one account or environment, in the order in which they are deployed. */
export interface Composition {
  /** The environment's name, or `bootstrap-<account>`. */
  readonly name: string;
  readonly stacks: readonly PlatformStack[];
}

/** Every stack of a program: those of its accounts, then those of its environments. */
export function compose(app: App, program: Program): readonly Composition[] {
  const accounts = program.accounts.map((account) => {
    const stack = bootstrapStack(app, account, program.environments);
    return { name: stack.node.id, stacks: [stack] };
  });
  const environments = program.environments.map((environment) => ({ name: environment.name, stacks: environmentStacks(app, environment, program.accounts) }));
  return [...accounts, ...environments];
}

function environmentStacks(app: App, environment: Environment, accounts: readonly Account[]): readonly PlatformStack[] {
  const context = onAws(environment, accounts);
  if (!context) return [];
  const keys = keysStack(app, context);
  return [keys, networkStack(app, context, keys), backupStack(app, context, keys)];
}

function onAws({ aws, ...environment }: Environment, accounts: readonly Account[]): AwsContext | undefined {
  const account = accounts.find(({ id }) => id === aws?.account);
  return aws && account ? { environment: { ...environment, aws }, account } : undefined;
}
