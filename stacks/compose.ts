import type { App } from "cdktf";
import { backupStack } from "./backup";
import { bootstrapStack } from "./bootstrap";
import { clusterStacks } from "./cluster";
import { dataStacks } from "./data";
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

/** Every stack of a program, those of its accounts before those of its environments; or only those of one name. */
export function compose(app: App, program: Program, only?: string): readonly Composition[] {
  const wanted = (name: string) => only === undefined || only === name;
  const accounts = program.accounts
    .filter(({ id }) => wanted(bootstrapName(id)))
    .map((account) => ({
      name: bootstrapName(account.id),
      stacks: [bootstrapStack(app, bootstrapName(account.id), account, program.environments)],
    }));
  const environments = program.environments
    .filter(({ name }) => wanted(name))
    .map((environment) => ({ name: environment.name, stacks: environmentStacks(app, environment, program.accounts) }));
  return [...accounts, ...environments];
}

/** What an account's own stack is called. */
export function bootstrapName(account: string): string {
  return `bootstrap-${account}`;
}

function environmentStacks(app: App, environment: Environment, accounts: readonly Account[]): readonly PlatformStack[] {
  const context = onAws(environment, accounts);
  if (!context) return [];
  const keys = keysStack(app, context);
  const network = networkStack(app, context, keys);
  return [keys, network, ...dataStacks(app, context, keys), ...clusterStacks(app, context, keys, network), backupStack(app, context, keys)];
}

function onAws({ aws, ...environment }: Environment, accounts: readonly Account[]): AwsContext | undefined {
  const account = accounts.find(({ id }) => id === aws?.account);
  return aws && account ? { environment: { ...environment, aws }, account } : undefined;
}
