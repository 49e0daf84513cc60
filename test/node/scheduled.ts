import { Wrong } from "../aws/results";
import { until } from "../cluster/api";
import type { Trial } from "./trial";

/** Each scheduled task runs once, now; those that wait for a person do not. */
export async function scheduled(trial: Trial): Promise<void> {
  await trial.check("every scheduled task runs to its end", async () => {
    const tasks = trial.deployment.objects("CronJob").filter(({ spec }) => !spec.suspend);
    const jobs = tasks.map(({ metadata: { namespace = "", name }, spec }) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { namespace, name: `${name}-now` },
      spec: { ...spec.jobTemplate.spec, manualSelector: undefined },
    }));
    for (const job of jobs) await trial.api.apply(job);
    const wrong = await Promise.all(
      jobs.map(async (job) => {
        let conditions: any[] = [];
        await until(`${job.metadata.name} ends`, 240, async () => {
          conditions = (await trial.api.get(job)).status?.conditions ?? [];
          return conditions.some(({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"));
        });
        return conditions.some(({ type }) => type === "Failed") ? `${job.metadata.namespace}/${job.metadata.name} failed` : "";
      }),
    );
    for (const job of jobs) await trial.api.delete(job);
    if (wrong.some(Boolean)) throw new Wrong(wrong.filter(Boolean).join("\n"));
    return tasks.map(({ metadata }) => metadata.name).join(", ");
  });
}
