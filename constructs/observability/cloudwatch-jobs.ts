import { stringify } from "yaml";

/** A service of AWS, whose metrics CloudWatch has. */
export type CloudWatchService = keyof typeof SERVICES;

/** A statistic over one period. */
type Statistic = "Average" | "Maximum" | "Minimum" | "Sum";

/** Metrics of one kind of resource, each with the statistic that rules and panels use. AWS charges for each that is asked for. */
interface MetricGroup {
  /** Namespace of CloudWatch. */
  readonly type: string;

  /**
   * The dimensions that a metric must have, and no others. CloudWatch also keeps sums over zones, engines and sizes.
   * @default - any that name the resource
   */
  readonly dimensions?: readonly string[];
  readonly metrics: Readonly<Record<string, Statistic>>;

  /**
   * Whether a period without a value is exported as 0: CloudWatch has no value where nothing failed.
   * @default false
   */
  readonly nilToZero?: boolean;
}

interface Service {
  readonly groups: readonly MetricGroup[];

  /**
   * The region that has the metrics.
   * @default - the environment's
   */
  readonly region?: string;
}

const DATABASE = {
  type: "AWS/RDS",
  dimensions: ["DBInstanceIdentifier"],
  metrics: {
    CPUUtilization: "Average",
    DatabaseConnections: "Average",
    FreeableMemory: "Average",
    MaximumUsedTransactionIDs: "Maximum",
    OldestReplicationSlotLag: "Maximum",
  },
} as const satisfies MetricGroup;

const SERVICES = {
  aurora: {
    groups: [
      { ...DATABASE, metrics: { ...DATABASE.metrics, AuroraReplicaLag: "Maximum", FreeLocalStorage: "Average" } },
      { type: "AWS/RDS", metrics: { VolumeBytesUsed: "Average" } },
    ],
  },
  rds: { groups: [{ ...DATABASE, metrics: { ...DATABASE.metrics, FreeStorageSpace: "Average", ReplicaLag: "Maximum" } }] },
  elasticache: {
    groups: [
      {
        type: "AWS/ElastiCache",
        metrics: {
          CacheHits: "Sum",
          CacheMisses: "Sum",
          CurrConnections: "Maximum",
          DatabaseMemoryUsagePercentage: "Average",
          EngineCPUUtilization: "Average",
          Evictions: "Sum",
          IsMaster: "Maximum",
          MasterLinkHealthStatus: "Minimum",
          ReplicationLag: "Maximum",
        },
      },
    ],
  },
  "load-balancers": {
    groups: [
      {
        type: "AWS/NetworkELB",
        dimensions: ["LoadBalancer", "TargetGroup"],
        metrics: { HealthyHostCount: "Maximum", UnHealthyHostCount: "Maximum" },
      },
      { type: "AWS/NetworkELB", dimensions: ["LoadBalancer"], metrics: { NewFlowCount: "Sum", TCP_Target_Reset_Count: "Sum" } },
    ],
  },
  "nat-gateways": {
    groups: [
      {
        type: "AWS/NATGateway",
        metrics: { ErrorPortAllocation: "Sum", PacketsDropCount: "Sum", PacketsInFromDestination: "Sum", PacketsInFromSource: "Sum" },
      },
    ],
  },
  cloudfront: {
    groups: [{ type: "AWS/CloudFront", metrics: { "5xxErrorRate": "Average", Requests: "Sum", TotalErrorRate: "Average" } }],
    // CloudFront, metrics in CloudWatch: in this region only.
    region: "us-east-1",
  },
  "aws-backup": {
    groups: [
      {
        type: "AWS/Backup",
        nilToZero: true,
        metrics: {
          NumberOfBackupJobsAborted: "Sum",
          NumberOfBackupJobsCompleted: "Sum",
          NumberOfBackupJobsExpired: "Sum",
          NumberOfBackupJobsFailed: "Sum",
          NumberOfCopyJobsCompleted: "Sum",
          NumberOfCopyJobsFailed: "Sum",
          NumberOfRestoreJobsCompleted: "Sum",
          NumberOfRestoreJobsFailed: "Sum",
        },
      },
    ],
  },
} as const satisfies Readonly<Record<string, Service>>;

/** What is watched by CloudWatch, and where. */
export interface CloudWatchScope {
  /** Region of the resources. */
  readonly region: string;

  /** Tags that a resource must have: `{ system: "orders", environment: "production" }`. */
  readonly tags: Readonly<Record<string, string>>;

  /** Services whose metrics are exported. Each must have a resource with the tags. */
  readonly services: readonly CloudWatchService[];
}

/** Seconds. Each period is one point; CloudWatch has most of them one to five minutes after their end, so two are asked for. */
const [PERIOD, LENGTH] = [300, 600];

/** Regions in which the exporter queries CloudWatch. */
export function cloudWatchRegions({ region, services }: Pick<CloudWatchScope, "region" | "services">): readonly string[] {
  return [...new Set(services.map((service) => regionOf(service) ?? region))].sort();
}

/** The configuration of the exporter (YACE 0.67, docs/configuration.md). */
export function cloudWatchConfig({ region, tags, services }: CloudWatchScope): string {
  const searchTags = Object.entries(tags).map(([key, value]) => ({ key, value: `^${escaped(value)}$` }));
  const jobs = merged(services).map(({ type, dimensions, metrics, nilToZero, region: own = region }) => ({
    type,
    regions: [own],
    searchTags,
    ...(dimensions ? { dimensionNameRequirements: dimensions } : {}),
    period: PERIOD,
    length: LENGTH,
    ...(nilToZero ? { nilToZero } : {}),
    metrics: Object.entries(metrics).map(([name, statistic]) => ({ name, statistics: [statistic] })),
  }));
  return stringify({ apiVersion: "v1alpha1", "sts-region": region, discovery: { jobs } }, { aliasDuplicateObjects: false });
}

type Job = MetricGroup & Pick<Service, "region">;

/** Groups of the services. Those of the same resources are one, so that no metric is paid for twice. */
function merged(services: readonly CloudWatchService[]): readonly Job[] {
  const jobs = new Map<string, Job>();
  for (const name of new Set(services)) {
    const service: Service = SERVICES[name];
    for (const group of service.groups) {
      const key = [group.type, ...(group.dimensions ?? [])].join();
      const metrics = { ...jobs.get(key)?.metrics, ...group.metrics };
      jobs.set(key, { ...group, metrics, ...(service.region ? { region: service.region } : {}) });
    }
  }
  return [...jobs.values()];
}

function regionOf(name: CloudWatchService): string | undefined {
  const service: Service = SERVICES[name];
  return service.region;
}

/** Values are regular expressions. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
