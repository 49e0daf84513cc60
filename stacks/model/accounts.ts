import type { Region } from "../../constructs/network";
import { flag, object, optional, text } from "./check/shape";
import { part } from "./common";
import { account, region } from "./place";

/** AWS account that contains environments and stores their Terraform state. */
export interface Account {
  /** System whose environments store their state in this account. */
  readonly system: string;

  /** AWS account id, 12 digits. */
  readonly id: string;

  /** Region of the state bucket. */
  readonly region: Region;

  /**
   * Repository whose GitHub Actions may plan (on pull requests and on a schedule) and apply (in the GitHub environment with the same name
   * as the environment here): `example/orders`.
   * @default - none: no deploy roles
   */
  readonly github?: {
    readonly repository: string;

    /**
     * Subject claim of GitHub's tokens for the repository. For repositories created or renamed since summer 2026 it
     * contains ids: the OIDC settings of the repository show its "subject claim prefix".
     * @default - `repo:` and the repository
     */
    readonly subject?: string;

    /**
     * Branch from which environments are deployed. Its scheduled workflows may plan, to find drift.
     * @default "main"
     */
    readonly branch?: string;

    /**
     * Uses the GitHub OIDC provider that exists in the account. An account can have only one.
     * @default false: the provider is created
     */
    readonly providerExists?: boolean;
  };
}

export const accountSchema = object<Account>({
  system: part,
  id: account,
  region,
  github: optional(
    object<NonNullable<Account["github"]>>({
      repository: text(/^\w[\w.-]*\/\w[\w.-]*$/, "is not a valid repository", "write owner/name"),
      subject: optional(
        text(
          /^repo:[\w.@-]+\/[\w.@-]+$/,
          "is not a subject of a GitHub token",
          "write one like repo:owner/name, as the OIDC settings show it",
        ),
      ),
      branch: optional(text(/^\w[\w./-]*$/, "is not a branch name that the role can trust", "write one like main")),
      providerExists: optional(flag),
    }),
  ),
});
