import type { Account } from "cdktf-cqrs/stacks";

/** The AWS accounts, with the repository whose workflows may deploy. */
export const accounts = [
  { system: "acme", id: "111122223333", region: "eu-west-1", github: { repository: "example/acme" } },
  { system: "acme", id: "444455556666", region: "eu-west-1", github: { repository: "example/acme" } },
] as const satisfies readonly Account[];
