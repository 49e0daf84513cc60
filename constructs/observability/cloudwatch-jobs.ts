import { stringify } from "yaml";

/** An AWS service with metrics in CloudWatch. */
export type CloudWatchService = keyof typeof SERVICES;

/** A statistic over one period. */
type Statistic = "Average" | "Maximum" | "Minimum" | "Sum";

/** Metrics of one type of resource, each with the statistic that rules and panels use. AWS charges for each queried metric. */
interface MetricGroup {
  /** CloudWatch namespace. */
  readonly type: string;

  /**
   * Dimensions that a metric must have, and no others. CloudWatch also stores aggregates over zones, engines and sizes.
   * @default - any dimensions that identify the resource
   */
  readonly dimensions?: readonly string[];
  readonly metrics: Readonly<Record<string, Statistic>>;

  /**
   * Exports 0 for a period without a value: CloudWatch has no value if nothing failed.
   * @default false
   */
  readonly nilToZero?: boolean;
}

interface Service {
  readonly groups: readonly MetricGroup[];

  /**
   * Region of the metrics.
   * @default - the environment's region
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
      // The lag exists in secondaries of a global database only.
      { type: "AWS/RDS", metrics: { VolumeBytesUsed: "Average", AuroraGlobalDBReplicationLag: "Maximum" } },
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

/** Scope of the metrics that are read from CloudWatch. */
export interface CloudWatchScope {
  /** Region of the resources. */
  readonly region: string;

  /** Tags that a resource must have: `{ system: "orders", environment: "production" }`. */
  readonly tags: Readonly<Record<string, string>>;

  /** Services whose metrics are exported. Each must have a resource with the tags. */
  readonly services: readonly CloudWatchService[];
}

/**
 * Seconds. Each period is one data point. CloudWatch publishes most of them one to five minutes after the period ends, so two periods are
 * queried.
 */
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

/** Merges the metric groups of services. Groups of the same resources become one, so that no metric is charged twice. */
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

/** Escapes a value: values are regular expressions. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
