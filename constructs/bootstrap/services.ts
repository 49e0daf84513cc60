/**
 * AWS actions with which the Terraform provider refreshes each resource type of the stacks (its read functions, 5.100; those of a data
 * source under the type's name). None of them reads data: no object, secret, log, console output or function code.
 */
export const READS: Readonly<Record<string, readonly string[]>> = {
  acm_certificate: ["acm:DescribeCertificate", "acm:ListTagsForCertificate"],
  acm_certificate_validation: ["acm:DescribeCertificate"],
  availability_zone: ["ec2:DescribeAvailabilityZones"],
  backup_plan: ["backup:GetBackupPlan", "backup:ListTags"],
  backup_region_settings: ["backup:DescribeRegionSettings"],
  backup_restore_testing_plan: ["backup:GetRestoreTestingPlan", "backup:ListTags"],
  backup_restore_testing_selection: ["backup:GetRestoreTestingSelection"],
  backup_selection: ["backup:GetBackupSelection"],
  backup_vault: ["backup:DescribeBackupVault", "backup:ListTags"],
  backup_vault_lock_configuration: ["backup:DescribeBackupVault"],
  cloudfront_cache_policy: ["cloudfront:GetCachePolicy"],
  cloudfront_distribution: ["cloudfront:GetDistribution", "cloudfront:ListTagsForResource"],
  // The function's code decides which requests are allowed; it is in the repository.
  cloudfront_function: ["cloudfront:DescribeFunction", "cloudfront:GetFunction"],
  cloudfront_origin_request_policy: ["cloudfront:GetOriginRequestPolicy"],
  cloudfront_response_headers_policy: ["cloudfront:GetResponseHeadersPolicy"],
  cloudfront_vpc_origin: ["cloudfront:GetVpcOrigin", "cloudfront:ListTagsForResource"],
  cloudwatch_event_rule: ["events:DescribeRule", "events:ListTagsForResource"],
  cloudwatch_event_target: ["events:ListTargetsByRule"],
  cloudwatch_log_delivery: ["logs:GetDelivery", "logs:ListTagsForResource"],
  cloudwatch_log_delivery_destination: ["logs:GetDeliveryDestination", "logs:ListTagsForResource"],
  cloudwatch_log_delivery_source: ["logs:GetDeliverySource", "logs:ListTagsForResource"],
  cloudwatch_log_group: ["logs:DescribeLogGroups", "logs:ListTagsForResource"],
  cloudwatch_log_groups: ["logs:DescribeLogGroups"],
  cloudwatch_metric_alarm: ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
  codebuild_project: ["codebuild:BatchGetProjects"],
  codebuild_webhook: ["codebuild:BatchGetProjects"],
  db_instance: ["rds:DescribeDBInstances", "rds:ListTagsForResource"],
  db_parameter_group: ["rds:DescribeDBParameterGroups", "rds:DescribeDBParameters", "rds:ListTagsForResource"],
  db_subnet_group: ["rds:DescribeDBSubnetGroups", "rds:ListTagsForResource"],
  default_security_group: ["ec2:DescribeSecurityGroups"],
  dynamodb_table: [
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTagsOfResource",
  ],
  ec2_instance_type_offerings: ["ec2:DescribeInstanceTypeOfferings"],
  ec2_managed_prefix_list: ["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"],
  ec2_subnet_cidr_reservation: ["ec2:GetSubnetCidrReservations"],
  eip: ["ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"],
  eks_access_entry: ["eks:DescribeAccessEntry"],
  eks_access_policy_association: ["eks:ListAssociatedAccessPolicies"],
  eks_addon: ["eks:DescribeAddon"],
  eks_cluster: ["eks:DescribeCluster"],
  eks_node_group: ["eks:DescribeNodegroup"],
  eks_pod_identity_association: ["eks:DescribePodIdentityAssociation", "eks:ListPodIdentityAssociations"],
  elasticache_parameter_group: [
    "elasticache:DescribeCacheParameterGroups",
    "elasticache:DescribeCacheParameters",
    "elasticache:ListTagsForResource",
  ],
  elasticache_replication_group: [
    "elasticache:DescribeCacheClusters",
    "elasticache:DescribeReplicationGroups",
    "elasticache:ListTagsForResource",
  ],
  elasticache_subnet_group: ["elasticache:DescribeCacheSubnetGroups", "elasticache:ListTagsForResource"],
  elasticache_user: ["elasticache:DescribeUsers", "elasticache:ListTagsForResource"],
  elasticache_user_group: ["elasticache:DescribeUserGroups", "elasticache:ListTagsForResource"],
  flow_log: ["ec2:DescribeFlowLogs"],
  iam_instance_profile: ["iam:GetInstanceProfile"],
  iam_openid_connect_provider: ["iam:GetOpenIDConnectProvider"],
  iam_policy: ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"],
  iam_role: ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies"],
  iam_role_policy: ["iam:GetRolePolicy"],
  iam_role_policy_attachment: ["iam:ListAttachedRolePolicies"],
  internet_gateway: ["ec2:DescribeInternetGateways"],
  kms_alias: ["kms:ListAliases"],
  kms_key: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
  kms_replica_key: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags"],
  launch_template: ["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"],
  lb: ["elasticloadbalancing:Describe*"],
  lb_listener: ["elasticloadbalancing:Describe*"],
  lb_target_group: ["elasticloadbalancing:Describe*"],
  nat_gateway: ["ec2:DescribeNatGateways"],
  rds_cluster: ["rds:DescribeDBClusters", "rds:DescribeGlobalClusters", "rds:ListTagsForResource"],
  rds_cluster_instance: ["rds:DescribeDBInstances", "rds:ListTagsForResource"],
  rds_cluster_parameter_group: ["rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters", "rds:ListTagsForResource"],
  rds_global_cluster: ["rds:DescribeGlobalClusters", "rds:ListTagsForResource"],
  route: ["ec2:DescribeRouteTables"],
  route_table: ["ec2:DescribeRouteTables"],
  route_table_association: ["ec2:DescribeRouteTables"],
  route53_record: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
  route53_zone: ["route53:GetHostedZone", "route53:ListHostedZones", "route53:ListHostedZonesByName", "route53:ListTagsForResource"],
  // The existence of a bucket is checked with an action that also lists object keys, but not contents.
  s3_bucket: [
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
  ],
  s3_bucket_lifecycle_configuration: ["s3:GetLifecycleConfiguration"],
  s3_bucket_logging: ["s3:GetBucket*"],
  s3_bucket_object_lock_configuration: ["s3:GetBucket*"],
  s3_bucket_ownership_controls: ["s3:GetBucket*"],
  s3_bucket_policy: ["s3:GetBucket*"],
  s3_bucket_public_access_block: ["s3:GetBucket*"],
  s3_bucket_replication_configuration: ["s3:GetReplicationConfiguration"],
  s3_bucket_server_side_encryption_configuration: ["s3:GetEncryptionConfiguration"],
  s3_bucket_versioning: ["s3:GetBucket*"],
  secretsmanager_secret: ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
  // A plan generates the first value of a secret as an apply does, and discards it. The present value is not refreshed.
  secretsmanager_secret_version: ["secretsmanager:GetRandomPassword"],
  security_group: ["ec2:DescribeSecurityGroups"],
  sns_topic: ["sns:GetTopicAttributes", "sns:ListTagsForResource"],
  sns_topic_policy: ["sns:GetTopicAttributes"],
  sns_topic_subscription: ["sns:GetSubscriptionAttributes"],
  sqs_queue: ["sqs:GetQueueAttributes", "sqs:ListQueueTags"],
  sqs_queue_policy: ["sqs:GetQueueAttributes"],
  subnet: ["ec2:DescribeSubnets"],
  vpc: ["ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"],
  vpc_endpoint: ["ec2:DescribePrefixLists", "ec2:DescribeVpcEndpoints"],
  vpc_peering_connection_accepter: ["ec2:DescribeVpcPeeringConnections"],
  vpc_security_group_egress_rule: ["ec2:DescribeSecurityGroupRules"],
  vpc_security_group_ingress_rule: ["ec2:DescribeSecurityGroupRules"],
  wafv2_web_acl: ["wafv2:GetWebACL", "wafv2:ListTagsForResource"],
  wafv2_web_acl_logging_configuration: ["wafv2:GetLoggingConfiguration"],
};

/** Resource types of the account itself, which only its bootstrap makes: neither deployments nor plans have rights on their services. */
export const ACCOUNT_TYPES: readonly string[] = [
  "accessanalyzer_analyzer",
  "budgets_budget",
  "ce_cost_allocation_tag",
  "cloudtrail",
  "config_configuration_recorder",
  "config_configuration_recorder_status",
  "config_delivery_channel",
  "ebs_encryption_by_default",
  "guardduty_detector",
  "guardduty_detector_feature",
  "s3_account_public_access_block",
  "securityhub_account",
  "securityhub_standards_subscription",
];

/** All actions that a plan needs, without duplicates. */
export const PLAN_READS: readonly string[] = [...new Set(Object.values(READS).flat())].sort();

/** Services with separate statements: a role, a bucket, a table or a build project of others could have more rights than a deployment. */
const SCOPED_SERVICES: readonly string[] = ["iam", "s3", "dynamodb", "codebuild"];

/** IAM prefixes of services in which a deployment has all permissions. */
export const DEPLOYED_SERVICES: readonly string[] = [
  ...[...new Set(PLAN_READS.map((action) => action.split(":")[0] ?? ""))].filter((service) => !SCOPED_SERVICES.includes(service)),
  "backup-storage", // AWS Backup checks it when a vault is created
];

/** Actions of node and controller roles beyond the services that a deployment uses. */
export const CONTROLLER_ACTIONS: readonly string[] = [
  "autoscaling:*", // part of AmazonEKSClusterPolicy
  "cloudwatch:GetMetricData", // the exporter of CloudWatch metrics
  "cloudwatch:ListMetrics",
  // Images are pulled, and fetched through a cache. A role that pushes could change what other environments run.
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGet*",
  "ecr:BatchImportUpstreamImage",
  "ecr:Describe*",
  "ecr:Get*",
  "ecr:List*",
  "eks-auth:*", // Pod Identity
  "pricing:GetProducts", // Karpenter
  "ssm:UpdateInstanceInformation", // Session Manager's agent
  "ssmmessages:*",
  "tag:GetResources", // AWS Backup, and the exporter of CloudWatch metrics
];
