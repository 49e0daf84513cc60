/**
 * Part of the specification of every job: a pod that was evicted, preempted or drained didn't fail by its own fault, so it doesn't count as
 * one of the job's retries. Needs `restartPolicy: "Never"` (Kubernetes, pod failure policy).
 */
export const DISRUPTIONS_IGNORED = {
  podFailurePolicy: { rule: [{ action: "Ignore", onPodCondition: [{ type: "DisruptionTarget", status: "True" }] }] },
};
