import type { Account } from "../model/accounts";
import type { Aws } from "../model/place";
import type { System } from "../model/system";

/** An environment on AWS, and the account it lives in. */
export interface AwsContext {
  readonly environment: System & { readonly aws: Aws };
  readonly account: Account;
}

export function onAws({ aws, ...environment }: System, accounts: readonly Account[]): AwsContext | undefined {
  const account = accounts.find(({ id }) => id === aws?.account);
  return aws && account ? { environment: { ...environment, aws }, account } : undefined;
}
