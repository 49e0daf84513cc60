import { block, list, many, map, text, textOrEmpty } from "./schema";

const LABELS = { labels: map, annotations: map };

/** Of an object that lies in no namespace. */
export const CLUSTER_METADATA = block({ name: text, ...LABELS });

/** Of an object in a namespace. */
export const METADATA = block({ name: text, namespace: { read: text, unasked: "default" }, ...LABELS });

/** Of the service account that a pod gets which names none. */
export const DEFAULT_METADATA = block({
  name: { read: text, unasked: "default" },
  namespace: { read: text, unasked: "default" },
  ...LABELS,
});

/** Of what an object makes: pods, jobs. */
export const TEMPLATE_METADATA = block({ name: text, namespace: text, ...LABELS });

/** Of a claim that lives as long as its pod. */
export const EPHEMERAL_METADATA = block(LABELS);

export const SELECTOR = block({
  match_labels: map,
  match_expressions: many(block({ key: textOrEmpty, operator: textOrEmpty, values: list(textOrEmpty) })),
});
