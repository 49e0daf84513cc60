import type { Account } from "../stacks";

export const accounts = [
  { system: "orders", id: "111122223333", region: "eu-west-1", github: { repository: "example/orders" } },
  { system: "orders", id: "444455556666", region: "eu-west-1", github: { repository: "example/orders" } },
] as const satisfies readonly Account[];
