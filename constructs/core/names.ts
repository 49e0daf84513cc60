import { createHash } from "node:crypto";
import type { Unreadable } from "./quantities";

/** Maximum name lengths of AWS and Kubernetes, from their API references. */
const LIMITS = {
  bucket: 63, // Amazon S3, bucket naming rules
  role: 64, // IAM, name requirements
  policy: 128, // IAM, name requirements
  alias: 256, // KMS, CreateAlias, with the prefix alias/
  logGroup: 512, // CloudWatch Logs, CreateLogGroup
  securityGroup: 255, // EC2, CreateSecurityGroup
  cluster: 100, // EKS, CreateCluster
  nodeGroup: 36, // EKS, CreateNodegroup: 63, less a hyphen and the 26 that Terraform appends
  queue: 80, // SQS, CreateQueue
  eventRule: 64, // EventBridge, PutRule
  instanceProfile: 128, // IAM, name requirements
  loadBalancer: 32, // Elastic Load Balancing v2, CreateLoadBalancer
  targetGroup: 32, // Elastic Load Balancing v2, CreateTargetGroup
  database: 63, // RDS, CreateDBCluster
  cache: 40, // ElastiCache, CreateReplicationGroup
  backupVault: 50, // AWS Backup, CreateBackupVault
  backupPlan: 50, // AWS Backup, CreateBackupPlan
  buildProject: 150, // CodeBuild, quotas
  restoreTest: 50, // AWS Backup, CreateRestoreTestingPlan
  table: 255, // DynamoDB, CreateTable
  topic: 256, // SNS, CreateTopic
  alarm: 255, // CloudWatch, PutMetricAlarm
  firewall: 128, // WAF, CreateWebACL
  edgePolicy: 128, // CloudFront, CreateCachePolicy and similar
  edgeFunction: 64, // CloudFront, CreateFunction
  logDelivery: 60, // CloudWatch Logs, PutDeliverySource
  secret: 512, // Secrets Manager, CreateSecret
  release: 53, // Helm, release names
  label: 63, // Kubernetes, RFC 1123 label
  workload: 40, // Kubernetes appends `-green`, a revision's hash and a pod's; the result must be a label
} as const;

/** Kinds whose names can't have two hyphens in a row (RDS, CreateDBInstance; ElastiCache, CreateReplicationGroup). */
const HYPHENS_ONE_BY_ONE: readonly string[] = ["database", "cache"] satisfies readonly (keyof typeof LIMITS)[];

/** A kind of resource with a name outside of the program. */
export type Named = keyof typeof LIMITS;

/** Returns the maximum length of a resource kind's name. */
export function maxLength(kind: Named): number {
  return LIMITS[kind];
}

/**
 * Returns a name from its parts, most general first: `cloudName("role", "orders", "production", "flow-logs")`.
 * If it is too long, or has hyphens that the API refuses, it is cut and ends in a hash of the whole name, so that it stays unique,
 * readable, and the same in every run.
 */
export function cloudName(kind: Named, ...parts: readonly string[]): string {
  const name = parts.join("-");
  return HYPHENS_ONE_BY_ONE.includes(kind) && name.includes("--")
    ? hashed(name, name.replace(/-{2,}/g, "-"), LIMITS[kind])
    : shorten(name, LIMITS[kind]);
}

/** Returns a bucket's name. Names are global in AWS, so it ends in account and region, which are never shortened. */
export function bucketName(account: string, region: string, ...parts: readonly string[]): string {
  const place = `-${account}-${region}`;
  return shorten(parts.join("-"), LIMITS.bucket - place.length) + place;
}

/**
 * Words that YAML 1.1 reads as a boolean or null. Charts write names without quotes, so that the API server would refuse their objects.
 */
const YAML_WORDS = /^(y|n|yes|no|on|off|true|false|null)$/;

/** Returns the reason why a word can't be a name in charts. */
export function yamlWordProblem(name: string): Unreadable | undefined {
  return YAML_WORDS.test(name) ? { rule: "is a boolean or null in YAML, in which charts write it", remedy: "choose another" } : undefined;
}

/** Maximum length of a system's or an environment's name: cloud names consist of both and more parts. */
const PART = 24;

// Prefixes that some AWS API rejects; every cloud name begins with the system's name.
const RESERVED: Readonly<Record<string, string>> = {
  aws: "AWS keeps names with that beginning for itself",
  sg: "no security group's name may begin with sg-",
  internal: "no load balancer's name may begin with internal-",
  sthree: "no bucket's name may begin with sthree-",
  "amzn-s3-demo": "no bucket's name may begin with amzn-s3-demo-",
};

/** Returns the reason why a system's or an environment's name can't be a prefix of cloud names. */
export function namePartProblem(name: string): Unreadable | undefined {
  if (name.length > PART)
    return { rule: `has ${name.length} characters and leaves no room for what follows it in cloud names`, remedy: `use at most ${PART}` };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return { rule: "can't begin every cloud name", remedy: "use lower-case letters, digits and single hyphens, beginning with a letter" };
  }
  const word = yamlWordProblem(name);
  if (word) return word;
  const reserved = Object.keys(RESERVED).find((word) => name === word || name.startsWith(`${word}-`));
  return reserved === undefined ? undefined : { rule: `is refused: ${RESERVED[reserved]}`, remedy: "choose another" };
}

function shorten(name: string, max: number): string {
  return name.length <= max ? name : hashed(name, name, max);
}

/** A name that stands for the whole one, and ends in its hash. */
function hashed(whole: string, name: string, max: number): string {
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${name.slice(0, max - hash.length - 1).replace(/-+$/, "")}-${hash}`;
}
