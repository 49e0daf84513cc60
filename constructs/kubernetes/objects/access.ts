import { CLUSTER_METADATA, DEFAULT_METADATA, METADATA, SELECTOR } from "./metadata";
import { block, type Fields, list, many, one, terraform, text, textOrEmpty, texts, truth } from "./schema";

const NAMED = many(block({ name: text }));

export const SERVICE_ACCOUNT: Fields = {
  metadata: one(METADATA),
  automount_service_account_token: { read: truth, unasked: true },
  image_pull_secret: { read: NAMED, as: "imagePullSecrets" },
  secret: { read: NAMED, as: "secrets" },
  default_secret_name: terraform,
};

/** The default service account of a namespace, which the provider modifies. */
export const DEFAULT_SERVICE_ACCOUNT: Fields = { ...SERVICE_ACCOUNT, metadata: one(DEFAULT_METADATA) };

const RULE = { api_groups: texts, resources: texts, resource_names: texts, verbs: texts };

export const ROLE: Fields = { metadata: one(METADATA), rule: { read: many(block(RULE)), as: "rules" } };

export const CLUSTER_ROLE: Fields = {
  metadata: one(CLUSTER_METADATA),
  aggregation_rule: one(block({ cluster_role_selectors: many(SELECTOR) })),
  rule: { as: "rules", unasked: [], read: many(block({ ...RULE, non_resource_urls: { read: list(textOrEmpty), as: "nonResourceURLs" } })) },
};

const BOUND: Fields = {
  role_ref: one(block({ api_group: text, kind: text, name: textOrEmpty })),
  subject: {
    as: "subjects",
    // Doesn't default to the binding's namespace: a subject without one is a service account of `default`.
    read: many(block({ api_group: text, kind: text, name: textOrEmpty, namespace: { read: text, unasked: "default" } })),
  },
};

export const ROLE_BINDING: Fields = { metadata: one(METADATA), ...BOUND };

export const CLUSTER_ROLE_BINDING: Fields = { metadata: one(CLUSTER_METADATA), ...BOUND };
