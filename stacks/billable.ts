import type { SynthesizedStack } from "../constructs/policy";
import type { MeasuredSite } from "./capacity";
import { scratchVolumesOn, volumesOn } from "./volumes";

/** Something that is billed by its count or size, whatever the traffic. */
export interface Billable {
  /** Billed item, also its name in a price list: `node m7i.xlarge`. */
  readonly item: string;

  /** Unit of its price: `hour`, `GiB-month`. */
  readonly unit: "hour" | "month" | "GiB-month";

  /** Number of units that are billed in a month of 730 hours. */
  readonly quantity: number;

  /** Number of pieces, or size: `3`, `5 to 20`, `300 GiB`. */
  readonly counted: string;

  /**
   * Quantity at the maximum of an autoscaled range, or with volumes that exist only at times.
   * @default - the same
   */
  readonly atMost?: number;
}

type Json = Readonly<Record<string, unknown>>;

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly body: Json;
  readonly stack: string;
}

interface Count {
  readonly item: string;
  readonly unit: Billable["unit"];

  /** Number of pieces, or of GiB. */
  readonly count: number;

  /** @default - `count` */
  readonly atMost?: number;
}

/** Hours in a month, as in price calculators: 365 days of 24 hours in 12 months. */
export const HOURS_PER_MONTH = 730;

/** Billed items of each resource type, in the order of a bill. */
const BILLED: Readonly<Record<string, (body: Json, resource: Resource, all: readonly Resource[]) => readonly Count[]>> = {
  aws_eks_cluster: () => [hourly("EKS control plane")],
  aws_eks_node_group: nodesOf,
  aws_rds_cluster_instance: ({ instance_class: size }) => [hourly(`Aurora ${size}`)],
  aws_db_instance: ({ instance_class: size, multi_az: multi, allocated_storage: storage, storage_type: type, engine }) => [
    hourly(`RDS ${engine} ${size}`, multi === true ? 2 : 1),
    { item: `RDS storage ${type ?? "gp2"}`, unit: "GiB-month", count: Number(storage ?? 0) * (multi === true ? 2 : 1) },
  ],
  aws_elasticache_replication_group: ({ node_type: size, num_node_groups: shards, replicas_per_node_group: replicas }) => [
    hourly(`ElastiCache ${size}`, Number(shards ?? 1) * (1 + Number(replicas ?? 0))),
  ],
  kurrentcloud_managed_cluster: ({ instance_type: size, topology, disk_size: disk, disk_type: type }) => {
    const nodes = topology === "single-node" ? 1 : 3;
    return [hourly(`Kurrent Cloud ${size}`, nodes), { item: `Kurrent Cloud disk ${type}`, unit: "GiB-month", count: Number(disk) * nodes }];
  },
  aws_nat_gateway: () => [hourly("NAT gateway")],
  aws_eip: () => [hourly("public IPv4 address")],
  aws_lb: ({ load_balancer_type: type }) => [hourly(type === "network" ? "Network Load Balancer" : "load balancer")],
  aws_vpc_endpoint: ({ vpc_endpoint_type: type, subnet_ids: subnets }) =>
    type === "Interface" ? [hourly("interface endpoint in a zone", listed(subnets).length)] : [],
  aws_kms_key: () => [{ item: "KMS key", unit: "month", count: 1 }],
  aws_kms_replica_key: () => [{ item: "KMS key", unit: "month", count: 1 }],
  aws_secretsmanager_secret: () => [{ item: "secret in Secrets Manager", unit: "month", count: 1 }],
  aws_route53_zone: () => [{ item: "hosted zone", unit: "month", count: 1 }],
  aws_wafv2_web_acl: () => [{ item: "web ACL of WAF", unit: "month", count: 1 }],
};

/** Billed items of the stacks of one environment. Existing clusters and networks are billed to their owner. */
export function billables(stacks: readonly SynthesizedStack[], sites: readonly MeasuredSite[]): readonly Billable[] {
  const resources = stacks.flatMap(({ stack, json }) =>
    Object.entries((json.resource ?? {}) as Readonly<Record<string, Readonly<Record<string, Json>>>>).flatMap(([type, named]) =>
      Object.entries(named).map(([id, body]): Resource => ({ type, id, body, stack: stack.node.id })),
    ),
  );
  const order = Object.keys(BILLED);
  const ordered = [...resources].sort((one, other) => order.indexOf(one.type) - order.indexOf(other.type));
  const counted = ordered.flatMap((resource) => BILLED[resource.type]?.(resource.body, resource, resources) ?? []);
  const volumes = sites
    .filter(({ site: { cluster } }) => !("context" in cluster))
    .flatMap((site): readonly Count[] => [
      { item: "EBS volume gp3 of pods", unit: "GiB-month", count: volumesOn(site) },
      { item: "EBS volume gp3 of restore drills", unit: "GiB-month", count: 0, atMost: scratchVolumesOn(site) },
    ]);
  return grouped([...counted, ...volumes].filter(({ count, atMost = count }) => atMost > 0));
}

function grouped(counts: readonly Count[]): readonly Billable[] {
  const found = new Map<string, Required<Count>>();
  for (const { item, unit, count, atMost = count } of counts) {
    const known = found.get(item) ?? { item, unit, count: 0, atMost: 0 };
    found.set(item, { item, unit, count: known.count + count, atMost: known.atMost + atMost });
  }
  return [...found.values()].map(({ item, unit, count, atMost }) => {
    const times = unit === "hour" ? HOURS_PER_MONTH : 1;
    const of = unit === "GiB-month" ? " GiB" : "";
    return {
      item,
      unit,
      quantity: count * times,
      counted: atMost > count ? `${amount(count)} to ${amount(atMost)}${of}` : `${amount(count)}${of}`,
      ...(atMost > count ? { atMost: atMost * times } : {}),
    };
  });
}

function nodesOf(body: Json, { stack }: Resource, all: readonly Resource[]): readonly Count[] {
  const [scaling] = listed(body.scaling_config);
  const [least, most] = [Number(scaling?.min_size ?? 0), Number(scaling?.max_size ?? 0)];
  // EKS takes the first instance type that has capacity (EKS, managed node groups).
  const [type] = (body.instance_types ?? []) as readonly string[];
  const [, named] = /aws_launch_template\.([\w-]+)\.id/.exec(JSON.stringify(body.launch_template ?? "")) ?? [];
  const template = all.find((one) => one.type === "aws_launch_template" && one.stack === stack && one.id === named);
  const disks = listed(template?.body.block_device_mappings).flatMap(({ ebs }) => listed(ebs));
  return [
    { item: `node ${type}`, unit: "hour", count: least, atMost: most },
    ...disks.map(
      ({ volume_size: size, volume_type: kind }): Count => ({
        item: `EBS disk ${kind} of nodes`,
        unit: "GiB-month",
        count: least * Number(size),
        atMost: most * Number(size),
      }),
    ),
  ];
}

function hourly(item: string, count = 1): Count {
  return { item, unit: "hour", count };
}

function amount(count: number): string {
  return count.toLocaleString("en", { maximumFractionDigits: 1 });
}

function listed(block: unknown): readonly Json[] {
  if (block === undefined) return [];
  return (Array.isArray(block) ? block : [block]) as readonly Json[];
}
