import type { Account } from "../model/accounts";
import type { RestoreOrigins } from "../model/derive/restores";
import type { Aws } from "../model/place";
import type { System } from "../model/system";

/** Environment on AWS, and its account. */
export interface AwsContext {
  readonly environment: System & { readonly aws: Aws };
  readonly account: Account;

  /** Servers from whose backups servers of the environment are created. */
  readonly origins: RestoreOrigins;

  /** @default - not a standby */
  readonly primary?: System;
}

export function onAws(
  { aws, ...environment }: System,
  accounts: readonly Account[],
  origins: RestoreOrigins = new Map(),
  primary?: System,
): AwsContext | undefined {
  const account = accounts.find(({ id }) => id === aws?.account);
  return aws && account ? { environment: { ...environment, aws }, account, origins, ...(primary ? { primary } : {}) } : undefined;
}
