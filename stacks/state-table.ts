import type { Json, SynthesizedStack } from "../constructs/policy";
import { descriptionOf } from "./base/refusals";

/** A resource with data that Terraform can't recreate. */
export interface StatefulResource {
  /** `production-data`. */
  readonly stack: string;
  readonly type: string;
  readonly id: string;

  /** Marks a resource that generates a secret in the cluster, which is stored only in a Secret there. */
  readonly isSecret: boolean;

  /**
   * Path of its setting in an environment: `production.readDatabase`.
   * @default - it has no setting
   */
  readonly path?: string;
}

/** State outside of stores, and how it is retained. */
export interface KeptState {
  /** `keys`, `metrics`. */
  readonly what: string;

  readonly kept: string;

  /** Resources with this state, as `stack/type.id`. */
  readonly resources: readonly string[];
}

/** Resource types with state, in addition to resources with volumes. */
const STATEFUL = [
  /^aws_(backup_vault|cloudwatch_log_group|db_instance|docdb_cluster|dynamodb_table|ebs_volume|ecr_repository|efs_file_system|fsx_\w+)$/,
  /^aws_(elasticache_\w*(cluster|group|cache)|kms_key|kms_replica_key|memorydb_cluster|msk_cluster|neptune_cluster|opensearch_domain|rds_cluster)$/,
  /^aws_(redshift_cluster|s3_bucket|secretsmanager_secret|sqs_queue|ssm_parameter)$/,
  /^aws_(cognito_user_pool|instance|keyspaces_table|kinesis_stream|mq_broker|prometheus_workspace|s3_directory_bucket|s3tables_table)$/,
  /^(kubernetes_persistent_volume_claim_v1|kubernetes_persistent_volume_v1|kurrentcloud_managed_cluster)$/,
];

/** Groups of settings and users, which Terraform can recreate. */
const SETTINGS = /^aws_elasticache_(parameter|subnet|user)_group$/;

/** Keys by which a chart or a Kubernetes object requests a volume. */
const VOLUME = /"(storage_class_name|storageClassName|storageClass|volumeClaimTemplates?|volume_claim_template)\\*":/;

/** API group of the generators of External Secrets. */
const GENERATORS = "generators.external-secrets.io";

/** Resources of a stack with state. */
export function statefulResources({ stack, json }: SynthesizedStack): readonly StatefulResource[] {
  const types = Object.entries((json.resource ?? {}) as Readonly<Record<string, Readonly<Record<string, Json>>>>);
  return types.flatMap(([type, named]) =>
    Object.entries(named)
      .filter(([, body]) => isStateful(type, body))
      .map(([id, body]) => {
        const path = descriptionOf(stack, `${type}.${id}`);
        return { stack: stack.node.id, type, id, isSecret: isGenerated(type, body), ...(path === undefined ? {} : { path }) };
      }),
  );
}

function isStateful(type: string, body: Json): boolean {
  if (STATEFUL.some((pattern) => pattern.test(type))) return !SETTINGS.test(type);
  if (isGenerated(type, body)) return true;
  return (type === "helm_release" || type.startsWith("kubernetes_")) && VOLUME.test(JSON.stringify(body));
}

function isGenerated(type: string, body: Json): boolean {
  return type === "helm_release" && JSON.stringify(body).includes(GENERATORS);
}

/** Secrets of a cluster without Secrets Manager. */
const CLUSTER_SECRETS = { what: "secrets in clusters", kept: "in etcd, with the backups that the owner of the cluster makes" };

/** State outside of stores, with a pattern of stack, type and id of the resources that have it. */
const KEPT: readonly (Omit<KeptState, "resources"> & { readonly holds: RegExp })[] = [
  { what: "Terraform state", holds: /^bootstrap-\d+\/aws_s3_bucket/, kept: "every version for 90 days, in the region of its bucket" },
  {
    what: "key of data subjects",
    holds: /-keys\/aws_kms_(replica_)?key\.subject-keys_/,
    kept: "by KMS, also in the recovery region; 30 days after a deletion (7 if disposable)",
  },
  { what: "keys", holds: /\/aws_kms_key\./, kept: "by KMS in their region, without a copy; 30 days after a deletion (7 if disposable)" },
  {
    what: "secrets at AWS",
    holds: /\/aws_secretsmanager_secret\./,
    kept: "by Secrets Manager in the region; 30 days after a deletion (0 if disposable)",
  },
  {
    what: "backups",
    holds: /-backup\/(aws_s3_bucket\.bucket_|aws_backup_vault\.vaults_)/,
    kept: "as in the table of backups; access to them is logged for a year or more",
  },
  {
    what: "audit trail",
    holds: /-audit-trail\/aws_s3_bucket\.bucket_(records|copy)/,
    kept: "each record for the retention of its kind, locked, and copied to aws.recoveryRegion if it is set",
  },
  { what: "volumes of restore drills", holds: /-drill_(job_release|pod_files)_/, kept: "not kept: each is deleted after its drill" },
  {
    what: "logs at AWS",
    holds: /\/aws_cloudwatch_log_group\.|-edge\/aws_s3_bucket\.edge_/,
    kept: "for aws.logRetention, in one region",
  },
  { what: "notices of interruptions", holds: /\/aws_sqs_queue\./, kept: "not kept: they are only valid for two minutes" },
  {
    what: "metrics",
    holds: /-observability\/helm_release\.observability_metrics_/,
    kept: "not kept after a loss: dashboards begin again",
  },
  {
    what: "telemetry on its way",
    holds: /-observability\/\w+\.observability_collectors_/,
    kept: "until it is delivered: a loss costs minutes of it",
  },
  { what: "traces", holds: /-observability\/\w+\.observability_\w*jaeger/, kept: "not kept after a loss: new requests have new traces" },
  {
    what: "logs and traces in Elasticsearch",
    holds: /-observability\/\w+\.observability_stores_elastic_/,
    kept: "by snapshots, if there is a bucket for them; otherwise logs are lost with their volumes",
  },
  {
    what: "snapshots of Elasticsearch",
    holds: /-backup\/aws_s3_bucket\.snapshots_/,
    kept: "one a day, for backup.keep, in the region, without a lock",
  },
];

/** State of resources that are neither stores nor workloads of an environment. Unknown resources are listed by their address. */
export function otherState(stacks: readonly SynthesizedStack[]): readonly KeptState[] {
  const found = new Map<string, { readonly kept: string; readonly resources: string[] }>();
  for (const { stack, type, id, path, isSecret } of stacks.flatMap(statefulResources)) {
    const address = `${stack}/${type}.${id}`;
    const known = isSecret ? CLUSTER_SECRETS : KEPT.find(({ holds }) => holds.test(address));
    if (!known && path !== undefined) continue;
    const { what, kept } = known ?? { what: address, kept: "not known to the platform: you must back it up" };
    found.set(what, { kept, resources: [...(found.get(what)?.resources ?? []), address] });
  }
  return [...found].map(([what, rest]) => ({ what, ...rest }));
}
