import type { TerraformResource, TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { BACKUP_TAG } from "../core/tags";
import { exemptionsOf } from "./contract";
import { tooLong } from "./documents";
import { isMisnamed } from "./names";
import { READ_BACK } from "./read-back";

/** A stack and its synthesized Terraform configuration. */
export interface SynthesizedStack {
  readonly stack: TerraformStack;

  /** Requires deletion protection of its data. */
  readonly protect: boolean;

  /** Marks a stack for data only, which is changed for no other reason. */
  readonly holdsData: boolean;

  /** The configuration that Terraform reads, including overrides, aspects and foreign constructs. */
  readonly json: Json;
}

/** Configuration in the JSON syntax of Terraform, or a part of it. */
export type Json = Readonly<Record<string, unknown>>;

/** A policy violation of a resource, or of a whole stack. */
export interface Finding {
  readonly policy: string;

  /** The stack and the resource in it: `production-backup/aws_s3_bucket.logs`. */
  readonly address: string;

  /**
   * Path of the setting in an environment that creates the resource: `production.cache`.
   * @default - none
   */
  readonly path?: string;

  readonly rule: string;
  readonly remedy: string;
}

/** A resource in the synthesized configuration. */
export interface Resource {
  readonly type: string;

  /** Address for references: `aws_s3_bucket.logs`. */
  readonly address: string;

  readonly body: Json;
}

/** Rule about the configuration of one stack. */
export interface Policy {
  readonly id: string;
  readonly rule: string;
  readonly remedy: string;

  /** Returns the addresses that violate the policy; "" is the stack as a whole. */
  readonly check: (stack: SynthesizedStack, resources: readonly Resource[]) => readonly string[];
}

/** Types with data that can't be recreated, each with its API's argument for deletion protection, if it has one. */
const STATEFUL: Readonly<Record<string, string | undefined>> = {
  aws_backup_vault: undefined,
  aws_db_instance: "deletion_protection",
  aws_dynamodb_table: "deletion_protection_enabled",
  aws_efs_file_system: undefined,
  aws_elasticache_replication_group: undefined,
  aws_kms_key: undefined,
  aws_kms_replica_key: undefined,
  aws_msk_cluster: undefined,
  aws_rds_cluster: "deletion_protection",
  aws_s3_bucket: undefined,
  aws_secretsmanager_secret: undefined,
  kubernetes_persistent_volume_claim_v1: undefined,
  kurrentcloud_managed_cluster: "protected",
};

/** Custom resources with data, by group and kind: deleting their release deletes their volumes. */
const STATEFUL_OBJECTS = ["postgresql.cnpg.io/Cluster"];

/** API of each provider. */
const APIS: Readonly<Record<string, string>> = {
  aws: "AWS",
  kubernetes: "a cluster",
  helm: "a cluster",
  kurrentcloud: "Kurrent Cloud",
  cloudflare: "Cloudflare",
};

/** Maximum of old revisions. */
const MOST_REVISIONS = 10;

/** Data stores that AWS Backup plans can select by tag. */
const BACKED_UP = ["aws_db_instance", "aws_dynamodb_table", "aws_efs_file_system", "aws_rds_cluster"];

/** Types whose minor versions AWS upgrades by default. A version of ElastiCache always includes the minor. */
const UPGRADED = ["aws_db_instance", "aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_rds_cluster_instance"];

/** Types whose pods run to completion. */
const JOBS = ["kubernetes_job_v1", "kubernetes_cron_job_v1"];

/** Arguments whose value is stored in the state, readable for anyone who can plan. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  aws_db_instance: ["password"],
  aws_docdb_cluster: ["master_password"],
  aws_elasticache_replication_group: ["auth_token"],
  aws_elasticache_user: ["passwords"],
  aws_rds_cluster: ["master_password"],
  aws_secretsmanager_secret_version: ["secret_string", "secret_binary"],
  aws_ssm_parameter: ["value", "insecure_value"],
  kubernetes_secret_v1: ["data", "binary_data"],
};

/**
 * Policies that Checkov can't check: relations between resources, stacks and settings of an environment.
 * Each checks the JSON that Terraform reads, so that nothing is missed.
 */
export const POLICIES: readonly Policy[] = [
  {
    id: "names-fit",
    rule: "has a name that its API rejects: it is too long, or has characters that are not allowed",
    remedy: "create it with cloudName, with all of its parts, or use shorter names",
    check: (_, resources) => resources.filter(({ type, body }) => isMisnamed(type, body)).map(toAddress),
  },
  {
    id: "policies-fit",
    rule: "has a policy that is longer than AWS accepts",
    remedy: "name fewer resources in it; for policies of deploy roles, have fewer environments in the account",
    check: (_, resources) => tooLong(resources).map(toAddress),
  },
  {
    id: "tls-only-buckets",
    rule: "has no bucket policy that denies requests without TLS",
    remedy: "use PrivateBucket, or deny s3:* where aws:SecureTransport is false",
    check: ({ json }, resources) => {
      const policies = ofType(resources, ["aws_s3_bucket_policy"]);
      const closed = (bucket: string) =>
        policies.some(({ body }) => refersTo(body.bucket, bucket) && refusesPlainHttp(body.policy, bucket, json));
      return ofType(resources, ["aws_s3_bucket"])
        .map(toAddress)
        .filter((bucket) => !closed(bucket));
    },
  },
  {
    id: "data-is-kept",
    rule: "can be destroyed with its data, which must be protected from deletion",
    remedy: "set prevent_destroy and the deletion protection of its API, and remove force_destroy",
    check: ({ protect }, resources) => (protect ? resources.filter(isStateful).filter(canBeDestroyed).map(toAddress) : []),
  },
  {
    id: "data-lives-apart",
    rule: "holds data in a stack that is also changed for other reasons",
    remedy: "move it to a separate stack, and declare that the stack holds data",
    check: ({ holdsData }, resources) => (holdsData ? [] : resources.filter(isStateful).map(toAddress)),
  },
  {
    id: "backups-select-it",
    rule: `has no tag ${BACKUP_TAG}, so no backup plan selects it`,
    remedy: `tag it with ${BACKUP_TAG}`,
    check: ({ protect }, resources) =>
      protect
        ? ofType(resources, BACKED_UP)
            .filter(({ body }) => !(BACKUP_TAG in ((body.tags ?? {}) as object)))
            .map(toAddress)
        : [],
  },
  {
    id: "no-secret-in-state",
    rule: "has a secret in its arguments, which are stored in the state in plaintext",
    remedy: "use a write-only argument (…_wo), a managed password, or an ephemeral resource",
    check: (_, resources) =>
      resources.filter(({ type, body }) => (SECRETS[type] ?? []).some((argument) => body[argument] !== undefined)).map(toAddress),
  },
  {
    id: "pinned-account",
    rule: "has an AWS provider that accepts credentials of any account, or doesn't tag its resources",
    remedy: "set allowed_account_ids, and default_tags with system, environment and stack",
    check: ({ json }) => (blocks(json, "provider", "aws").every(isPinned) ? [] : [""]),
  },
  {
    id: "shared-locked-state",
    rule: "stores its state in a backend that is not encrypted, locked and shared",
    remedy:
      "use the S3 backend with encrypt, kms_key_id and use_lockfile, or the kubernetes, pg or http (https, with lock_address) backend; a local file only without AWS, outside of what synthesis writes",
    check: ({ json }) => (stateIsSafe(json) ? [] : [""]),
  },
  {
    id: "one-cloud-api",
    rule: "uses several APIs (AWS, Kubernetes, other clouds), so an outage of one blocks plans for the others",
    remedy: "split it, and pass values as outputs",
    check: ({ json }) => (apisOf(json).size > 1 ? [""] : []),
  },
  {
    id: "whole-releases",
    rule: "can be left half installed after a failure, which blocks the next install, or keeps an unlimited number of revisions",
    remedy: `use Release, or set atomic, and max_history from 1 to ${MOST_REVISIONS}`,
    check: (_, resources) =>
      ofType(resources, ["helm_release"])
        .filter(({ body: { atomic, max_history: kept } }) => !(atomic === true && Number(kept) >= 1 && Number(kept) <= MOST_REVISIONS))
        .map(toAddress),
  },
  {
    id: "no-secret-in-releases",
    rule: "gets a secret among its values, which its release stores readably",
    remedy: "name an existing Secret in the values",
    check: (_, resources) =>
      ofType(resources, ["helm_release"])
        .filter(({ body }) => ["set_sensitive", "set_wo"].some((argument) => body[argument] !== undefined))
        .map(toAddress),
  },
  {
    id: "upgrades-keep-plans-empty",
    rule: "is upgraded by AWS to a version other than the configured one, and the next plan would downgrade it",
    remedy: "turn off auto_minor_version_upgrade, or write only the major version",
    check: (_, resources) =>
      ofType(resources, UPGRADED)
        .filter(({ type, body: { engine_version: version, auto_minor_version_upgrade: automatic } }) => {
          const pinned = typeof version === "string" && (type.startsWith("aws_elasticache") || version.includes("."));
          return pinned && String(automatic ?? true) === "true";
        })
        .map(toAddress),
  },
  {
    id: "tags-have-values",
    rule: "has a tag without a value, so every plan shows a change",
    remedy: "give it a value, or leave the tag out",
    check: ({ json }, resources) => {
      const empty = (tags: unknown) => Object.values((tags ?? {}) as object).some((value) => value === "");
      const providers = blocks(json, "provider", "aws").flatMap(({ default_tags: tags }) => (tags ?? []) as { readonly tags?: object }[]);
      const [stack, own] = [providers.some(({ tags }) => empty(tags)), resources.filter(({ body }) => empty(body.tags))];
      return [...(stack ? [""] : []), ...own.map(toAddress)];
    },
  },
  {
    id: "last-words",
    rule: "has a container whose last output is lost when it fails",
    remedy: 'set terminationMessagePolicy to "FallbackToLogsOnError" on every container',
    check: (_, resources) =>
      resources
        .filter(({ body }) => containersOf(body).some((container) => container.termination_message_policy !== "FallbackToLogsOnError"))
        .map(toAddress),
  },
  {
    id: "disruptions-are-no-failures",
    rule: "is a job that fails after a few evictions of its pod",
    remedy: 'spread DISRUPTIONS_IGNORED into its spec, and set restartPolicy to "Never"',
    check: (_, resources) =>
      ofType(resources, JOBS)
        .filter(({ body }) => !ignoresDisruptions(body))
        .map(toAddress),
  },
  {
    id: "named-outputs",
    rule: "refers to an address that is not in its stack, but perhaps in another",
    remedy: "publish the value from the other stack, and read it",
    check: ({ json }, resources) => {
      const present = new Set(resources.map(toAddress).concat(addressesOf(json, "data", "data.")));
      return resources.filter((resource) => references(resource).some((reference) => !present.has(reference))).map(toAddress);
    },
  },
  {
    id: "no-stray-templates",
    rule: "has a text with ${ or %{, which Terraform would evaluate as a template",
    remedy: "escape the text with literal of constructs/core, or write $${ and %%{",
    check: (_, resources) => resources.filter(hasStrayTemplate).map(toAddress),
  },
  // Rules that keep a second plan empty.
  ...READ_BACK.map(
    ({ id, rule, remedy, breaks }): Policy => ({
      id,
      rule,
      remedy,
      check: (_, resources) => resources.filter((resource) => breaks(resource, resources)).map(toAddress),
    }),
  ),
];

/** The IDs of all policies. */
export const POLICY_IDS: readonly string[] = POLICIES.map(({ id }) => id);

/** Returns a stack's violations of the platform's policies and of your own, except those with an exemption. */
export function findings(synthesized: SynthesizedStack, own: readonly Policy[] = []): readonly Finding[] {
  const resources = resourcesOf(synthesized.json);
  const broken = [...POLICIES, ...own].flatMap(({ id, rule, remedy, check }) =>
    check(synthesized, resources).map((address) => ({ id, rule, remedy, address })),
  );
  if (broken.length === 0) return [];
  const exempted = exemptions(synthesized.stack);
  return broken
    .filter(({ id, address }) => !exempted.has(`${id} ${address}`))
    .map(({ id, rule, remedy, address }) => ({
      policy: id,
      address: [synthesized.stack.node.id, address].filter(Boolean).join("/"),
      rule,
      remedy,
    }));
}

/** Returns exemptions as `policy address`; a stack's own exemptions apply to the stack as a whole. */
function exemptions(stack: TerraformStack): ReadonlySet<string> {
  const addressOf = (construct: IConstruct) => {
    const { terraformResourceType, friendlyUniqueId } = construct as TerraformResource;
    return construct === stack ? "" : `${terraformResourceType}.${friendlyUniqueId}`;
  };
  const entries = stack.node.findAll().flatMap((construct) => exemptionsOf(construct).map(({ rule }) => `${rule} ${addressOf(construct)}`));
  return new Set(entries);
}

function resourcesOf(json: Json): readonly Resource[] {
  return Object.entries((json.resource ?? {}) as Record<string, Record<string, Json>>).flatMap(([type, named]) =>
    Object.entries(named).map(([name, body]) => ({ type, address: `${type}.${name}`, body })),
  );
}

function addressesOf(json: Json, kind: string, prefix: string): string[] {
  return Object.entries((json[kind] ?? {}) as Record<string, object>).flatMap(([type, named]) =>
    Object.keys(named).map((name) => `${prefix}${type}.${name}`),
  );
}

function ofType(resources: readonly Resource[], types: readonly string[]): readonly Resource[] {
  return resources.filter(({ type }) => types.includes(type));
}

function toAddress({ address }: Resource): string {
  return address;
}

function refersTo(value: unknown, address: string): boolean {
  return JSON.stringify(value ?? "").includes(`\${${address}.`);
}

/** Checks if a bucket's policy, as JSON or as a Terraform policy document, denies all requests without TLS. */
function refusesPlainHttp(policy: unknown, bucket: string, json: Json): boolean {
  return statementsOf(policy, json).some((statement) => {
    // The two formats differ in case, and in the structure of principals and conditions.
    const [effect, actions, resources] = ["effect", "actions?", "resources?"].map((key) => field(statement, key));
    const principal = JSON.stringify(field(statement, "principals?") ?? "");
    const condition = JSON.stringify(field(statement, "conditions?") ?? "");
    return (
      effect === "Deny" &&
      JSON.stringify(actions).includes('"s3:*"') &&
      principal.includes('"*"') &&
      refersTo(resources, bucket) &&
      ['"Bool"', '"aws:SecureTransport"', '"false"'].every((part) => condition.includes(part))
    );
  });
}

function statementsOf(policy: unknown, json: Json): readonly Json[] {
  const [, document] = /^\$\{data\.aws_iam_policy_document\.([\w-]+)\.json\}$/.exec(String(policy)) ?? [];
  const documents = (json.data as { aws_iam_policy_document?: Record<string, { statement?: unknown }> } | undefined)
    ?.aws_iam_policy_document;
  const written = document ? documents?.[document]?.statement : parsed(policy).Statement;
  return [written ?? []].flat() as unknown as readonly Json[];
}

/** Parses JSON as an object; unreadable text is an empty object. */
function parsed(text: unknown): Json {
  try {
    return (JSON.parse(String(text)) ?? {}) as Json;
  } catch {
    return {};
  }
}

function field(statement: Json, name: string): unknown {
  const key = Object.keys(statement ?? {}).find((candidate) => new RegExp(`^${name}$`, "i").test(candidate));
  return key && statement[key];
}

/** Returns the specification of a job, or of a scheduled job. */
function jobOf({ spec }: Json): Json {
  const { job_template: template } = first(spec);
  return template ? first(first(template).spec) : first(spec);
}

/** Returns the containers of a resource's pods, including init containers. */
function containersOf(body: Json): readonly Json[] {
  const pod = first(first(jobOf(body).template).spec);
  return [pod.init_container ?? [], pod.container ?? []].flat() as unknown as readonly Json[];
}

function ignoresDisruptions(body: Json): boolean {
  const { pod_failure_policy: policy, template } = jobOf(body);
  const rules = [first(policy).rule ?? []].flat() as unknown as readonly Json[];
  const ignored = rules.some(({ action, on_pod_condition: on }) => action === "Ignore" && first(on).type === "DisruptionTarget");
  return ignored && first(first(template).spec).restart_policy === "Never";
}

/** Returns a block, written as an object or as a list of one. */
function first(block: unknown): Json {
  return ([block ?? []].flat()[0] ?? {}) as Json;
}

/** Checks that a resource holds data, or that deleting it deletes volumes. */
export function isStateful({ type, body }: Pick<Resource, "type" | "body">): boolean {
  if (type !== "helm_release") return type in STATEFUL;
  return objectsOf(body).some(({ apiVersion, kind }) => STATEFUL_OBJECTS.includes(`${String(apiVersion).split("/")[0]}/${kind}`));
}

/** Returns the objects of a custom resources release. */
function objectsOf({ values }: Json): readonly Json[] {
  return [values ?? []].flat().flatMap((text) => {
    // Most releases are of charts with long values of their own.
    const { objects } = (String(text).includes('"objects"') ? parsed(text) : {}) as { readonly objects?: unknown };
    return Array.isArray(objects) ? (objects as Json[]) : [];
  });
}

/** Returns the APIs that the providers of a stack call: those that it configures, requires, or uses for resources and data. */
function apisOf(json: Json): ReadonlySet<string> {
  const required = (json.terraform as { required_providers?: object } | undefined)?.required_providers;
  const types = [json.resource, json.data].flatMap((named) => Object.keys((named ?? {}) as object));
  const providers = [
    ...Object.keys((json.provider ?? {}) as object),
    ...Object.keys(required ?? {}),
    ...types.map((type) => type.split("_")[0] ?? ""),
  ];
  return new Set(providers.flatMap((provider) => APIS[provider] ?? []));
}

function canBeDestroyed({ type, body }: Resource): boolean {
  const guard = STATEFUL[type];
  const lifecycle = body.lifecycle as { prevent_destroy?: boolean } | undefined;
  return lifecycle?.prevent_destroy !== true || (guard !== undefined && body[guard] !== true) || body.force_destroy === true;
}

function isPinned(provider: Json): boolean {
  const [tags] = (provider.default_tags ?? []) as { tags?: object }[];
  return Array.isArray(provider.allowed_account_ids) && ["system", "environment", "stack"].every((tag) => tag in (tags?.tags ?? {}));
}

function stateIsSafe(json: Json): boolean {
  const { s3, local, http, kubernetes, pg } = ((json.terraform as { backend?: Record<string, Json> } | undefined)?.backend ?? {}) as {
    readonly [Name in "s3" | "local" | "http" | "kubernetes" | "pg"]?: Json;
  };
  // Other S3-compatible stores don't have KMS keys.
  if (s3)
    return s3.encrypt === true && s3.use_lockfile === true && (typeof s3.kms_key_id === "string" || isHttps((s3.endpoints as Json)?.s3));
  if (http) return isHttps(http.address) && isHttps(http.lock_address);
  if (kubernetes) return typeof kubernetes.secret_suffix === "string";
  // The connection string is a secret, so it must not be in the configuration.
  if (pg) return typeof pg.schema_name === "string" && pg.conn_str === undefined;
  return typeof local?.path === "string" && local.path.startsWith("../../../") && blocks(json, "provider", "aws").length === 0;
}

function isHttps(address: unknown): boolean {
  return typeof address === "string" && address.startsWith("https://");
}

function blocks(json: Json, kind: string, name: string): readonly Json[] {
  return ((json[kind] as Record<string, readonly Json[]> | undefined)?.[name] ?? []) as readonly Json[];
}

/** Template sequences that Terraform evaluates; escaped ones are text. */
const TEMPLATE = /\$(?<!\$\$)\{~?([^}]*)|%(?<!%%)\{~?([^}]*)/g;

/** Types of resources and data sources. */
const TYPE = "(?:aws|kubernetes|helm|kurrentcloud|cloudflare|terraform)_\\w+";

const REFERENCE = new RegExp(`(?<![\\w.-])(?:data\\.)?${TYPE}\\.[A-Za-z_][\\w-]*`, "g");

/** Valid starts of a Terraform expression: a reference, a call, a list, an object or a string; a directive by its keyword. */
const EXPRESSION = new RegExp(
  `^[\\s!(-]*(?:(?:data|each|ephemeral|local|module|path|self|terraform|var)\\.|${TYPE}\\.|[a-z]\\w*(?:::\\w+)*\\(|[[{"])`,
);
const DIRECTIVE = /^\s*(?:if|for|else|endif|endfor)\b/;

/** Returns the resources and data sources that a resource refers to: `aws_vpc.main`, `data.aws_vpc.main`. */
function references(resource: Resource): readonly string[] {
  return templates(resource).flatMap(([, expression = ""]) => expression.match(REFERENCE) ?? []);
}

function hasStrayTemplate(resource: Resource): boolean {
  return templates(resource).some(([, expression, directive = ""]) =>
    expression === undefined ? !DIRECTIVE.test(directive) : !EXPRESSION.test(expression),
  );
}

const found = new WeakMap<Resource, readonly RegExpMatchArray[]>();

/** Returns the templates in a resource. They are searched for once: several policies check them. */
function templates(resource: Resource): readonly RegExpMatchArray[] {
  const known = found.get(resource) ?? withTemplates(resource.body).flatMap((text) => [...text.matchAll(TEMPLATE)]);
  found.set(resource, known);
  return known;
}

/** Returns the texts of a value, keys included, with templates. Most of a configuration is long texts without. */
function withTemplates(value: unknown, texts: string[] = []): readonly string[] {
  if (typeof value === "string") {
    if (value.includes("${") || value.includes("%{")) texts.push(value);
  } else if (Array.isArray(value)) {
    for (const inner of value) withTemplates(inner, texts);
  } else if (typeof value === "object") {
    for (const key in value) {
      withTemplates(key, texts);
      withTemplates((value as Json)[key], texts);
    }
  }
  return texts;
}
