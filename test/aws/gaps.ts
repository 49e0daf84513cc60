/** What the emulator can't do as AWS does, so that this tier does not prove it. */
export interface Gap {
  readonly resource: string;

  /** The step that leaves it out: `apply` leaves out a part of it, `replan` and `checkov` bear with what they find. */
  readonly step: "apply" | "replan" | "checkov";

  /**
   * What may be found: the attributes that a second plan changes, or the checks that fail.
   * @default - nothing
   */
  readonly found?: readonly string[];

  readonly reason: string;
}

const INSIGHTS = ["performance_insights_enabled", "performance_insights_kms_key_id", "performance_insights_retention_period"];

export const GAPS: readonly Gap[] = [
  {
    resource: "aws_s3_bucket_policy",
    step: "apply",
    reason: "denials are planned and not applied: moto (5.2.1) reads no conditions, so that a denial of plain HTTP closes the bucket",
  },
  {
    resource: "aws_s3_bucket_replication_configuration",
    step: "replan",
    found: ["rule"],
    reason: "moto (5.2.1) forgets parts of a replication rule",
  },
  ...["aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"].map(
    (resource): Gap => ({
      resource,
      step: "replan",
      found: ["description"],
      reason: "moto (5.2.1) forgets the description of a rule between groups",
    }),
  ),
  {
    resource: "aws_db_parameter_group",
    step: "replan",
    found: ["parameter"],
    reason: "moto (5.2.1) forgets the parameters of an instance, though not those of a cluster",
  },
  {
    resource: "aws_rds_cluster",
    step: "replan",
    found: [...INSIGHTS, "database_insights_mode", "scaling_configuration"],
    reason: "moto (5.2.1) forgets what watches a cluster, and scales one that does not scale",
  },
  {
    resource: "aws_rds_cluster_instance",
    step: "replan",
    found: [...INSIGHTS, "monitoring_interval", "monitoring_role_arn"],
    reason: "moto (5.2.1) forgets what watches an instance",
  },
  ...["aws_backup_plan", "aws_backup_vault"].map(
    (resource): Gap => ({ resource, step: "replan", found: ["tags_all"], reason: "moto (5.2.1) forgets the tags of AWS Backup" }),
  ),
  {
    resource: "aws_route53_zone",
    step: "checkov",
    found: ["CKV2_AWS_38"],
    reason: "moto (5.2.1) forgets that a zone is private, and only a public one can be signed",
  },
];

/** Stacks that are not destroyed. */
export const NOT_DESTROYED: readonly { readonly stack: RegExp; readonly reason: string }[] = [
  { stack: /^bootstrap-/, reason: "its state lies in the bucket that it would destroy" },
];

/** A stack of which only a part is applied: all but resources of some types, and what comes after those. */
export interface AppliedInPart {
  readonly stack: RegExp;
  readonly without: readonly string[];

  /**
   * Whether a second plan of that part is not looked at either.
   * @default false
   */
  readonly once?: boolean;

  readonly reason: string;
}

export const APPLIED_IN_PART: readonly AppliedInPart[] = [
  {
    stack: /^staging-edge$/,
    without: [
      "aws_cloudfront_cache_policy",
      "aws_cloudfront_origin_request_policy",
      "aws_cloudfront_response_headers_policy",
      "aws_cloudfront_vpc_origin",
    ],
    reason: "moto (5.2.1) has no policies of CloudFront and no origins in networks",
  },
  {
    stack: /-((write-|read-)?cluster|identities)$/,
    without: ["aws_eks_addon", "aws_eks_access_entry", "aws_eks_access_policy_association", "aws_eks_pod_identity_association"],
    once: true,
    reason:
      "moto (5.2.1) has no EKS add-ons, access entries and pod identity associations, and forgets how a cluster lets anyone in, so that a second plan makes it anew",
  },
  {
    stack: /^staging-data$/,
    without: ["aws_elasticache_parameter_group", "aws_elasticache_subnet_group", "aws_elasticache_user_group"],
    reason: "moto (5.2.1) has no parameter groups and user groups of ElastiCache, and keeps its subnet groups for ever",
  },
  {
    stack: /^staging-backup$/,
    without: ["aws_backup_selection", "aws_backup_restore_testing_plan"],
    reason: "moto (5.2.1) makes no selections of AWS Backup and has no restore tests",
  },
  {
    stack: /^stores-data$/,
    without: ["aws_elasticache_parameter_group", "aws_elasticache_subnet_group", "aws_elasticache_user_group", "aws_db_instance"],
    reason:
      "moto (5.2.1) has no parameter groups and user groups of ElastiCache, and keeps its subnet groups for ever; it gives every instance of RDS the same resource id, by which the provider looks for it",
  },
];
