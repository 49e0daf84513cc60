import { CLUSTER_METADATA, METADATA } from "./metadata";
import { block, type Fields, flag, list, many, map, one, terraform, text, textOrEmpty, texts, truth, whole } from "./schema";

export const NAMESPACE: Fields = { metadata: one(CLUSTER_METADATA), wait_for_default_service_account: terraform };

export const RESOURCE_QUOTA: Fields = {
  metadata: one(METADATA),
  spec: one(
    block({
      hard: map,
      scopes: texts,
      scope_selector: one(
        block({
          match_expression: { as: "matchExpressions", read: many(block({ scope_name: text, operator: text, values: texts })) },
        }),
      ),
    }),
  ),
};

export const LIMIT_RANGE: Fields = {
  metadata: one(METADATA),
  spec: one(
    block({
      limit: {
        as: "limits",
        read: many(block({ type: textOrEmpty, default: map, default_request: map, max: map, min: map, max_limit_request_ratio: map })),
      },
    }),
  ),
};

export const PRIORITY_CLASS: Fields = {
  metadata: one(CLUSTER_METADATA),
  value: whole,
  global_default: flag,
  description: text,
  preemption_policy: { read: text, unasked: "PreemptLowerPriority" },
};

const TOPOLOGY = one(block({ match_label_expressions: many(block({ key: textOrEmpty, values: list(textOrEmpty) })) }));

export const STORAGE_CLASS: Fields = {
  metadata: one(CLUSTER_METADATA),
  storage_provisioner: { read: text, as: "provisioner" },
  parameters: map,
  reclaim_policy: { read: text, unasked: "Delete" },
  volume_binding_mode: { read: text, unasked: "Immediate" },
  allow_volume_expansion: { read: truth, unasked: true },
  mount_options: texts,
  // One block in Terraform, a list in the API.
  allowed_topologies: (value, reading) => {
    const topology = TOPOLOGY(value, reading);
    return topology && [topology];
  },
};

export const CONFIG_MAP: Fields = {
  metadata: one(METADATA),
  data: map,
  binary_data: map,
  immutable: { read: truth, unasked: false },
};
