/** Limits of a resource's name in its API: the argument, its maximum length, and its characters. */
interface NameLimit {
  readonly argument: string;
  readonly longest: number;
  readonly pattern: RegExp;
}

const limit = (argument: string, longest: number, pattern: RegExp): NameLimit => ({ argument, longest, pattern });

const IAM = /^[\w+=,.@-]+$/;
const DATABASE = /^[a-z](-?[a-z0-9])*$/;
const DATABASE_GROUP = /^[a-z0-9](-?[a-z0-9._])*$/;
const CACHE = /^[a-z](-?[a-z0-9])*$/i;
const BALANCER = /^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;
const EDGE = /^[\w-]+$/;

/**
 * Limits by type of resource, from the API references of AWS and Helm. A shortened name can become too long again when a suffix is added,
 * so the final name is checked here.
 */
const LIMITS: Readonly<Record<string, NameLimit>> = {
  aws_acm_certificate: limit("domain_name", 64, /^(\*\.)?[a-z0-9.-]+$/), // RequestCertificate: it is the common name
  aws_backup_plan: limit("name", 50, /^[\w.-]+$/),
  aws_backup_vault: limit("name", 50, /^[\w-]{2,}$/),
  aws_cloudfront_function: limit("name", 64, EDGE),
  aws_cloudfront_cache_policy: limit("name", 128, EDGE),
  aws_cloudfront_origin_request_policy: limit("name", 128, EDGE),
  aws_cloudfront_response_headers_policy: limit("name", 128, EDGE),
  aws_cloudwatch_event_rule: limit("name", 64, /^[\w.-]+$/),
  aws_cloudwatch_log_delivery_destination: limit("name", 60, EDGE),
  aws_cloudwatch_log_delivery_source: limit("name", 60, EDGE),
  aws_cloudwatch_log_group: limit("name", 512, /^[\w/.#-]+$/),
  aws_db_instance: limit("identifier", 63, DATABASE),
  aws_db_parameter_group: limit("name", 255, DATABASE_GROUP),
  aws_db_subnet_group: limit("name", 255, DATABASE_GROUP),
  aws_dynamodb_table: limit("name", 255, /^[\w.-]{3,}$/),
  aws_eks_cluster: limit("name", 100, /^[0-9A-Za-z][\w-]*$/),
  aws_eks_node_group: limit("node_group_name_prefix", 37, /^[0-9A-Za-z][\w-]*$/), // 63, less the 26 that Terraform appends
  aws_elasticache_parameter_group: limit("name", 255, DATABASE_GROUP),
  aws_elasticache_replication_group: limit("replication_group_id", 40, CACHE),
  aws_elasticache_subnet_group: limit("name", 255, DATABASE_GROUP),
  aws_elasticache_user: limit("user_id", 40, CACHE),
  aws_elasticache_user_group: limit("user_group_id", 40, CACHE),
  aws_iam_instance_profile: limit("name", 128, IAM),
  aws_iam_policy: limit("name", 128, IAM),
  aws_iam_role: limit("name", 64, IAM),
  aws_iam_role_policy: limit("name", 128, IAM),
  aws_kms_alias: limit("name", 256, /^alias\/(?!aws\/)[\w/-]+$/),
  aws_launch_template: limit("name_prefix", 99, /^[\w()./-]{3,}$/), // 125, less the 26 that Terraform appends
  aws_lb: limit("name", 32, BALANCER),
  aws_lb_target_group: limit("name", 32, BALANCER),
  aws_rds_cluster: limit("cluster_identifier", 63, DATABASE),
  aws_rds_cluster_instance: limit("identifier", 63, DATABASE),
  aws_rds_cluster_parameter_group: limit("name", 255, DATABASE_GROUP),
  aws_route53_record: limit("name", 255, /^(\*\.)?[\w.-]+$/),
  aws_s3_bucket: limit("bucket", 63, /^[a-z0-9][a-z0-9.-]+[a-z0-9]$/),
  aws_secretsmanager_secret: limit("name", 512, /^[\w/+=.@-]+$/),
  aws_security_group: limit("name", 255, /^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]+$/),
  aws_sqs_queue: limit("name", 80, /^[\w-]+(\.fifo)?$/),
  aws_wafv2_web_acl: limit("name", 128, EDGE),
  helm_release: limit("name", 53, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
};

/** Checks if a resource's name violates the limits of its API. Names known only after an apply are skipped. */
export function isMisnamed(type: string, body: Readonly<Record<string, unknown>>): boolean {
  const { argument = "", longest = 0, pattern = /./ } = LIMITS[type] ?? {};
  const name = body[argument];
  return typeof name === "string" && !name.includes("${") && (name.length > longest || !pattern.test(name));
}
