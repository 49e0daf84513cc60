import { EPHEMERAL_METADATA, METADATA, SELECTOR } from "./metadata";
import { block, type Fields, flag, list, many, map, mode, one, type Reader, text, textOrEmpty, truth, whole } from "./schema";

const CLAIM_SPEC = block({
  access_modes: list(text),
  resources: one(block({ limits: map, requests: map })),
  selector: one(SELECTOR),
  volume_name: text,
  storage_class_name: text,
  volume_mode: text,
});

/** Fields of a claim and of a claim template. */
export const CLAIM: Fields = { metadata: one(METADATA), spec: one(CLAIM_SPEC) };

/** A field of the pod, as a variable or a file. */
export const FIELD_REF = block({ api_version: { read: text, unasked: "v1" }, field_path: text });

/** A request or a limit of a container, as a variable or a file. */
export const RESOURCE_FIELD_REF = block({ container_name: text, resource: text, divisor: { read: text, unasked: "1" } });

const OPTIONAL = { read: truth, beside: false };
const DEFAULT_MODE = { read: mode, unasked: 0o644 };

const KEYS = many(block({ key: textOrEmpty, mode, path: textOrEmpty }));
const FILES = many(block({ path: textOrEmpty, field_ref: one(FIELD_REF), resource_field_ref: one(RESOURCE_FIELD_REF), mode }));

/** In Terraform a `sources` block may contain several sources; the API requires one entry for each. */
const SOURCES = block({
  secret: many(block({ name: text, items: KEYS, optional: OPTIONAL })),
  config_map: many(block({ name: text, items: KEYS, optional: OPTIONAL })),
  downward_api: { read: many(block({ items: FILES })), as: "downwardAPI" },
  service_account_token: many(block({ audience: text, expiration_seconds: { read: whole, unasked: 3600 }, path: textOrEmpty })),
});

const projections: Reader = (value, reading) => {
  const groups = many(SOURCES)(value, reading) as readonly Readonly<Record<string, readonly unknown[]>>[] | undefined;
  return groups?.flatMap((group) =>
    Object.entries(group ?? {}).flatMap(([name, sources]) => sources.map((source) => ({ [name]: source }))),
  );
};

/** The volume types that the restricted standard allows, and two that node agents need. */
export const VOLUME = block({
  name: text,
  config_map: one(block({ name: text, items: KEYS, default_mode: DEFAULT_MODE, optional: OPTIONAL })),
  secret: one(block({ secret_name: text, items: KEYS, default_mode: DEFAULT_MODE, optional: OPTIONAL })),
  projected: one(block({ sources: projections, default_mode: DEFAULT_MODE })),
  downward_api: { read: one(block({ items: FILES, default_mode: DEFAULT_MODE })), as: "downwardAPI" },
  empty_dir: one(block({ medium: text, size_limit: text })),
  persistent_volume_claim: one(block({ claim_name: textOrEmpty, read_only: flag })),
  ephemeral: one(block({ volume_claim_template: one(block({ metadata: one(EPHEMERAL_METADATA), spec: one(CLAIM_SPEC) })) })),
  csi: {
    read: one(
      block({
        driver: textOrEmpty,
        read_only: { read: truth, beside: false },
        fs_type: { read: textOrEmpty, beside: "", as: "fsType" },
        volume_attributes: map,
        node_publish_secret_ref: one(block({ name: text })),
      }),
    ),
  },
  host_path: one(block({ path: textOrEmpty, type: { read: textOrEmpty, beside: "" } })),
  nfs: one(block({ server: textOrEmpty, path: textOrEmpty, read_only: flag })),
});
