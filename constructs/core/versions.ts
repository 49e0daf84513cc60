/**
 * Every version that the platform chooses, once.
 * Provider ranges are what the library accepts; an application's exact choice is its committed lock file.
 */
export const VERSIONS = {
  /** S3 state locking without a table came with Terraform 1.11, with OpenTofu 1.10. */
  terraform: ">= 1.11",
  providers: {
    /** No attribute that is new in 6 is used, so that both majors resolve. */
    aws: ">= 5.100, < 7",
  },
} as const;
