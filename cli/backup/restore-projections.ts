import { readModelProgress } from "../../constructs/projection";
import type { System } from "../../stacks";
import type { DomainOf, ReadModelOf } from "../../stacks/model/system";
import { Refused } from "../refused";
import { inNamespace } from "./clusters";
import { endOf, type JobPlace, logsOf } from "./jobs";
import { present, type Restoring, type Step } from "./steps";

/** Steps that wait until the projections of an environment have caught up with the restored events. */
export function caughtUp(into: System, id: string, apply: string, restoring: Restoring): readonly Step[] {
  return into.domains.flatMap((domain) => domain.readModels.map((model) => stepOf(domain, model, id, apply, restoring)));
}

function stepOf(domain: DomainOf, { projection }: ReadModelOf, id: string, apply: string, restoring: Restoring): Step {
  const { clusters, machine } = restoring;
  const cronJob = readModelProgress(projection);
  const job: JobPlace = { ...domain, name: `${cronJob}-${id}` };
  const create = inNamespace(domain, "create", "job", job.name, `--from=cronjob/${cronJob}`);
  return {
    title: `${projection}: projected up to the end of the restored events`,
    commands: [clusters.shown(create)],
    run: async () => {
      if (!(await present(restoring, inNamespace(domain, "get", "cronjob", cronJob)))) return { waits: [apply] };
      const existing = await present<{ readonly status?: { readonly failed?: number } }>(
        restoring,
        inNamespace(domain, "get", "job", job.name),
      );
      if (existing?.status?.failed) await clusters.ask(inNamespace(domain, "delete", "job", job.name));
      if (!existing || existing.status?.failed) await clusters.ask(create);
      const end = await endOf(clusters, machine, job);
      const states = end.lines.filter((line) => line.startsWith(`${projection}/`)).slice(-2);
      if (!end.succeeded || states.some((line) => line.includes(": ahead"))) {
        const why = states.join("; ") || end.lines.at(-1) || end.message;
        throw new Refused(`${projection}: ${why}; rebuild it, docs/projections.md has the steps; ${logsOf(clusters, job)}`);
      }
      return { done: states.join("; ") };
    },
  };
}
