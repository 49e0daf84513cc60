import type { ClusterKey } from "../../stacks/model/cluster";
import { type Clusters, inNamespace } from "./clusters";
import type { Machine } from "./machine";
import { until } from "./waiting";

/** A job that runs in a cluster. */
export interface JobPlace {
  readonly cluster: ClusterKey;
  readonly namespace: string;
  readonly name: string;
}

interface JobStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[] };
}

/** End of a job. */
export interface JobEnd {
  readonly succeeded: boolean;

  /** Why it failed, as Kubernetes reports it. */
  readonly message: string;

  /** Lines of all its pods. */
  readonly lines: readonly string[];
}

/** Seconds after which the longest job has ended: jobs have deadlines of their own. */
const LONGEST = 25 * 3600;

/** Waits for the end of a job. @throws ProgramFailure */
export async function endOf(clusters: Clusters, machine: Machine, job: JobPlace): Promise<JobEnd> {
  const end = await until(machine, LONGEST, async () => {
    const { status: { conditions = [] } = {} } = await clusters.json<JobStatus>(inNamespace(job, "get", "job", job.name));
    return conditions.find(({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"));
  });
  const logs = await clusters.ask(inNamespace(job, "logs", "-l", `job-name=${job.name}`, "--tail=-1"));
  return {
    succeeded: end?.type === "Complete",
    message: end?.message ?? (end ? "" : "did not end"),
    lines: logs.split("\n").filter((line) => line !== ""),
  };
}

/** Command line that shows the output of a job. */
export function logsOf(clusters: Clusters, job: JobPlace): string {
  return clusters.shown(inNamespace(job, "logs", `job/${job.name}`));
}

/** Lines of a job that are JSON objects. */
export function jsonLines<T>({ lines }: Pick<JobEnd, "lines">): readonly T[] {
  return lines.flatMap((line) => {
    try {
      return line.startsWith("{") ? [JSON.parse(line) as T] : [];
    } catch {
      return [];
    }
  });
}
