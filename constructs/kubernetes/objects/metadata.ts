import { block, list, many, map, text, textOrEmpty } from "./schema";

const LABELS = { labels: map, annotations: map };

/** Metadata of an object without a namespace. */
export const CLUSTER_METADATA = block({ name: text, ...LABELS });

/** Metadata of an object in a namespace. */
export const METADATA = block({ name: text, namespace: { read: text, unasked: "default" }, ...LABELS });

/** Metadata of the service account for pods that name none. */
export const DEFAULT_METADATA = block({
  name: { read: text, unasked: "default" },
  namespace: { read: text, unasked: "default" },
  ...LABELS,
});

/** Metadata of templates: pods, jobs. */
export const TEMPLATE_METADATA = block({ name: text, namespace: text, ...LABELS });

/** Metadata of an ephemeral volume's claim, which lives as long as its pod. */
export const EPHEMERAL_METADATA = block(LABELS);

export const SELECTOR = block({
  match_labels: map,
  match_expressions: many(block({ key: textOrEmpty, operator: textOrEmpty, values: list(textOrEmpty) })),
});
