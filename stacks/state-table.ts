import type { Json, SynthesizedStack } from "../constructs/policy";
import { descriptionOf } from "./base/refusals";

/** A resource of a stack that keeps something which Terraform can't make again. */
export interface StatefulResource {
  /** `production-data`. */
  readonly stack: string;
  readonly type: string;
  readonly id: string;

  /** Whether it generates a secret in the cluster, which is stored in a Secret there and nowhere else. */
  readonly isSecret: boolean;

  /**
   * Where an environment describes it: `production.readDatabase`.
   * @default - nowhere
   */
  readonly path?: string;
}

/** State outside of stores, and how it is kept. */
export interface KeptState {
  /** `keys`, `metrics`. */
  readonly what: string;

  readonly kept: string;

  /** The resources that hold it, as `stack/type.id`. */
  readonly resources: readonly string[];
}

/** Resources of providers that keep state, in addition to what has volumes. */
const STATEFUL = [
  /^aws_(backup_vault|cloudwatch_log_group|db_instance|docdb_cluster|dynamodb_table|ebs_volume|ecr_repository|efs_file_system|fsx_\w+)$/,
  /^aws_(elasticache_\w*(cluster|group|cache)|kms_key|memorydb_cluster|msk_cluster|neptune_cluster|opensearch_domain|rds_cluster)$/,
  /^aws_(redshift_cluster|s3_bucket|secretsmanager_secret|sqs_queue|ssm_parameter)$/,
  /^(kubernetes_persistent_volume_claim_v1|kubernetes_persistent_volume_v1|kurrentcloud_managed_cluster)$/,
];

/** Groups of settings and users, which Terraform makes again. */
const SETTINGS = /^aws_elasticache_(parameter|subnet|user)_group$/;

/** By what a chart or an object of Kubernetes asks for a volume. */
const VOLUME = /"(storage_class_name|storageClassName|storageClass|volumeClaimTemplates?|volume_claim_template)\\*":/;

/** The group of the generators of External Secrets. */
const GENERATORS = "generators.external-secrets.io";

/** What of a stack keeps state. */
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

/** What is kept outside of stores, by the stack, type and id of the resources that hold it. */
const KEPT: readonly (Omit<KeptState, "resources"> & { readonly holds: RegExp })[] = [
  { what: "Terraform state", holds: /^bootstrap-\d+\/aws_s3_bucket/, kept: "every version for 90 days, in the region of its bucket" },
  { what: "keys", holds: /\/aws_kms_key\./, kept: "by KMS in their region: 30 days after a deletion (7 where disposable), with no copy" },
  {
    what: "secrets at AWS",
    holds: /\/aws_secretsmanager_secret\./,
    kept: "by Secrets Manager in the region: 30 days after a deletion (none where disposable)",
  },
  {
    what: "backups",
    holds: /-backup\/(aws_s3_bucket\.bucket_|aws_backup_vault\.vaults_)/,
    kept: "as the table of backups says; access to them is logged for a year or more",
  },
  {
    what: "logs at AWS",
    holds: /\/aws_cloudwatch_log_group\.|-edge\/aws_s3_bucket\.edge_/,
    kept: "as long as aws.logRetention says, in one region",
  },
  { what: "notices of interruptions", holds: /\/aws_sqs_queue\./, kept: "not: they are of use for two minutes" },
  {
    what: "metrics",
    holds: /-observability\/helm_release\.observability_metrics_/,
    kept: "not: samples are missed until new ones are there",
  },
  {
    what: "telemetry on its way",
    holds: /-observability\/\w+\.observability_collectors_/,
    kept: "not: minutes of it, until it is delivered",
  },
  { what: "traces", holds: /-observability\/\w+\.observability_\w*jaeger/, kept: "not: those of coming requests replace them" },
  {
    what: "logs and traces in Elasticsearch",
    holds: /-observability\/\w+\.observability_stores_elastic_/,
    kept: "by snapshots, if there is a bucket for them; otherwise logs are lost with their volumes",
  },
  {
    what: "snapshots of Elasticsearch",
    holds: /-backup\/aws_s3_bucket\.snapshots_/,
    kept: "one a day, as long as backup.keep says, in the region, without a lock",
  },
];

/** State that no store and no workload of an environment describes. What nobody knows is listed as such. */
export function otherState(stacks: readonly SynthesizedStack[]): readonly KeptState[] {
  const found = new Map<string, { readonly kept: string; readonly resources: string[] }>();
  for (const { stack, type, id, path, isSecret } of stacks.flatMap(statefulResources)) {
    const address = `${stack}/${type}.${id}`;
    const known = isSecret ? CLUSTER_SECRETS : KEPT.find(({ holds }) => holds.test(address));
    if (!known && path !== undefined) continue;
    const { what, kept } = known ?? { what: address, kept: "not known here: it is yours to back up" };
    found.set(what, { kept, resources: [...(found.get(what)?.resources ?? []), address] });
  }
  return [...found].map(([what, rest]) => ({ what, ...rest }));
}
