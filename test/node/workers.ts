import { Wrong } from "../aws/results";
import { ENVIRONMENT } from "./environment";
import type { Trial } from "./trial";

/** From five workers of projections to seven and then to three, while events come. */
export async function workers(trial: Trial): Promise<void> {
  for (const count of [7, 3]) {
    await trial.check(`projections go on with ${count} workers`, async () => {
      const environment = { ...ENVIRONMENT, projections: { ...ENVIRONMENT.projections, workers: count } };
      for (const [name, report] of await trial.deployment.bring(environment, { stacks: ["projections"] }))
        throw new Wrong(`${name}: ${report}`);
      await trial.settled("projections", "app.kubernetes.io/name=orders-a", count);
      return "";
    });
  }
}
