import { CronJobV1, type CronJobV1SpecJobTemplateSpec } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { Construct } from "constructs";
import { DISRUPTIONS_IGNORED } from "./disruptions";
import type { PodTemplate } from "./pod-template";
import { BY_HAND } from "./schedule";

export interface ByHandProps extends Pick<CronJobV1SpecJobTemplateSpec, "backoffLimit" | "activeDeadlineSeconds"> {
  readonly namespace: string;
  readonly name: string;
  readonly pod: PodTemplate;
  readonly image: string;
}

/** A job that only an operator starts: `kubectl create job --from=cronjob/<name> <name>-1 -n <namespace>`. */
export function jobByHand(scope: Construct, id: string, { namespace, name, pod, image, ...limits }: ByHandProps): CronJobV1 {
  return new CronJobV1(scope, id, {
    metadata: { namespace, name, labels: pod.selector() },
    spec: {
      ...BY_HAND,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: {}, spec: { ...DISRUPTIONS_IGNORED, ...limits, template: pod.version({ image }) } },
    },
    dependsOn: pod.ready,
  });
}
