import type { Environment, Program } from "../stacks";
import { production } from "../test/fixtures/environments/production";

/** A program of several environments, each as large as production, side by side in one account. */
export function programOf(environments: number): Program {
  return {
    accounts: [
      { system: production.system, id: production.aws.account, region: production.aws.region, github: { repository: "example/orders" } },
    ],
    environments: Array.from({ length: environments }, (_, index): Environment => {
      const name = `e${index + 1}`;
      return {
        ...production,
        name,
        release: { ...production.release, of: name },
        aws: { ...production.aws, domain: `${name}.orders.example.com`, network: { cidr: `10.${index}.0.0/16` } },
      };
    }),
  };
}
