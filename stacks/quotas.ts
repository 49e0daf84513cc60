import type { SynthesizedStack } from "../constructs/policy";

/** Service quota that an account needs in a region for all of its resources. */
export interface QuotaNeed {
  readonly account: string;

  /** `every region` for quotas of the whole account. */
  readonly region: string;

  /** Name in Service Quotas: `EC2-VPC Elastic IPs`. */
  readonly quota: string;

  /** Code for requesting an increase: `ec2 L-0263D0A3`. */
  readonly code: string;
  readonly needed: number;

  /** Default quota of an account (Service Quotas, AWS default values). A new account may have less. */
  readonly default: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Resource as Terraform reads it, and its location. */
interface Resource {
  readonly type: string;
  readonly body: Json;
  readonly stack: string;
}

interface Quota {
  readonly quota: string;
  readonly code: string;
  readonly default: number;

  /** Amount that the resources of one account and region need. */
  readonly needed: (resources: readonly Resource[]) => number;

  /**
   * Applies to the account, in all regions.
   * @default false
   */
  readonly global?: boolean;
}

const EVERY_REGION = "every region";

/** Cores of instance types by the size in their name, for types used as nodes (EC2, instance types). */
const CORES: Readonly<Record<string, number>> = { large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "16xlarge": 64 };

/** Number of rules that the prefix list of CloudFront's origins counts as in a security group (VPC, AWS-managed prefix lists). */
const PREFIX_LIST_WEIGHT = 55;

/** Default values and codes: Service Quotas, 2026. */
const QUOTAS: readonly Quota[] = [
  {
    quota: "vCPUs of running On-Demand Standard instances",
    code: "ec2 L-1216C47A",
    default: 5,
    // Maximum number of nodes, and one more per group during replacement.
    needed: (resources) =>
      sum(of(resources, "aws_eks_node_group").map(({ body }) => (at(body, "scaling_config", "max_size") + 1) * cores(body))),
  },
  { quota: "Elastic IP addresses", code: "ec2 L-0263D0A3", default: 5, needed: count("aws_eip") },
  { quota: "VPCs", code: "vpc L-F678F1CE", default: 5, needed: count("aws_vpc") },
  {
    quota: "NAT gateways in an Availability Zone",
    code: "vpc L-FE5A380F",
    default: 5,
    needed: (resources) => new Set(of(resources, "aws_nat_gateway").map(({ stack }) => stack)).size,
  },
  {
    quota: "interface endpoints of a VPC",
    code: "vpc L-29B6F2EB",
    default: 50,
    needed: (resources) =>
      most(
        of(resources, "aws_vpc_endpoint").filter(({ body }) => body.vpc_endpoint_type === "Interface"),
        ({ stack }) => stack,
      ),
  },
  {
    quota: "gateway endpoints",
    code: "vpc L-1B52E74A",
    default: 20,
    needed: (resources) => of(resources, "aws_vpc_endpoint").filter(({ body }) => body.vpc_endpoint_type === "Gateway").length,
  },
  { quota: "security groups", code: "vpc L-E79EC296", default: 2500, needed: count("aws_security_group") },
  {
    quota: "inbound or outbound rules of a security group",
    code: "vpc L-0EA8095F",
    default: 60,
    needed: (resources) =>
      Math.max(
        ...["ingress", "egress"].map((way) =>
          most(of(resources, `aws_vpc_security_group_${way}_rule`), ({ stack, body }) => `${stack} ${body.security_group_id}`, weight),
        ),
      ),
  },
  {
    quota: "Network Load Balancers",
    code: "elasticloadbalancing L-69A177A2",
    default: 50,
    needed: (resources) => of(resources, "aws_lb").filter(({ body }) => body.load_balancer_type === "network").length,
  },
  { quota: "EKS clusters", code: "eks L-1194D53C", default: 100, needed: count("aws_eks_cluster") },
  {
    quota: "managed node groups of a cluster",
    code: "eks L-6D54EA21",
    default: 30,
    needed: (resources) => most(of(resources, "aws_eks_node_group"), ({ body }) => String(body.cluster_name)),
  },
  {
    quota: "Pod Identity associations of a cluster",
    code: "EKS, service quotas",
    default: 5000,
    needed: (resources) => most(of(resources, "aws_eks_pod_identity_association"), ({ stack, body }) => `${stack} ${body.cluster_name}`),
  },
  {
    quota: "DB instances",
    code: "rds L-7B6409FD",
    default: 40,
    needed: (resources) => of(resources, "aws_db_instance", "aws_rds_cluster_instance").length,
  },
  { quota: "DB clusters", code: "rds L-952B80B8", default: 40, needed: count("aws_rds_cluster") },
  {
    quota: "ElastiCache nodes",
    code: "elasticache L-DFE45DF3",
    default: 300,
    needed: (resources) => sum(of(resources, "aws_elasticache_replication_group").map(nodesOf)),
  },
  {
    quota: "nodes of an ElastiCache cluster",
    code: "elasticache L-AF354865",
    default: 90,
    needed: (resources) => Math.max(0, ...of(resources, "aws_elasticache_replication_group").map(nodesOf)),
  },
  { quota: "KMS keys", code: "kms L-C2F1777E", default: 100_000, needed: count("aws_kms_key", "aws_kms_replica_key") },
  { quota: "IAM roles", code: "iam L-FE177D64", default: 1000, needed: count("aws_iam_role"), global: true },
  { quota: "S3 buckets", code: "s3 L-DC2B2D3D", default: 10_000, needed: count("aws_s3_bucket"), global: true },
  { quota: "hosted zones", code: "route53 L-4EA4796A", default: 500, needed: count("aws_route53_zone"), global: true },
];

/** Quotas that the accounts of some stacks need, by account and region. Other resources in the accounts are unknown here. */
export function quotaNeeds(stacks: Iterable<SynthesizedStack>): readonly QuotaNeed[] {
  const places = new Map<string, { readonly account: string; readonly region: string; readonly resources: Resource[] }>();
  for (const { stack, json } of stacks) {
    const providers = ((json.provider as Json | undefined)?.aws ?? []) as readonly Json[];
    for (const [type, named] of Object.entries((json.resource ?? {}) as Record<string, Record<string, Json>>)) {
      for (const body of Object.values(named)) {
        const provider = providers.find(({ alias }) => (body.provider ?? "aws") === (alias === undefined ? "aws" : `aws.${alias}`));
        const [account] = (provider?.allowed_account_ids ?? []) as readonly string[];
        if (!provider || account === undefined || !type.startsWith("aws_")) continue;
        for (const region of [String(provider.region), EVERY_REGION]) {
          const place = places.get(`${account} ${region}`) ?? { account, region, resources: [] };
          place.resources.push({ type, body, stack: stack.node.id });
          places.set(`${account} ${region}`, place);
        }
      }
    }
  }
  return [...places.values()].flatMap(({ account, region, resources }) =>
    QUOTAS.filter(({ global = false }) => global === (region === EVERY_REGION))
      .map(({ quota, code, default: value, needed }) => ({ account, region, quota, code, needed: needed(resources), default: value }))
      .filter(({ needed }) => needed > 0),
  );
}

/** Checks if a need is at least 80% of the default quota. */
export function isTight({ needed, default: given }: QuotaNeed): boolean {
  return needed >= given * 0.8;
}

function of(resources: readonly Resource[], ...types: readonly string[]): readonly Resource[] {
  return resources.filter(({ type }) => types.includes(type));
}

function count(...types: readonly string[]): Quota["needed"] {
  return (resources) => sum(types.map((type) => of(resources, type).length));
}

/** Size of the largest group of resources. */
function most(
  resources: readonly Resource[],
  groupOf: (resource: Resource) => string,
  weightOf: (resource: Resource) => number = () => 1,
): number {
  const groups = new Map<string, number>();
  for (const resource of resources) groups.set(groupOf(resource), (groups.get(groupOf(resource)) ?? 0) + weightOf(resource));
  return Math.max(0, ...groups.values());
}

function weight({ body }: Resource): number {
  return body.prefix_list_id === undefined ? 1 : PREFIX_LIST_WEIGHT;
}

function cores({ instance_types: types }: Json): number {
  return Math.max(0, ...((types ?? []) as readonly string[]).map((type) => CORES[type.split(".")[1] ?? ""] ?? 0));
}

function nodesOf({ body }: Resource): number {
  return Number(body.num_node_groups) * (1 + Number(body.replicas_per_node_group ?? 0));
}

function at(body: Json, block: string, argument: string): number {
  const found = body[block] as Json | readonly Json[] | undefined;
  return Number((Array.isArray(found) ? found[0] : (found as Json | undefined))?.[argument] ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
