import { BY_THE_CLOCK, DISRUPTIONS_IGNORED, type PodTemplateProps } from "../workload";

/** Name, schedule and pods of a restore drill. */
export interface DrillJobProps<Template> {
  readonly namespace: string;
  readonly name: string;

  /** Labels of the job and of its pods. */
  readonly labels: Readonly<Record<string, string>>;

  /** Cron schedule (UTC). */
  readonly schedule: string;

  /** Time in seconds after which the job is ended. */
  readonly deadline: number;

  /** Template of its pod. */
  readonly template: Template;
}

/** CronJob of restore drills, in the format of the kubernetes provider: one at a time, without a second attempt. */
export function drillJob<Template>({ namespace, name, labels, schedule, deadline, template }: DrillJobProps<Template>) {
  return {
    metadata: { namespace, name, labels: { ...labels } },
    spec: {
      ...BY_THE_CLOCK,
      schedule,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        metadata: { labels: { ...labels } },
        spec: {
          ...DISRUPTIONS_IGNORED,
          // The scratch server has data of the first attempt, and a second one would measure something else.
          backoffLimit: 0,
          activeDeadlineSeconds: deadline,
          // Ephemeral volumes are deleted with the pod.
          ttlSecondsAfterFinished: "3600",
          template,
        },
      },
    },
  };
}

const PORT = 9400;

/** Settings of a drill's pod that expose its result to the Prometheus of a namespace, if there is one. */
export function drillMetrics(from: string | undefined): { env?: Readonly<Record<string, string>> } & Pick<PodTemplateProps, "metrics"> {
  return from === undefined ? {} : { env: { METRICS_PORT: String(PORT) }, metrics: { port: PORT, from, monitor: true } };
}
