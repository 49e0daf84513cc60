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
        queryApi: { ...production.queryApi, edge: { ...production.queryApi.edge, zone: zoneOf(index) } },
      };
    }),
  };
}

/** A zone of its own: its settings are the whole zone's. The first one is production's. */
function zoneOf(index: number) {
  const { id, name } = production.queryApi.edge.zone;
  return { id: `${id.slice(0, -2)}${(Number.parseInt(id.slice(-2), 16) + index).toString(16).padStart(2, "0")}`, name };
}
