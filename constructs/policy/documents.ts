interface Resource {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Limit {
  readonly argument: string;
  readonly characters: number;
}

/** Longest policies that AWS accepts (quotas of IAM, S3, KMS, SNS, SQS, Secrets Manager, VPC endpoints and CloudWatch Logs). */
const LIMITS: Readonly<Record<string, Limit>> = {
  aws_cloudwatch_log_resource_policy: { argument: "policy_document", characters: 5120 },
  aws_iam_policy: { argument: "policy", characters: 6144 },
  aws_iam_role: { argument: "assume_role_policy", characters: 2048 },
  aws_kms_key: { argument: "policy", characters: 32_768 },
  aws_kms_replica_key: { argument: "policy", characters: 32_768 },
  aws_s3_bucket_policy: { argument: "policy", characters: 20_480 },
  aws_secretsmanager_secret_policy: { argument: "policy", characters: 20_480 },
  aws_sns_topic_policy: { argument: "policy", characters: 30_720 },
  aws_sqs_queue_policy: { argument: "policy", characters: 8192 },
  aws_vpc_endpoint: { argument: "policy", characters: 20_480 },
};

/** All inline policies of a role together (quotas of IAM). */
const INLINE = 10_240;

/** Resources with a policy that is longer than AWS accepts, as far as its length is known before an apply. */
export function tooLong<R extends Resource>(resources: readonly R[]): readonly R[] {
  const inline = new Map<unknown, number>();
  return resources.filter(({ type, body }) => {
    const limit = LIMITS[type];
    if (limit) return lengthOf(type, body[limit.argument]) > limit.characters;
    if (type !== "aws_iam_role_policy") return false;
    const all = (inline.get(body.role) ?? 0) + lengthOf(type, body.policy);
    inline.set(body.role, all);
    return all > INLINE;
  });
}

function lengthOf(type: string, policy: unknown): number {
  if (typeof policy !== "string") return 0;
  // IAM doesn't count white space.
  return (type.startsWith("aws_iam_") ? policy.replace(/\s/g, "") : policy).length;
}
