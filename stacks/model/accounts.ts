import type { Duration } from "../../constructs/core/quantities";
import type { Region } from "../../constructs/network";
import { flag, flagOr, list, object, optional, text, whole } from "./check/shape";
import { mailAddress, part, wholeDays } from "./common";
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

  /**
   * Regions that are lost. The bootstrap creates nothing there, and asks nothing, until they are back
   * (docs/runbooks/scenarios/region-lost.md).
   * @default - none
   */
  readonly lostRegions?: readonly Region[];

  /**
   * Security settings of the whole account, which also apply to what others have in it. In an organization its security account may have
   * made some of them already.
   * @default - none
   */
  readonly baseline?: AccountBaseline;
}

/** Security settings of an account. Deploy roles can't change them. */
export interface AccountBaseline {
  /**
   * CloudTrail of all regions, with reads and writes of objects in the buckets of state, backups and audit records. Log files are locked for
   * `keep`, in whole days.
   * @default - none; `true` keeps a year
   */
  readonly cloudTrail?: boolean | { readonly keep: Duration };

  /**
   * GuardDuty in the regions of the account's environments, with the audit logs of EKS. Charged by volume.
   * @default false
   */
  readonly guardDuty?: boolean;

  /**
   * Security Hub in these regions, with AWS's standard (FSBP), and AWS Config, whose records it checks. Charged by checks and by recorded
   * changes.
   * @default false
   */
  readonly securityHub?: boolean;

  /**
   * IAM Access Analyzer in these regions: reports what other accounts can use. Free of charge.
   * @default false
   */
  readonly accessAnalyzer?: boolean;

  /**
   * Blocks public access to all buckets of the account, also to existing ones.
   * @default false
   */
  readonly blockPublicBuckets?: boolean;

  /**
   * Encrypts new EBS volumes of these regions that state no key.
   * @default false
   */
  readonly encryptVolumes?: boolean;

  /**
   * Mails at 80% and 100% of a monthly limit in USD for all cost of the account. Nothing is stopped.
   * @default - none
   */
  readonly budget?: { readonly monthly: number; readonly notify: readonly string[] };

  /**
   * Splits bills by the tags `system`, `environment` and `stack`. AWS accepts them a day after the first resources have them, and in an
   * organization only from its management account.
   * @default false
   */
  readonly costTags?: boolean;
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
  lostRegions: optional(list(region, "name one or several")),
  baseline: optional(
    object<AccountBaseline>({
      cloudTrail: optional(flagOr(object<{ keep: Duration }>({ keep: wholeDays }))),
      guardDuty: optional(flag),
      securityHub: optional(flag),
      accessAnalyzer: optional(flag),
      blockPublicBuckets: optional(flag),
      encryptVolumes: optional(flag),
      budget: optional(
        object<NonNullable<AccountBaseline["budget"]>>({
          monthly: whole(1, 100_000_000),
          notify: list(mailAddress, "name one or several"),
        }),
      ),
      costTags: optional(flag),
    }),
  ),
});
