import type { Region } from "../../constructs/network";
import { flag, object, optional, text } from "./check/shape";
import { part } from "./common";
import { account, region } from "./place";

/** An account, in which environments live side by side, and where their Terraform state lies. */
export interface Account {
  /** The system whose environments keep their state here. */
  readonly system: string;

  /** Twelve digits. */
  readonly id: string;

  /** The region of the state bucket. */
  readonly region: Region;

  /**
   * The repository whose GitHub Actions may plan (on pull requests) and apply (in the GitHub
   * environment that is named like ours): `example/orders`.
   * @default - none: no deploy roles
   */
  readonly github?: {
    readonly repository: string;

    /**
     * How GitHub's tokens name it. Repositories made or renamed since summer 2026 have ids in it:
     * the OIDC settings of the repository show its "subject claim prefix".
     * @default - `repo:` and the repository
     */
    readonly subject?: string;

    /**
     * Whether the account has GitHub's OIDC provider already: there is one for each account.
     * @default false, so that it is made
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
      repository: text(/^\w[\w.-]*\/\w[\w.-]*$/, "is no repository", "write owner/name"),
      subject: optional(
        text(
          /^repo:[\w.@-]+\/[\w.@-]+$/,
          "is no subject of GitHub's tokens",
          "write one like repo:owner/name, as the OIDC settings show it",
        ),
      ),
      providerExists: optional(flag),
    }),
  ),
});
