import type { Account } from "../model/accounts";
import type { Environment } from "../model/environment";
import type { Aws } from "../model/place";

/** An environment on AWS, and the account it lives in. */
export interface AwsContext {
  readonly environment: Environment & { readonly aws: Aws };
  readonly account: Account;
}

export function onAws({ aws, ...environment }: Environment, accounts: readonly Account[]): AwsContext | undefined {
  const account = accounts.find(({ id }) => id === aws?.account);
  return aws && account ? { environment: { ...environment, aws }, account } : undefined;
}
