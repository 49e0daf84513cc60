import { METADATA, SELECTOR, TEMPLATE_METADATA } from "./metadata";
import { JOB_POD_TEMPLATE, POD_TEMPLATE } from "./pod";
import {
  block,
  count,
  type Fields,
  flag,
  list,
  many,
  numberOrText,
  one,
  terraform,
  text,
  textOrEmpty,
  truth,
  whole,
  without,
} from "./schema";
import { CLAIM } from "./volumes";

const TEMPLATE = one(POD_TEMPLATE);
const KEPT_REVISIONS = { read: whole, unasked: 10 };
const ROLLOUT = { metadata: one(METADATA), wait_for_rollout: terraform };

function rolling(surge: string | number, unavailable: string | number) {
  return one(
    block({
      type: { read: text, unasked: "RollingUpdate" },
      rolling_update: one(
        block({ max_surge: { read: numberOrText, unasked: surge }, max_unavailable: { read: numberOrText, unasked: unavailable } }),
      ),
    }),
  );
}

export const DEPLOYMENT: Fields = {
  ...ROLLOUT,
  spec: one(
    block({
      replicas: whole,
      selector: one(SELECTOR),
      strategy: rolling("25%", "25%"),
      min_ready_seconds: count,
      progress_deadline_seconds: { read: whole, unasked: 600 },
      revision_history_limit: KEPT_REVISIONS,
      paused: flag,
      template: TEMPLATE,
    }),
  ),
};

export const DAEMON_SET: Fields = {
  ...ROLLOUT,
  spec: one(
    block({
      selector: one(SELECTOR),
      strategy: { read: rolling(0, 1), as: "updateStrategy" },
      min_ready_seconds: count,
      revision_history_limit: KEPT_REVISIONS,
      template: TEMPLATE,
    }),
  ),
};

const RETENTION = block({ when_deleted: { read: text, unasked: "Retain" }, when_scaled: { read: text, unasked: "Retain" } });

export const STATEFUL_SET: Fields = {
  ...ROLLOUT,
  spec: one(
    block(
      {
        service_name: text,
        replicas: whole,
        selector: one(SELECTOR),
        pod_management_policy: text,
        update_strategy: one(
          block({
            type: { read: text, unasked: "RollingUpdate" },
            rolling_update: one(block({ partition: { read: whole, unasked: 0 } })),
          }),
        ),
        persistent_volume_claim_retention_policy: { read: one(RETENTION), unasked: {} },
        min_ready_seconds: count,
        // Not the API's own 10: no revisions remain for a rollback.
        revision_history_limit: { read: whole, unasked: 0 },
        template: TEMPLATE,
        volume_claim_template: { read: many(block(CLAIM)), as: "volumeClaimTemplates" },
      },
      // The provider creates a StatefulSet without claims before it reads this field.
      (made) => (made.volumeClaimTemplates ? made : without(made, "minReadySeconds")),
    ),
  ),
};

const FAILURE_POLICY = block({
  rule: {
    as: "rules",
    read: many(
      block({
        action: text,
        on_exit_codes: one(block({ container_name: text, operator: text, values: list(whole) })),
        on_pod_condition: {
          as: "onPodConditions",
          read: many(block({ type: text, status: { read: text, unasked: "True" } })),
        },
      }),
    ),
  },
});

const JOB_SPEC = block(
  {
    parallelism: { read: whole, unasked: 1 },
    completions: { read: count, unasked: 1 },
    completion_mode: text,
    backoff_limit: { read: whole, unasked: 6 },
    backoff_limit_per_index: { read: whole, unasked: 0 },
    max_failed_indexes: { read: whole, unasked: 0 },
    active_deadline_seconds: count,
    pod_failure_policy: one(FAILURE_POLICY),
    manual_selector: { read: truth, unasked: false },
    selector: one(SELECTOR),
    ttl_seconds_after_finished: whole,
    template: one(JOB_POD_TEMPLATE),
  },
  // An indexed job gets both limits, zero by default; other jobs get neither.
  (made) => (made.completionMode === "Indexed" ? made : without(made, "backoffLimitPerIndex", "maxFailedIndexes")),
);

export const JOB: Fields = { metadata: one(METADATA), spec: one(JOB_SPEC), wait_for_completion: terraform };

export const CRON_JOB: Fields = {
  metadata: one(METADATA),
  spec: one(
    block({
      schedule: text,
      timezone: { read: text, as: "timeZone" },
      concurrency_policy: { read: text, unasked: "Allow" },
      starting_deadline_seconds: count,
      suspend: { read: truth, unasked: false },
      successful_jobs_history_limit: { read: whole, unasked: 3 },
      failed_jobs_history_limit: { read: whole, unasked: 1 },
      job_template: one(block({ metadata: one(TEMPLATE_METADATA), spec: one(JOB_SPEC) })),
    }),
  ),
};

export const DISRUPTION_BUDGET: Fields = {
  metadata: one(METADATA),
  spec: one(block({ min_available: numberOrText, max_unavailable: numberOrText, selector: one(SELECTOR) })),
};

/** The API accepts only the value that belongs to the type. */
const TARGET_VALUES: Readonly<Record<string, string>> = {
  Utilization: "averageUtilization",
  AverageValue: "averageValue",
  Value: "value",
};

const TARGET = one(
  block({ type: text, average_utilization: count, average_value: text, value: text }, (made) =>
    without(made, ...Object.values(TARGET_VALUES).filter((name) => name !== TARGET_VALUES[String(made.type)] || made[name] === "0")),
  ),
);

const METRIC = one(block({ name: textOrEmpty, selector: one(SELECTOR) }));
const SCALED = one(block({ api_version: text, kind: textOrEmpty, name: textOrEmpty }));

/** Without `select_policy` the provider sends an empty one, which the API rejects. */
const SCALING = one(
  block({
    stabilization_window_seconds: { read: whole, beside: 0 },
    select_policy: { read: textOrEmpty, beside: "" },
    policy: { read: many(block({ type: textOrEmpty, value: whole, period_seconds: whole })), as: "policies" },
  }),
);

export const AUTOSCALER: Fields = {
  metadata: one(METADATA),
  spec: one(
    block({
      scale_target_ref: SCALED,
      min_replicas: { read: count, unasked: 1 },
      max_replicas: whole,
      metric: {
        as: "metrics",
        read: many(
          block({
            type: text,
            resource: one(block({ name: text, target: TARGET })),
            container_resource: one(block({ container: text, name: text, target: TARGET })),
            pods: one(block({ metric: METRIC, target: TARGET })),
            object: one(block({ described_object: SCALED, metric: METRIC, target: TARGET })),
            external: one(block({ metric: METRIC, target: TARGET })),
          }),
        ),
      },
      behavior: {
        unasked: {},
        read: one(block({ scale_up: { read: SCALING, beside: {} }, scale_down: { read: SCALING, beside: {} } })),
      },
    }),
  ),
};
